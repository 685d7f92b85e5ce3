"""Inventories: what labs' machines are made of, as their agents tell when it changed.

States: none; the newest row of an agent is how its machine is, the others are its history.
A job's machine is what its agent had told last when it took the job.
Events out: lab.labels_changed. Events in: none.
"""
