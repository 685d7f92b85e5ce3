"""Tests: found by name, their history in a topic, and which of them are flaky.

States: none; nothing is written.
Events out: none. Events in: none.
"""
