"""Analytics: questions over many jobs, answered from the database in the shape that clients know.

States: none; nothing is written.
Events out: none. Events in: none.
"""
