"""Limits that all processes keep together: failed logins, spent allowances, used signatures.

States: a login or an allowance is open, or closed for a time that is told.
Events out: none. Events in: none.
"""
