"""Merges: groups of failures that look alike, and those that a person says are one.

States of a group: on its own, merged into another (and out of it again).
Events out: none. Events in: none.
"""
