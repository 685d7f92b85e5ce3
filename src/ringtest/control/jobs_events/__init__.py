"""Ends of jobs as a numbered list, for programs that follow along in the wire format.

States: none; `jobs` adds a row with every verdict, readers remove what they have read.
Events out: none. Events in: none.
"""
