"""Files of components: uploaded by feeders and people, fetched by labs, by id or by path.

States: active, archived; a path names one active file of its component.
Events out: none. Events in: none.
"""
