"""What an import still has to bring for rows that are here: bytes of files, cases of results.

States: a file waits with its key there, until its bytes are here; a result file then waits
to be read, in the order of its job's creation.
Events in: none.
Events out: none.
"""
