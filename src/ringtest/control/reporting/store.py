"""SQL of reporting: targets, deliveries, and claiming those that are due."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from ringtest.control.db import rows
from ringtest.control.db.listing import Conditions, Kind, apply_where, order_by
from ringtest.control.db.pool import Transaction
from ringtest.control.kernel.ids import new_id
from ringtest.control.kernel.paging import ListQuery
from ringtest.control.reporting.model import Place

_TARGETS: dict[str, Kind] = {
    "id": "uuid",
    "name": "text",
    "state": "enum",
    "channel": "text",
    "address": "text",
    "topic_id": "uuid",
    "team_id": "uuid",
    "created_at": "time",
    "updated_at": "time",
}
_DELIVERIES: dict[str, Kind] = {
    "id": "uuid",
    "status": "text",
    "attempts": "int",
    "target_id": "uuid",
    "group_id": "uuid",
    "topic_id": "uuid",
    "team_id": "uuid",
    "next_at": "time",
    "delivered_at": "time",
    "created_at": "time",
    "updated_at": "time",
}
# The secret is not among them, not even sealed: only whether there is one.
_TARGET = """t.id, t.created_at, t.updated_at, t.etag, t.state, t.name, t.channel, t.address,
  t.topic_id, t.team_id, t.secret IS NOT NULL AS has_secret"""
_DELIVERY = """d.id, d.created_at, d.status, d.attempts, d.next_at, d.delivered_at, d.answer,
  d.subject, d.body, json_build_object('id', t.id, 'name', t.name, 'channel', t.channel) AS target,
  d.group_id, d.topic_id"""


def _visible(tx: Transaction, column: str) -> Conditions:
    conditions = Conditions()
    if tx.tenant.scope not in ("all", "read"):
        conditions.add(f"{column} = ANY ({{}})", sorted(tx.tenant.teams))
    return conditions


# targets ---------------------------------------------------------------------


async def select_targets(tx: Transaction, query: ListQuery) -> tuple[str, int]:
    """JSON array of targets and their number."""
    conditions = _visible(tx, "t.team_id")
    conditions.parts.append("t.state <> 'archived'")
    apply_where(conditions, query, _TARGETS, "t")
    order = order_by(query, _TARGETS, "t", "-created_at")
    return await rows.page(tx, _TARGET, "report_targets t", conditions, order=order, query=query)


async def select_target(tx: Transaction, target_id: UUID) -> tuple[str, str] | None:
    """JSON and etag of a target."""
    conditions = _visible(tx, "t.team_id")
    conditions.add("t.state <> 'archived' AND t.id = {}", target_id)
    return await rows.one(tx, _TARGET, "report_targets t", conditions)


async def select_channel(tx: Transaction, target_id: UUID) -> str | None:
    """The channel of a target."""
    channel: str | None = await tx.fetchval(
        "SELECT channel FROM report_targets WHERE id = $1 AND state <> 'archived'", target_id
    )
    return channel


async def is_known(tx: Transaction, table: str, row_id: UUID) -> bool:
    """Is there such a team or topic? `table` is ours, never a caller's."""
    found = await tx.fetchval(
        f"SELECT 1 FROM {table} WHERE id = $1 AND state <> 'archived'", row_id
    )
    return found is not None


async def fail_pending(tx: Transaction, target_id: UUID, answer: str) -> None:
    """Give up what still waits for a target."""
    await tx.execute(
        "UPDATE deliveries SET status = 'failed', answer = $2, updated_at = $3"
        " WHERE target_id = $1 AND status = 'pending'",
        target_id,
        answer,
        tx.now,
    )


@dataclass(frozen=True, slots=True)
class Matching:
    """An active target that listens to a topic."""

    id: UUID
    team_id: UUID
    team: str
    created_at: datetime


async def select_matching(tx: Transaction, topic_id: UUID, group_id: UUID) -> list[Matching]:
    """Targets for a topic that have no delivery for the group yet."""
    found = await tx.fetch(
        "SELECT t.id, t.team_id, m.name AS team, t.created_at FROM report_targets t"
        " JOIN teams m ON m.id = t.team_id AND m.state = 'active'"
        " WHERE t.state = 'active' AND (t.topic_id IS NULL OR t.topic_id = $1)"
        " AND NOT EXISTS (SELECT 1 FROM deliveries d WHERE d.target_id = t.id AND d.group_id = $2)"
        " ORDER BY t.id",
        topic_id,
        group_id,
    )
    return [Matching(**row) for row in found]


async def select_place(tx: Transaction, topic_id: UUID) -> Place | None:
    """Names of a topic and its product."""
    row = await tx.fetchrow(
        "SELECT t.id AS topic_id, t.name AS topic, p.id AS product_id, p.name AS product"
        " FROM topics t JOIN products p ON p.id = t.product_id WHERE t.id = $1",
        topic_id,
    )
    return Place(**row) if row else None


# deliveries ------------------------------------------------------------------


async def select_deliveries(tx: Transaction, query: ListQuery) -> tuple[str, int]:
    """JSON array of deliveries and their number."""
    conditions = _visible(tx, "d.team_id")
    apply_where(conditions, query, _DELIVERIES, "d")
    order = order_by(query, _DELIVERIES, "d", "-created_at")
    source = "deliveries d JOIN report_targets t ON t.id = d.target_id"
    return await rows.page(tx, _DELIVERY, source, conditions, order=order, query=query)


async def select_delivery(tx: Transaction, delivery_id: UUID) -> str | None:
    """JSON of a delivery."""
    conditions = _visible(tx, "d.team_id")
    conditions.add("d.id = {}", delivery_id)
    text: str | None = await tx.fetchval(
        f"SELECT row_to_json(x)::text FROM (SELECT {_DELIVERY} FROM deliveries d"
        f" JOIN report_targets t ON t.id = d.target_id WHERE {conditions.sql()}) x",
        *conditions.values,
    )
    return text


async def insert_delivery(
    tx: Transaction,
    target: Matching,
    *,
    group_id: UUID,
    topic_id: UUID,
    subject: str,
    body: dict[str, Any],
    next_at: datetime,
) -> bool:
    """A delivery for a target and a group; False when there is one already."""
    done = await tx.execute(
        """
        INSERT INTO deliveries (id, created_at, updated_at, target_id, group_id, team_id, topic_id,
          status, subject, body, next_at)
        VALUES ($1, $2, $2, $3, $4, $5, $6, 'pending', $7, $8, $9)
        ON CONFLICT (target_id, group_id) DO NOTHING
        """,
        new_id(),
        tx.now,
        target.id,
        group_id,
        target.team_id,
        topic_id,
        subject,
        body,
        next_at,
    )
    return done == 1


async def lock_delivery(tx: Transaction, delivery_id: UUID) -> str | None:
    """Status of a delivery that the tenant sees, its row locked."""
    conditions = _visible(tx, "d.team_id")
    conditions.add("d.id = {}", delivery_id)
    status: str | None = await tx.fetchval(
        f"SELECT d.status FROM deliveries d WHERE {conditions.sql()} FOR UPDATE",
        *conditions.values,
    )
    return status


async def reset_delivery(tx: Transaction, delivery_id: UUID) -> None:
    """Due now, with all its attempts before it; one that is being sent stays claimed."""
    await tx.execute(
        "UPDATE deliveries SET status = 'pending', attempts = 0, next_at = $2, updated_at = $2"
        " WHERE id = $1",
        delivery_id,
        tx.now,
    )


@dataclass(frozen=True, slots=True)
class Claim:
    """A delivery in our hands until `until`, which also is what proves the claim."""

    id: UUID
    created_at: datetime
    attempts: int
    until: datetime
    group_id: UUID
    topic_id: UUID
    team_id: UUID
    team: str
    channel: str
    address: str
    secret: bytes | None


async def claim_due(tx: Transaction, *, until: datetime, limit: int) -> Sequence[Claim]:
    """Take deliveries that are due and in nobody's hands, the longest due first."""
    found = await tx.fetch(
        """
        WITH due AS (
          SELECT d.id FROM deliveries d JOIN report_targets t ON t.id = d.target_id
          WHERE d.status = 'pending' AND d.next_at <= $1 AND t.state = 'active'
            AND (d.claimed_until IS NULL OR d.claimed_until <= $1)
          ORDER BY d.next_at, d.id LIMIT $3 FOR UPDATE OF d SKIP LOCKED)
        UPDATE deliveries d SET claimed_until = $2, attempts = d.attempts + 1, updated_at = $1
        FROM due, report_targets t, teams m
        WHERE d.id = due.id AND t.id = d.target_id AND m.id = d.team_id
        RETURNING d.id, d.created_at, d.attempts, d.claimed_until AS until, d.group_id, d.topic_id,
          d.team_id, m.name AS team, t.channel, t.address, t.secret
        """,
        tx.now,
        until,
        limit,
    )
    return [Claim(**row) for row in found]


async def release(
    tx: Transaction, claim: Claim, *, next_at: datetime, answer: str | None, counts: bool
) -> bool:
    """Give a claim back, to be tried again at `next_at`; `counts`: that was an attempt."""
    done = await tx.execute(
        "UPDATE deliveries SET claimed_until = NULL, next_at = $3, updated_at = $4,"
        " answer = coalesce($5, answer), attempts = attempts - $6"
        " WHERE id = $1 AND claimed_until = $2 AND status = 'pending'",
        claim.id,
        claim.until,
        next_at,
        tx.now,
        answer,
        0 if counts else 1,
    )
    return done == 1


async def set_content(tx: Transaction, claim: Claim, subject: str, body: dict[str, Any]) -> None:
    """Keep what is about to be sent."""
    await tx.execute(
        "UPDATE deliveries SET subject = $3, body = $4 WHERE id = $1 AND claimed_until = $2",
        claim.id,
        claim.until,
        subject,
        body,
    )


async def drop(tx: Transaction, claim: Claim) -> None:
    """Forget a delivery that has nothing to tell any more."""
    await tx.execute(
        "DELETE FROM deliveries WHERE id = $1 AND claimed_until = $2", claim.id, claim.until
    )


async def close(tx: Transaction, claim: Claim, *, status: str, answer: str) -> bool:
    """End a delivery as delivered or failed; False when the claim was lost meanwhile."""
    done = await tx.execute(
        "UPDATE deliveries SET status = $3::text, answer = $4, claimed_until = NULL,"
        " updated_at = $5::timestamp,"
        " delivered_at = CASE WHEN $3::text = 'delivered' THEN $5::timestamp END"
        " WHERE id = $1 AND claimed_until = $2 AND status = 'pending'",
        claim.id,
        claim.until,
        status,
        answer,
        tx.now,
    )
    return done == 1
