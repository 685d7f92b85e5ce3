"""Comparisons: what became of each test between two jobs, component versions, labs or times.

States: none; nothing is written.
Events out: none. Events in: none.
"""
