"""Secrets of a lab: found where a definition says, given to steps, and kept from leaving.

`resolving` finds the values, `forms` are the shapes that a value may take, `cleaning` is for
files, `leaving` is the gate that everything on its way to the server passes, and `left` the list
of what did leave.
"""
