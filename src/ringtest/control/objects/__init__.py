"""Objects: the end of those that nobody needs, forgotten by a row's end or left by a crash.

States: in use, forgotten (in objects_to_delete), gone.
Events out: none. Events in: none.
"""
