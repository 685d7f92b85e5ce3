"""Runners: test programs with one interface, one file each.

A runner lists its tests, runs those that were chosen, and tells of each as soon as it is over,
so that whatever dies later takes nothing away. `selection` chooses, `report` keeps, `registry`
knows all of them by name.
"""
