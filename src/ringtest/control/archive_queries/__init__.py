"""Archive queries: somebody's SQL over the results that it may see, archived or not yet.

States: none; nothing is written.
Events out: none. Events in: none.
"""
