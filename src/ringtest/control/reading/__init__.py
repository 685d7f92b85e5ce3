"""Reading result files while they are uploaded: cases, totals, and what can be known of them
without the database.

States: none. Events out: none. Events in: none.
"""
