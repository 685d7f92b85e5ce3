"""Lab caches: where an agent gives kept files of components to the other agents of its own lab.

States: none; an address is known until its agent has not told it for a while.
Events out: none. Events in: none.
"""
