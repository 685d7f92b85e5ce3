"""Log search: lines of logs that fit a text or a pattern, of one job or of many.

States: none; a search goes on while its reader stays and its limits are not reached.
Events out: none. Events in: none.
"""
