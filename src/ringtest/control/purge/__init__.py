"""Purge: removes for good what was archived, with its objects, in batches that can be resumed.

States of a purge: open, finished.
Events out: none. Events in: none.
"""
