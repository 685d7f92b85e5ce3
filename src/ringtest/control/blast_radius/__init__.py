"""Blast radius: which topics, labs and hardware a failure hits, and what partners may know of it.

States of a number for partners: none, published; it changes when enough teams differ.
Events out: none.
Events in: none.
"""
