"""Reporting: tells people and programs outside, once each: failure groups, events, mail.

States of a delivery: pending, delivered, failed (given up; a person may retry it).
Events out: report.delivered, report.failed.
Events in: failure.grouped, component.published, job.assigned, job.claimed, job.finished,
job.lost, job.retried, lab.seen.
"""
