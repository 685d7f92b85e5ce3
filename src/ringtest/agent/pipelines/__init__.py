"""Pipeline files of dci-pipeline: read, checked, changed from the command line, planned.

A file is a list of jobs; jobs of one stage run side by side, stages one after the other. `model`
is what a job may say, `reading` finds every fault at its place, `overrides` are the words of the
command line, `queries` what the items of `components` mean.
"""
