"""Results: files of jobs, and what the result files among them say, compared with the run before.

States: a case is unchanged, regressed, recovered, added or removed; most results are one vector.
Events out: result.recorded. Events in: none.
"""
