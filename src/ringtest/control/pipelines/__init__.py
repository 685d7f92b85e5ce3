"""Pipelines: a name under which a team gathers jobs that belong together.

States: active, inactive, archived.
Events out: none. Events in: none.
"""
