"""Notifications: who wants mail of which topic or lab, and what such a mail says.

States of a notice: noted, in a mail (which reporting delivers).
Events out: none. Events in: component.published, job.finished (through reporting).
"""
