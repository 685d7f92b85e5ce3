"""Triggers: rules that turn a published component into requests to test a component set.

States of a rule: active, inactive (rests); deleting removes it.
Events out: job.requested (through jobs). Events in: component.published.
"""
