"""Diagnosis: the first answer on a job that failed, each step of it shown.

States of a job's answer: none, wanted, kept; kept ones go stale with their job or its neighbours.
Events out: none.
Events in: job.finished, to read its log.
"""
