"""Archive: results of months that are over, as files of columns in the object store.

States: a file of a topic, month and team is wanted, being written, or there.
Events out: none. Events in: none.
"""
