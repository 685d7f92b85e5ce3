"""A run without any server: a definition file, its stages here and now, a folder with the result.

The same stages, guard, journal and runners as a job of a server; `run` does it, `folder` says
what is where, `pages` writes what people read.
"""
