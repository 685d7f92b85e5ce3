"""Accounts: teams, users, remote CIs and feeders as identities; who may do what.

States: active, inactive, archived.
Events out: none. Events in: none.
"""
