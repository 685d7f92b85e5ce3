"""Job definitions: what a job of a topic does, in stages of shell steps.

States: active, inactive, archived.
Events out: none. Events in: none.
"""
