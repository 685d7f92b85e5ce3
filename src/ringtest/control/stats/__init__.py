"""How topics stand: of each lab the latest judged job, in the wire format's shape.

States: none; the rows are kept by a trigger of the database, whoever writes a job.
Events out: none. Events in: none.
"""
