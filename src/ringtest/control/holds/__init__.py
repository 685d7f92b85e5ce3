"""Holds: what a job left in its lab is kept there for people to look at, under a lease.

States: held, then released, by people, by the lab or by time. The lab asks; time is a comparison.
Events out: none. Events in: none.
"""
