"""SQL of inventories. Of jobs and attempts it reads which agent took which job when."""

from collections.abc import Mapping, Sequence
from uuid import UUID

import asyncpg

from ringtest.control.db import rows
from ringtest.control.db.listing import Conditions, Kind, apply_where, order_by
from ringtest.control.db.pool import Transaction
from ringtest.control.inventories.model import KEPT, TellInventory
from ringtest.control.kernel.ids import new_id
from ringtest.control.kernel.paging import ListQuery

COLUMNS: Mapping[str, Kind] = {
    "id": "uuid", "created_at": "time", "agent": "text", "digest": "text",
}  # fmt: skip
_OWN = "i.id, i.created_at, i.remoteci_id, i.agent, i.digest, i.labels, i.inventory"
_CHANGES = """(SELECT json_build_object(
    'before', json_build_object('labels', p.labels, 'inventory', p.inventory),
    'after', json_build_object('labels', i.labels, 'inventory', i.inventory))
  FROM lab_inventories p WHERE p.remoteci_id = i.remoteci_id AND p.agent = i.agent
    AND (p.created_at, p.id) < (i.created_at, i.id)
  ORDER BY p.created_at DESC, p.id DESC LIMIT 1) AS changes"""
_NEWEST = """NOT EXISTS (SELECT FROM lab_inventories n WHERE n.remoteci_id = i.remoteci_id
  AND n.agent = i.agent AND (n.created_at, n.id) > (i.created_at, i.id))"""


async def select_page(
    tx: Transaction,
    remoteci_id: UUID,
    teams: Sequence[UUID] | None,
    query: ListQuery,
    *,
    newest: bool,
) -> rows.Page:
    """What a lab's agents told; `changes` holds the inventory before and after. With `newest`
    only the last of each agent."""
    conditions = Conditions([_NEWEST] if newest else [])
    conditions.add("i.remoteci_id = {}", remoteci_id)
    if teams is not None:
        conditions.add("i.team_id = ANY ({})", teams)
    apply_where(conditions, query, COLUMNS, "i")
    order = order_by(query, COLUMNS, "i", "-created_at")
    source = "lab_inventories i"
    return await rows.page(tx, f"{_OWN}, {_CHANGES}", source, conditions, order=order, query=query)


async def add(tx: Transaction, remoteci_id: UUID, body: TellInventory) -> UUID | None:
    """Keep it, unless it is what the agent told last. The oldest of the lab go. The lab's team
    when the labels are not those that it told before."""
    relabelled: UUID | None = await tx.fetchval(
        """
        WITH known AS (SELECT i.labels FROM lab_inventories i WHERE i.remoteci_id = $3
          AND i.agent = $4 ORDER BY i.created_at DESC, i.id DESC LIMIT 1), added AS (
        INSERT INTO lab_inventories (id, created_at, remoteci_id, team_id, agent, digest, labels,
          inventory)
        SELECT $1, $2, m.id, m.team_id, $4, $5, $6::jsonb, $7::jsonb FROM remotecis m
        WHERE m.id = $3 AND NOT EXISTS (
          SELECT FROM (SELECT i.digest, i.team_id FROM lab_inventories i
            WHERE i.remoteci_id = $3 AND i.agent = $4
            ORDER BY i.created_at DESC, i.id DESC LIMIT 1) last
          WHERE last.digest = $5 AND last.team_id = m.team_id) RETURNING team_id)
        SELECT a.team_id FROM added a LEFT JOIN known k ON true
        WHERE k.labels IS DISTINCT FROM $6::jsonb
        """,
        new_id(), tx.now, remoteci_id, body.agent, body.digest(), body.labels, body.inventory,
    )  # fmt: skip
    await tx.execute(
        "DELETE FROM lab_inventories WHERE id IN (SELECT id FROM lab_inventories"
        f" WHERE remoteci_id = $1 ORDER BY created_at DESC, id DESC OFFSET {KEPT})",
        remoteci_id,
    )
    return relabelled


async def select_last(tx: Transaction, remoteci_id: UUID, agent: str) -> str:
    """JSON of what an agent told last."""
    found: str = await tx.fetchval(
        f"""SELECT row_to_json(x)::text FROM (SELECT {_OWN} FROM lab_inventories i
          WHERE i.remoteci_id = $1 AND i.agent = $2
          ORDER BY i.created_at DESC, i.id DESC LIMIT 1) x""",
        remoteci_id,
        agent,
    )
    return found


_AT_CLAIM = """SELECT {columns} FROM jobs j
  JOIN job_attempts a ON a.job_id = j.id AND a.number = coalesce($2, j.attempt)
  CROSS JOIN LATERAL (SELECT i.* FROM lab_inventories i WHERE i.remoteci_id = j.remoteci_id
    AND i.agent = a.agent AND i.created_at <= a.claimed_at
    ORDER BY i.created_at DESC, i.id DESC LIMIT 1) i
  WHERE j.id = $1 AND ($3::uuid[] IS NULL OR j.team_id = ANY ($3))"""


async def select_of_job(
    tx: Transaction, job_id: UUID, attempt: int | None, teams: Sequence[UUID] | None
) -> str | None:
    """JSON of the machine that an attempt ran on (None: the newest attempt)."""
    sql = f"SELECT row_to_json(x)::text FROM ({_AT_CLAIM.format(columns=_OWN)}) x"
    found: str | None = await tx.fetchval(sql, job_id, attempt, teams)
    return found


async def select_pair(
    tx: Transaction, job_id: UUID, teams: Sequence[UUID] | None
) -> asyncpg.Record | None:
    """`labels` and `inventory` of a job's machine, as JSON text."""
    return await tx.fetchrow(
        _AT_CLAIM.format(columns="i.labels::text AS labels, i.inventory::text AS inventory"),
        job_id,
        None,
        teams,
    )


async def last_good(tx: Transaction, job_id: UUID) -> UUID | None:
    """The job before it that passed: of its topic, in its lab."""
    found: UUID | None = await tx.fetchval(
        """SELECT g.id FROM jobs j JOIN jobs g ON g.remoteci_id = j.remoteci_id
          AND g.topic_id = j.topic_id AND g.created_at < j.created_at
        WHERE j.id = $1 AND g.status = 'finished' AND g.result = 'passed'
          AND g.state <> 'archived'
        ORDER BY g.created_at DESC LIMIT 1""",
        job_id,
    )
    return found
