"""Scheduling: which labs get a requested job: all that are subscribed and may see its topic.

States of a request: waiting (no lab yet), placed, withdrawn.
Events out: lab.subscribed; job.assigned (through jobs).
Events in: job.requested, lab.subscribed.
"""
