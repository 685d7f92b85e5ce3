"""Files of jobs: what labs and people upload, kept as they came in the object store.

States: active, archived; a file belongs to a job's attempt and maybe to a jobstate of it.
Events out: none. Events in: none.
"""
