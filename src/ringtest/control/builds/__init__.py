"""Builds: jobs of labs that are controllers of other CI systems, run there and followed here.

States: to start → queued → running → over (its result is known) → ended (job finished).
Events out: those of attempts and results. Events in: job.assigned and job.changed, as wake-ups.
A build is started once by its id; its log is stored together with how far it was read.
"""
