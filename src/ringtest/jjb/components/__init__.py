"""Components of jobs, one package or module per kind: `builders`, `publishers`, `scm`, …

A component is a function of element, data and context, named in `registry`. The package of a
kind is imported when a job first asks for that kind, and imports the files in which its
components stand. What has no function here is rendered by the installed library.
"""
