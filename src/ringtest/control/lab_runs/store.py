"""SQL of runs on labs and of consent to them."""

from collections.abc import Mapping, Sequence
from uuid import UUID

import asyncpg
import msgspec

from ringtest.control.accounts.model import Caller
from ringtest.control.db import rows
from ringtest.control.db.listing import Conditions, Kind, apply_where, order_by
from ringtest.control.db.pool import Transaction
from ringtest.control.kernel.ids import new_id
from ringtest.control.kernel.paging import ListQuery
from ringtest.control.lab_runs.model import Rule, Said, Wish

COLUMNS: Mapping[str, Kind] = {
    "id": "uuid", "created_at": "time", "updated_at": "time", "remoteci_id": "uuid",
    "team_id": "uuid", "topic_id": "uuid", "product_id": "uuid", "asker_team_id": "uuid",
    "name": "text", "status": "text", "job_id": "uuid",
}  # fmt: skip
_FIELDS = """r.id, r.created_at, r.updated_at, r.remoteci_id, r.team_id, r.topic_id, r.product_id,
  r.asker_team_id, r.asker_name, r.name, r.comment, r.spec, r.components_ids, r.expires_at,
  r.answered_at, r.answered_by, r.reason, r.job_id"""


def _columns(tx: Transaction, conditions: Conditions) -> str:
    now = conditions.param(tx.now)
    return f"""{_FIELDS}, CASE WHEN r.status = 'asked' AND r.expires_at <= {now} THEN 'expired'
      ELSE r.status END AS status"""


def _visible(teams: Sequence[UUID] | None) -> Conditions:
    """Runs of these teams' labs, and those that they wished for; None: all."""
    conditions = Conditions()
    if teams is not None:
        conditions.add("(r.team_id = ANY ({0}) OR r.asker_team_id = ANY ({0}))", list(teams))
    return conditions


async def select_said(
    tx: Transaction, lab: UUID, askers: Sequence[UUID], product_id: UUID
) -> Said | None:
    """What a lab says to these teams; None when there is no such lab, or it is not active."""
    found = await tx.fetchval("SELECT rt_lab_consent($1, $2, $3)", lab, list(askers), product_id)
    return msgspec.json.decode(found, type=Said) if found else None


async def insert(tx: Transaction, wish: Wish, status: str, job_id: UUID | None) -> UUID:
    run_id = new_id()
    placed = (tx.now, wish.asker_name) if job_id else (None, None)
    await tx.execute(
        """INSERT INTO lab_runs (id, created_at, updated_at, remoteci_id, team_id, topic_id,
          product_id, asker_team_id, asker_name, name, comment, spec, components_ids, expires_at,
          status, job_id, answered_at, answered_by)
        VALUES ($1, $2, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11::jsonb, $12, $13, $14, $15,
          $16, $17)""",
        run_id, tx.now, wish.remoteci_id, wish.team_id, wish.topic_id, wish.product_id,
        wish.asker_team_id, wish.asker_name, wish.name, wish.comment, wish.spec,
        wish.components_ids, wish.expires_at, status, job_id, *placed,
    )  # fmt: skip
    return run_id


async def count_open(tx: Transaction, lab: UUID, asker_team_id: UUID) -> int:
    count: int = await tx.fetchval(
        "SELECT count(*) FROM lab_runs WHERE remoteci_id = $1 AND asker_team_id = $2"
        " AND status = 'asked' AND expires_at > $3",
        lab,
        asker_team_id,
        tx.now,
    )
    return count


async def select_page(tx: Transaction, teams: Sequence[UUID] | None, query: ListQuery) -> rows.Page:
    conditions = _visible(teams)
    apply_where(conditions, query, COLUMNS, "r")
    order = order_by(query, COLUMNS, "r", "-created_at")
    columns = _columns(tx, conditions)
    return await rows.page(tx, columns, "lab_runs r", conditions, order=order, query=query)


async def select_one(tx: Transaction, run_id: UUID, teams: Sequence[UUID] | None) -> str | None:
    """JSON."""
    conditions = _visible(teams)
    conditions.add("r.id = {}", run_id)
    sql = f"SELECT {_columns(tx, conditions)} FROM lab_runs r WHERE {conditions.sql()}"
    found: str | None = await tx.fetchval(
        f"SELECT row_to_json(x)::text FROM ({sql}) x", *conditions.values
    )
    return found


async def lock(tx: Transaction, run_id: UUID) -> asyncpg.Record | None:
    """A run of the tenant's labs, held until the transaction ends."""
    return await tx.fetchrow("SELECT r.* FROM lab_runs r WHERE r.id = $1 FOR UPDATE", run_id)


async def save_answer(
    tx: Transaction,
    run_id: UUID,
    status: str,
    *,
    by: str,
    reason: str | None = None,
    job_id: UUID | None = None,
) -> None:
    await tx.execute(
        "UPDATE lab_runs SET status = $2, updated_at = $3, answered_at = $3, answered_by = $4,"
        " reason = $5, job_id = $6 WHERE id = $1",
        run_id,
        status,
        tx.now,
        by,
        reason,
        job_id,
    )


async def select_definitions(tx: Transaction, topic_id: UUID) -> list[asyncpg.Record]:
    """`id` and `name` of what the topic's owner lets run there: two at most."""
    return await tx.fetch(
        "SELECT id, name FROM job_definitions WHERE topic_id = $1 AND team_id IS NULL"
        " AND state = 'active' ORDER BY created_at LIMIT 2",
        topic_id,
    )


async def select_rules(tx: Transaction, lab: UUID, caller: Caller) -> tuple[str, int]:
    """JSON array, count."""
    row = await tx.fetchrow(
        """SELECT coalesce(json_agg(row_to_json(x)), '[]')::text AS items, count(*) AS count
        FROM (SELECT c.answer, c.asker_team_id, t.name AS asker_team_name, c.product_id,
            p.name AS product_name
          FROM lab_consents c LEFT JOIN teams t ON t.id = c.asker_team_id
          LEFT JOIN products p ON p.id = c.product_id
          WHERE c.remoteci_id = $1 AND ($2::uuid[] IS NULL OR c.team_id = ANY ($2))
          ORDER BY c.asker_team_id, c.product_id) x""",
        lab,
        caller.visible_teams,
    )
    assert row is not None
    return row["items"], row["count"]


async def replace_rules(tx: Transaction, lab: UUID, team_id: UUID, rules: Sequence[Rule]) -> None:
    await tx.execute("DELETE FROM lab_consents WHERE remoteci_id = $1", lab)
    await tx.execute_many(
        "INSERT INTO lab_consents (remoteci_id, team_id, asker_team_id, product_id, answer,"
        " created_at) VALUES ($1, $2, $3, $4, $5, $6)",
        [(lab, team_id, one.asker_team_id, one.product_id, one.answer, tx.now) for one in rules],
    )
