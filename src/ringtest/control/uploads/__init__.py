"""Uploads that may be cut and go on: tus 1.0, for files of jobs and of components.

States: open, finished (it is a file), failed (its bytes were refused); forgotten when expired.
Events out: none of its own; its file tells. Events in: none.
"""
