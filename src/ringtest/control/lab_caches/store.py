"""SQL of lab caches."""

from datetime import datetime
from uuid import UUID

from ringtest.control.db.pool import Transaction
from ringtest.control.lab_caches.model import MOST


async def keep(
    tx: Transaction, remoteci_id: UUID, agent: str, address: str, expires_at: datetime
) -> None:
    """An agent's address, in the place of an earlier one; expired and too many go."""
    await tx.execute(
        "INSERT INTO lab_caches (remoteci_id, agent, address, expires_at) VALUES ($1, $2, $3, $4)"
        " ON CONFLICT (remoteci_id, agent) DO UPDATE SET address = excluded.address,"
        " expires_at = excluded.expires_at",
        remoteci_id,
        agent,
        address,
        expires_at,
    )
    await tx.execute(
        "DELETE FROM lab_caches WHERE remoteci_id = $1 AND (expires_at <= $2 OR agent IN (SELECT"
        " agent FROM lab_caches WHERE remoteci_id = $1 ORDER BY expires_at DESC, agent OFFSET"
        f" {MOST}))",
        remoteci_id,
        tx.now,
    )


async def forget(tx: Transaction, remoteci_id: UUID, agent: str) -> None:
    await tx.execute(
        "DELETE FROM lab_caches WHERE remoteci_id = $1 AND agent = $2", remoteci_id, agent
    )


async def select_others(tx: Transaction, remoteci_id: UUID, agent: str) -> tuple[str, int]:
    """Addresses of the lab's other agents that were told lately: JSON array, count."""
    row = await tx.fetchrow(
        """SELECT coalesce(json_agg(row_to_json(x)), '[]')::text AS items, count(*) AS count
        FROM (SELECT agent, address FROM lab_caches
          WHERE remoteci_id = $1 AND agent <> $2 AND expires_at > $3 ORDER BY agent) x""",
        remoteci_id,
        agent,
        tx.now,
    )
    assert row is not None
    return row["items"], row["count"]
