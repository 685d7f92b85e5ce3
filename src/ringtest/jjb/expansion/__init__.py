"""From definitions to jobs and views as plain data.

`formats` holds the rules of `{variable}`, `nodes` compiles raw values once so that what does
not change from job to job is built once and shared, `parameters` and `dimensions` make the
points of a template, `definitions` and `roots` are jobs, templates, groups, projects, defaults
and macros, and `expanding` brings them together. What fails is one job's problem, not all's.
"""
