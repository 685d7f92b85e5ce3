"""The database floor: finding a PostgreSQL, transactions that know their tenant,
migrations, the outbox and the one loop runner.
"""
