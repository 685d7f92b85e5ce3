"""Lab runs: what people want to run on one lab, and what the lab's people allow of it.

States: asked, then placed (there is a job) or refused; an ask that nobody answers expires.
Events out: lab.run_changed; job.assigned (through jobs). Events in: none.
"""
