"""Files of components: uploaded by feeders and people, fetched by labs, by id or by path.

States: active, archived; a path names one active file of its component. The list of a file's
chunks is an object beside it, made by the loop.
Events out: none. Events in: none.
"""
