"""Accounts: teams, their users, and who may do what.

States: active, inactive, archived.
Events out: none. Events in: none.
"""
