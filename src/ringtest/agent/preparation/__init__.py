"""Preparing a machine: only what changed is done, in the order that it needs.

A handler brings one key of the wanted environment about (packages, files, git …). `handlers` says
which of them must run and in which order, `recorded` what was brought about and when, `preparing`
does it and remembers after each step, so that a failure leaves the last good state on record.
"""
