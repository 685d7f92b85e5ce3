"""Logs: what an attempt prints, kept as compressed frames, read by line, followed live.

States of a frame: hot (in the database), sealed (on the object store, joined with others).
Events out: those of attempts, whose records arrive in the same batches as log bytes.
Events in: job.finished, as a wake-up to seal.
"""
