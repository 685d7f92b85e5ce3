"""Scheduling: which labs get a requested job: all that are subscribed, may see its topic and have
a machine with the labels that its definition names.

States of a request: waiting (no lab yet), placed, withdrawn.
Events out: lab.subscribed; job.assigned (through jobs).
Events in: job.requested, lab.subscribed, lab.labels_changed.
"""
