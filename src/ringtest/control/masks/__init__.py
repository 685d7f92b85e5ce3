"""Masks: what differs from run to run in a message, so that the rest can be compared. Pure.

States: none.
Events out: none. Events in: none.
"""
