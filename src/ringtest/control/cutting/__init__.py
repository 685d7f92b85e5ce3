"""Cutting: where the content of a file says that it is cut, and what is in a packed one; pure.

So that who has one version of a file fetches of the next one only what differs.
States: none.
Events out: none. Events in: none.
"""
