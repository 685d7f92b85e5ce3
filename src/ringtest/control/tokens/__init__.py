"""Tokens: keys of people and machines that may do less, and end.

States: active until it expires; archived once it is revoked.
Events out: none. Events in: none.
"""
