"""Moving from a DCI control server: its rows, keys, files and results, with ids and etags.

States of a table: read in passes, each bringing what changed since the one before; every
batch is a transaction with its place, so that a run that was killed goes on where it was.
Events in: none.
Events out: none: what happened elsewhere and long ago is no news here.
"""
