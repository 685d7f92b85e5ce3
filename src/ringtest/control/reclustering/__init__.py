"""Reclustering: failures are signed anew when the rules change, and groups stay what they are.

States of a topic: settled, waiting (its rules changed), under way (job by job), settled again.
Events out: none. Events in: none.
"""
