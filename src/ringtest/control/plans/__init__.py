"""Plans: which tests result files list, decoded once per process; tests by name.

States: none; nothing is written, and what is read never changes.
Events out: none. Events in: none.
"""
