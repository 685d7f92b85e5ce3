"""Triage: which failures are the same, whom they hit, and since when.

States: none; a group lives as long as its topic, an occurrence as long as its job.
Events out: failure.grouped (once per group and finished job).
Events in: job.finished.
"""
