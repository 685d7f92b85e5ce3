"""SQL of reporting: targets, deliveries, and claiming those that are due."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from ringtest.control.db import rows
from ringtest.control.db.listing import Conditions, Kind, apply_where, order_by
from ringtest.control.db.outbox import Event
from ringtest.control.db.pool import Transaction
from ringtest.control.db.rows import Page
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
    "events": "array",
    "created_at": "time",
    "updated_at": "time",
}
_DELIVERIES: dict[str, Kind] = {
    "id": "uuid",
    "status": "text",
    "type": "text",
    "attempts": "int",
    "target_id": "uuid",
    "user_id": "uuid",
    "group_id": "uuid",
    "event_id": "int",
    "topic_id": "uuid",
    "team_id": "uuid",
    "next_at": "time",
    "delivered_at": "time",
    "created_at": "time",
    "updated_at": "time",
}
# The secret is not among them, not even sealed: only whether there is one.
_TARGET = """t.id, t.created_at, t.updated_at, t.etag, t.state, t.name, t.channel, t.address,
  t.topic_id, t.team_id, t.events, t.resting_until, t.secret IS NOT NULL AS has_secret"""
_DELIVERY = """d.id, d.created_at, d.status, d.type, d.attempts, d.next_at, d.delivered_at,
  d.answer, d.subject, d.body, CASE WHEN t.id IS NOT NULL
    THEN json_build_object('id', t.id, 'name', t.name, 'channel', t.channel) END AS target,
  d.user_id, d.group_id, d.event_id, d.topic_id"""
_DELIVERED = "deliveries d LEFT JOIN report_targets t ON t.id = d.target_id"


def _visible(tx: Transaction) -> Conditions:
    """Deliveries to the tenant's teams, and to the person itself."""
    conditions = Conditions()
    if tx.tenant.scope not in ("all", "read"):
        conditions.add(
            "(d.team_id = ANY ({}) OR d.user_id = {})", sorted(tx.tenant.teams), tx.tenant.user
        )
    return conditions


# targets ---------------------------------------------------------------------


def _kept_by(teams: Sequence[UUID] | None) -> Conditions:
    """Targets that members of `teams` made; None: every target."""
    conditions = Conditions(["t.state <> 'archived'"])
    if teams is not None:
        conditions.add("t.by_member AND t.team_id = ANY ({})", list(teams))
    return conditions


async def select_targets(tx: Transaction, teams: Sequence[UUID] | None, query: ListQuery) -> Page:
    """JSON array of targets and their number."""
    conditions = _kept_by(teams)
    apply_where(conditions, query, _TARGETS, "t")
    order = order_by(query, _TARGETS, "t", "-created_at")
    return await rows.page(tx, _TARGET, "report_targets t", conditions, order=order, query=query)


async def select_target(
    tx: Transaction, teams: Sequence[UUID] | None, target_id: UUID
) -> tuple[str, str] | None:
    """JSON and etag of a target."""
    conditions = _kept_by(teams)
    conditions.add("t.id = {}", target_id)
    return await rows.one(tx, _TARGET, "report_targets t", conditions)


@dataclass(frozen=True, slots=True)
class Target:
    """What checking a change of a target, or a test of it, needs."""

    id: UUID
    name: str
    channel: str
    team_id: UUID
    by_member: bool


async def lock_target(
    tx: Transaction, teams: Sequence[UUID] | None, target_id: UUID
) -> Target | None:
    """A target, held until the transaction ends."""
    conditions = _kept_by(teams)
    conditions.add("t.id = {}", target_id)
    row = await tx.fetchrow(
        "SELECT t.id, t.name, t.channel, t.team_id, t.by_member FROM report_targets t"
        f" WHERE {conditions.sql()} FOR UPDATE",
        *conditions.values,
    )
    return Target(**row) if row else None


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
        " AND 'failure.grouped' = ANY (t.events)"
        " AND NOT EXISTS (SELECT 1 FROM deliveries d WHERE d.target_id = t.id AND d.group_id = $2)"
        " ORDER BY t.id",
        topic_id,
        group_id,
    )
    return [Matching(**row) for row in found]


async def select_listening(tx: Transaction, event: Event, roles: Sequence[str]) -> list[UUID]:
    """Targets that chose the event's type and whose teams may see it; role teams see all."""
    found = await tx.fetch(
        """
        SELECT t.id FROM report_targets t JOIN teams m ON m.id = t.team_id AND m.state = 'active'
        WHERE t.state = 'active' AND $1 = ANY (t.events) AND t.created_at <= $5
          AND (t.topic_id IS NULL OR t.topic_id = $2)
          AND (m.name = ANY ($4) OR t.team_id = $3 OR ($3::uuid IS NULL AND EXISTS (
            SELECT 1 FROM topics o JOIN products_teams p ON p.product_id = o.product_id
            WHERE o.id = $2 AND p.team_id = t.team_id AND o.state <> 'archived'
              AND (o.export_control OR m.has_pre_release_access))))
        ORDER BY t.id
        """,
        event.type.value,
        event.topic_id,
        event.team_id,
        list(roles),
        event.created_at,
    )
    return [row["id"] for row in found]


async def select_place(tx: Transaction, topic_id: UUID) -> Place | None:
    """Names of a topic and its product."""
    row = await tx.fetchrow(
        "SELECT t.id AS topic_id, t.name AS topic, p.id AS product_id, p.name AS product"
        " FROM topics t JOIN products p ON p.id = t.product_id WHERE t.id = $1",
        topic_id,
    )
    return Place(**row) if row else None


# deliveries ------------------------------------------------------------------


async def select_deliveries(tx: Transaction, query: ListQuery) -> Page:
    """JSON array of deliveries and their number."""
    conditions = _visible(tx)
    apply_where(conditions, query, _DELIVERIES, "d")
    order = order_by(query, _DELIVERIES, "d", "-created_at")
    return await rows.page(tx, _DELIVERY, _DELIVERED, conditions, order=order, query=query)


async def select_delivery(tx: Transaction, delivery_id: UUID) -> str | None:
    """JSON of a delivery."""
    conditions = _visible(tx)
    conditions.add("d.id = {}", delivery_id)
    text: str | None = await tx.fetchval(
        f"SELECT row_to_json(x)::text FROM (SELECT {_DELIVERY} FROM {_DELIVERED}"
        f" WHERE {conditions.sql()}) x",
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


async def tell_target(
    tx: Transaction,
    target_id: UUID,
    *,
    kind: str,
    subject: str,
    body: dict[str, Any],
    event_id: int | None = None,
    topic_id: UUID | None = None,
) -> UUID | None:
    """A delivery of an event, or of none, for a target; None when there is one already."""
    made: UUID | None = await tx.fetchval(
        """
        INSERT INTO deliveries (id, created_at, updated_at, target_id, team_id, topic_id, event_id,
          type, status, subject, body, next_at)
        SELECT $1, $2, $2, t.id, t.team_id, $4, $5, $6, 'pending', $7, $8, $2
        FROM report_targets t WHERE t.id = $3
        ON CONFLICT (target_id, event_id) DO NOTHING RETURNING id
        """,
        new_id(),
        tx.now,
        target_id,
        topic_id,
        event_id,
        kind,
        subject,
        body,
    )
    return made


async def select_mail(tx: Transaction, user_id: UUID) -> tuple[UUID | None, datetime | None]:
    """A person's mail that nobody has tried to send yet, and when the last one was due.

    Holds the person until the transaction ends, so that two events share one mail.
    """
    await tx.execute(
        "SELECT pg_advisory_xact_lock(hashtextextended('mail ' || $1::text, 0))", str(user_id)
    )
    waiting = await tx.fetchval(
        "SELECT id FROM deliveries WHERE user_id = $1 AND status = 'pending' AND attempts = 0"
        " AND claimed_until IS NULL ORDER BY created_at, id LIMIT 1 FOR UPDATE",
        user_id,
    )
    last = await tx.fetchval(
        "SELECT max(coalesce(delivered_at, next_at)) FROM deliveries WHERE user_id = $1", user_id
    )
    return waiting, last


async def insert_mail(tx: Transaction, user_id: UUID, next_at: datetime) -> UUID:
    """A mail to a person, whose text is written when it is sent."""
    delivery_id = new_id()
    await tx.execute(
        "INSERT INTO deliveries (id, created_at, updated_at, user_id, type, status, subject, body,"
        " next_at) VALUES ($1, $2, $2, $3, 'notification', 'pending', '', '{}', $4)",
        delivery_id,
        tx.now,
        user_id,
        next_at,
    )
    return delivery_id


async def may_retry(tx: Transaction, delivery_id: UUID, teams: Sequence[UUID]) -> bool:
    """Is it a delivery to a target that members of `teams` made?"""
    found: bool = await tx.fetchval(
        "SELECT EXISTS (SELECT 1 FROM deliveries d JOIN report_targets t ON t.id = d.target_id"
        " WHERE d.id = $1 AND t.by_member AND t.team_id = ANY ($2))",
        delivery_id,
        list(teams),
    )
    return found


async def lock_delivery(tx: Transaction, delivery_id: UUID) -> str | None:
    """Status of a delivery that the tenant sees, its row locked."""
    conditions = _visible(tx)
    conditions.add("d.id = {}", delivery_id)
    status: str | None = await tx.fetchval(
        f"SELECT d.status FROM deliveries d WHERE {conditions.sql()} FOR UPDATE",
        *conditions.values,
    )
    return status


async def reset_delivery(tx: Transaction, delivery_id: UUID) -> None:
    """Due now, with all its attempts before it; one that is being sent stays claimed."""
    await tx.execute(
        "UPDATE report_targets SET resting_until = NULL"
        " WHERE id = (SELECT target_id FROM deliveries WHERE id = $1)",
        delivery_id,
    )
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
    type: str
    group_id: UUID | None
    event_id: int | None
    topic_id: UUID | None
    team_id: UUID | None
    team: str | None
    pre_release: bool | None
    target_id: UUID | None
    by_member: bool | None
    user_id: UUID | None
    channel: str
    address: str | None
    secret: bytes | None


async def claim_due(tx: Transaction, *, until: datetime, limit: int) -> Sequence[Claim]:
    """Take deliveries that are due and in nobody's hands, the longest due first.

    A target gets one at a time, and none while it rests after a failure: a receiver that
    is down costs one try per rest, however much waits for it.
    """
    found = await tx.fetch(
        """
        WITH due AS (
          SELECT d.id FROM deliveries d LEFT JOIN report_targets t ON t.id = d.target_id
          WHERE d.status = 'pending' AND d.next_at <= $1
            AND (d.claimed_until IS NULL OR d.claimed_until <= $1)
            AND (d.target_id IS NULL OR (t.state = 'active'
              AND (t.resting_until IS NULL OR t.resting_until <= $1)
              AND NOT EXISTS (SELECT 1 FROM deliveries o WHERE o.target_id = d.target_id
                AND o.status = 'pending' AND o.claimed_until > $1)))
          ORDER BY d.next_at, d.event_id, d.id LIMIT $3 FOR UPDATE OF d SKIP LOCKED)
        UPDATE deliveries d SET claimed_until = $2, attempts = d.attempts + 1, updated_at = $1
        FROM due JOIN deliveries x ON x.id = due.id
        LEFT JOIN report_targets t ON t.id = x.target_id LEFT JOIN teams m ON m.id = x.team_id
        LEFT JOIN users u ON u.id = x.user_id AND u.state = 'active'
        WHERE d.id = due.id
        RETURNING d.id, d.created_at, d.attempts, d.claimed_until AS until, d.type, d.group_id,
          d.event_id, d.topic_id, d.team_id, m.name AS team,
          m.has_pre_release_access AS pre_release, d.target_id, t.by_member, d.user_id,
          coalesce(t.channel, 'mail') AS channel, coalesce(t.address, u.email) AS address, t.secret
        """,
        tx.now,
        until,
        limit,
    )
    return [Claim(**row) for row in found]


async def rest_target(tx: Transaction, target_id: UUID, until: datetime | None) -> None:
    """The target gets nothing before `until`; None: it works."""
    await tx.execute(
        "UPDATE report_targets SET resting_until = $2"
        " WHERE id = $1 AND resting_until IS DISTINCT FROM $2",
        target_id,
        until,
    )


async def select_content(tx: Transaction, claim: Claim) -> tuple[str, str] | None:
    """Subject and body (JSON) as they were written when the delivery was planned."""
    row = await tx.fetchrow("SELECT subject, body::text FROM deliveries WHERE id = $1", claim.id)
    return (row["subject"], row["body"]) if row else None


async def expire(tx: Transaction, *, stale: datetime, kept: datetime, limit: int) -> int:
    """Give up what waits since before `stale`, forget records from before `kept`; how many.

    Deliveries of groups are kept: they say who was told of a failure.
    """
    given_up = await tx.execute(
        "UPDATE deliveries SET status = 'failed', updated_at = $2,"
        " answer = left('given up: it could not be sent in time. ' || coalesce(answer, ''), 200)"
        " WHERE id IN (SELECT id FROM deliveries WHERE status = 'pending' AND group_id IS NULL"
        " AND created_at < $1 AND claimed_until IS NULL LIMIT $3 FOR UPDATE SKIP LOCKED)",
        stale,
        tx.now,
        limit,
    )
    forgotten = await tx.execute(
        "DELETE FROM deliveries WHERE id IN (SELECT id FROM deliveries WHERE group_id IS NULL"
        " AND status <> 'pending' AND created_at < $1 LIMIT $2 FOR UPDATE SKIP LOCKED)",
        kept,
        limit,
    )
    return given_up + forgotten


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
