"""Checks of job files beyond the original's: what is written and has no effect, or a bad one.

`checks.check(paths)` renders everything once, watched, and gives findings as problems with
places; `rules` lists them all. Nothing in the files is evaluated but the language itself.
`baseline` leaves out what is known, `sarif` writes what other programs read.
"""
