"""Jobstates: what DCI clients posted of a job's progress, and what attempts left for them.

States: the wire format's statuses, new to error.
Events out: job.finished, job.changed (through jobs). Events in: none.
"""
