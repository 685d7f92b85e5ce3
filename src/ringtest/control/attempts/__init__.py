"""Attempts: an agent takes a job, keeps its lease, reports, ends; or is lost and rescued from.

States of an attempt: open, then finished, released or lost; a lost one may be revived.
Events out: job.claimed, job.stage_changed, job.cancel_requested, job.lost, job.retried,
job.finished. Events in: none; leases and timeouts are watched by the clock.
"""
