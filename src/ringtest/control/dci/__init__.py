"""A database of the DCI control server, read as it is.

States: none; nothing of it is ever written. Knows its tables over the versions there were.
Events in: none.
Events out: none.
"""
