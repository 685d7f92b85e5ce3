"""Redaction: secrets that a job printed are replaced before its log is stored; pure.

A second line of defence, for what labs did not keep to themselves.
States: none.
Events out: none. Events in: none.
"""
