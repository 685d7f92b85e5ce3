"""Signatures: when two failures are the same one, and what a product adds to the rules of it.

States: none.
Events out: none. Events in: none; reclustering follows changes of policies.
"""
