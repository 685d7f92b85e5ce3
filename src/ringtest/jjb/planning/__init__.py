"""Desired jobs and views against a live Jenkins: a plan, reviewed, then applied.

What was written is known from a mark in each description, so that a plan reads lists only:
`marks` has it, `semantics` compares configurations as Jenkins understands them, `model` decides,
`planner` and `applier` talk to the controller through `client.jenkins`, `planfile` keeps a plan
for later. Nothing is cached anywhere: what is live is asked.
"""
