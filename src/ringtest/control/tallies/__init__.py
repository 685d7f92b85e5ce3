"""Tallies: what results come to by day, week and set, counted as they come, change and go.

States: a result is counted or waits for it; a month has tables of its own, or is retired.
Events out: none. Events in: none.
"""
