"""Signatures: when two failures are the same one. Pure; triage keeps what comes of it.

States: none.
Events out: none. Events in: none.
"""
