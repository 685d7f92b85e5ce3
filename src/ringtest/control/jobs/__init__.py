"""Jobs: one component set in one lab, and what came of it; the resource of the wire format.

States: queued, running, finished; a finished one passed, failed, errored or was cancelled.
Events out: job.assigned, job.changed, job.finished. Events in: none.
"""
