"""SQL of the list of ends."""

from collections.abc import Mapping

import asyncpg

from ringtest.control.db import rows
from ringtest.control.db.listing import Conditions, Kind, apply_where, order_by
from ringtest.control.db.pool import Transaction
from ringtest.control.kernel.errors import BadRequest
from ringtest.control.kernel.ids import new_etag
from ringtest.control.kernel.paging import ListQuery

COLUMNS: Mapping[str, Kind] = {
    "id": "int", "created_at": "time", "job_id": "uuid", "topic_id": "uuid", "status": "enum",
}  # fmt: skip
_EVENT = "e.id, e.created_at, e.job_id, e.topic_id, e.status"


async def select_page(tx: Transaction, number: int, query: ListQuery) -> rows.Page:
    """Ends from `number` on: JSON array, count."""
    if query.updated_after:
        raise BadRequest("job events do not change: use created_after")
    conditions = Conditions()
    conditions.add("e.id >= {}::bigint", number)
    apply_where(conditions, query, COLUMNS, "e")
    order = order_by(query, COLUMNS, "e", "-created_at")
    return await rows.page(tx, _EVENT, "jobs_events e", conditions, order=order, query=query)


async def delete(tx: Transaction, number: int) -> None:
    """Forget the ends from `number` on."""
    await tx.execute("DELETE FROM jobs_events WHERE id >= $1::bigint", number)


async def select_counter(tx: Transaction) -> asyncpg.Record | None:
    """`sequence` and `etag` of how far readers are."""
    return await tx.fetchrow("SELECT sequence, etag FROM counters WHERE name = 'jobs_events'")


async def save_counter(tx: Transaction, sequence: int, *, etag: str) -> bool:
    """False when it has another etag by now."""
    done = await tx.execute(
        "UPDATE counters SET sequence = $1, etag = $2 WHERE name = 'jobs_events' AND etag = $3",
        sequence,
        new_etag(),
        etag,
    )
    return done == 1
