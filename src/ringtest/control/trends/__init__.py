"""Trends: how results, durations and jobs develop, counted from tallies and packed vectors.

States: none; nothing is written.
Events out: none. Events in: none.
"""
