"""What may be wrong with a lab, found before a run of hours finds it.

A check is a small function in the file of its noun: it looks at one thing, changes nothing, and
says ok, warn or bad and what to do. `examining` runs them all at once, in bounded time.
"""
