"""Parts of jobs that come and go by themselves: components, and numbers by name.

States: none of their own.
Events out: job.changed (through jobs). Events in: none.
"""
