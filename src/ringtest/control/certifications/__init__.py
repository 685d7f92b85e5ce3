"""Certifications: logs of jobs handed in at the vendor's certification tool.

States: none; the tool keeps them. What is kept here is a note of who handed in which file.
Events out: none. Events in: none.
"""
