"""Job requests: the wish to have a component set tested, wherever it fits.

States: waiting (no lab yet), placed, withdrawn.
Events out: job.requested, job.assigned. Events in: none.
"""
