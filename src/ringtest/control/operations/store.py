"""SQL of operations: what waits, what is old, which migrations are there."""

from datetime import datetime

from ringtest.control.db.pool import Database, Transaction

_BATCH = 5000


async def count_waiting(tx: Transaction) -> list[tuple[str, int, float]]:
    """(consumer, events that wait, age of the oldest in seconds)."""
    rows = await tx.fetch(
        "SELECT q.consumer, count(*) AS depth,"
        " extract(epoch FROM $1 - min(e.created_at))::float8 AS age"
        " FROM event_queue q JOIN events e ON e.id = q.event_id GROUP BY q.consumer",
        tx.now,
    )
    return [(row["consumer"], row["depth"], row["age"]) for row in rows]


async def count_jobs(tx: Transaction) -> dict[str, int]:
    """Jobs by phase; the finished ones are too many to be counted for this."""
    rows = await tx.fetch(
        "SELECT status::text, count(*) AS number FROM jobs"
        " WHERE status IN ('queued', 'running') AND state <> 'archived' GROUP BY status"
    )
    return {row["status"]: row["number"] for row in rows}


async def applied_migrations(db: Database) -> set[str]:
    """Names of the migrations that the database has."""
    return set(await db.ask("SELECT array_agg(name) FROM schema_migrations") or ())


async def drop_keys(tx: Transaction, before: datetime) -> int:
    """Forget answers to keyed requests; how many."""
    return await tx.execute(
        "DELETE FROM request_keys WHERE (actor, key_hash) IN"
        " (SELECT actor, key_hash FROM request_keys WHERE created_at < $1 LIMIT $2)",
        before,
        _BATCH,
    )


async def drop_audits(tx: Transaction, before: datetime) -> int:
    """Forget notes of who changed what; how many."""
    return await tx.execute(
        "DELETE FROM audits WHERE id IN (SELECT id FROM audits WHERE created_at < $1 LIMIT $2)",
        before,
        _BATCH,
    )
