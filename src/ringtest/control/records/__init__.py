"""Records: what agents tell of their jobs, in numbered batches, applied exactly once.

States: of a log that is taken in: some of its last line is held back, or nothing is.
Events out: those of attempts, which the records move. Events in: job.finished, as a wake-up
to let out what is held.
"""
