"""SQL of log search: which jobs are searched."""

from ringtest.control.db.conditions import Conditions
from ringtest.control.db.pool import Transaction
from ringtest.control.log_search.model import Head


async def select_heads(tx: Transaction, conditions: Conditions, limit: int) -> list[Head]:
    """The newest jobs that fit."""
    found = await tx.fetch(
        f"SELECT j.id, j.name, j.created_at FROM jobs j WHERE {conditions.sql()}"
        f" ORDER BY j.created_at DESC, j.id LIMIT {limit}",
        *conditions.values,
    )
    return [Head(**row) for row in found]
