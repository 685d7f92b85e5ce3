"""Reporting: tells people and programs outside of every new failure group, once each.

States of a delivery: pending, delivered, failed (given up; a person may retry it).
Events out: report.delivered, report.failed. Events in: failure.grouped.
"""
