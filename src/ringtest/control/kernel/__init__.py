"""The ground floor: ids, clock, errors, outcomes, paging, event types.

Pure: no database, no network, no file. Everything above may use it.
"""
