"""Job definitions: what a job of a topic does, in stages of steps; a team may have its own.

States: active, inactive, archived.
Events out: none. Events in: none.
"""
