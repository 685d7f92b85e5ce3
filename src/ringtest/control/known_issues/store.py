"""SQL of known issues: rules, their labels, and failures that rules have not looked at."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from ringtest.control.accounts.model import Caller
from ringtest.control.db import rows
from ringtest.control.db.listing import Conditions, Kind, apply_where, order_by
from ringtest.control.db.pool import Transaction
from ringtest.control.db.rows import Found, Page
from ringtest.control.kernel.paging import ListQuery
from ringtest.control.known_issues.model import Rule

_KINDS: dict[str, Kind] = {
    **rows.COMMON,
    "kind": "text",
    "pattern": "text",
    "owner": "text",
    "topic_id": "uuid",
    "product_id": "uuid",
    "team_id": "uuid",
    "expires_at": "time",
}
_ISSUE = """i.id, i.created_at, i.updated_at, i.etag, i.state, i.name, i.kind, i.pattern,
  i.topic_id, i.product_id, i.team_id, i.owner, i.expires_at, i.is_expired AS expired, i.link,
  i.note, i.labelled_at"""


def _visible(caller: Caller) -> Conditions:
    """Everybody's rules in a scope that the caller reaches, and those of its teams."""
    conditions = Conditions(["i.state <> 'archived'"])
    if caller.reads_all:
        return conditions
    teams = conditions.param(sorted(caller.team_ids))
    products = f"(SELECT product_id FROM products_teams WHERE team_id = ANY ({teams}))"
    topics = f"SELECT t.id FROM topics t WHERE t.product_id IN {products}"
    if not caller.has_pre_release_access:
        topics += " AND t.export_control"
    if caller.reads_catalog:
        topics = "SELECT t.id FROM topics t"
    conditions.parts.append(
        f"(i.team_id = ANY ({teams}) OR (i.team_id IS NULL AND ("
        f"(i.topic_id IS NULL AND i.product_id IS NULL)"
        f" OR i.topic_id IN ({topics}) OR i.product_id IN {products})))"
    )
    return conditions


async def select_issues(tx: Transaction, caller: Caller, query: ListQuery) -> Page:
    """JSON array of rules and their number."""
    conditions = _visible(caller)
    apply_where(conditions, query, _KINDS, "i")
    order = order_by(query, _KINDS, "i", "-created_at")
    return await rows.page(tx, _ISSUE, "known_issues i", conditions, order=order, query=query)


async def select_issue(tx: Transaction, caller: Caller, issue_id: UUID) -> Found:
    """JSON and etag of a rule."""
    conditions = _visible(caller)
    conditions.add("i.id = {}", issue_id)
    return await rows.one(tx, _ISSUE, "known_issues i", conditions)


async def lock_issue(tx: Transaction, caller: Caller, issue_id: UUID) -> dict[str, Any] | None:
    """A rule's values, held until the transaction ends."""
    conditions = _visible(caller)
    conditions.add("i.id = {}", issue_id)
    row = await tx.fetchrow(
        "SELECT i.team_id, i.name, i.kind, i.pattern, i.topic_id, i.product_id, i.expires_at,"
        f" i.link, i.state FROM known_issues i WHERE {conditions.sql()} FOR UPDATE",
        *conditions.values,
    )
    return dict(row) if row else None


async def count_active(tx: Transaction, team_id: UUID | None) -> int:
    """How many active rules a team has, or everybody."""
    number: int = await tx.fetchval(
        "SELECT count(*) FROM known_issues"
        " WHERE state = 'active' AND NOT is_expired AND team_id IS NOT DISTINCT FROM $1::uuid",
        team_id,
    )
    return number


async def has_group(tx: Transaction, group_id: UUID, teams: list[UUID] | None) -> bool:
    """Have jobs of `teams` (None: of anybody) the failure?"""
    found: bool = await tx.fetchval(
        "SELECT EXISTS (SELECT 1 FROM failure_labs WHERE shown_id = rt_group($1)"
        " AND ($2::uuid[] IS NULL OR team_id = ANY ($2)))",
        group_id,
        teams,
    )
    return found


# Labels ------------------------------------------------------------------------

_WORKS = """i.state = 'active' AND NOT i.is_expired
  AND (i.expires_at IS NULL OR i.expires_at > $1)"""
_NAMES = """i.id, i.kind, i.pattern,
  CASE WHEN i.kind = 'signature' THEN rt_group(i.pattern::uuid) END AS shown_id"""


async def select_rules(tx: Transaction, *, topic_id: UUID, team_id: UUID) -> list[Rule]:
    """Rules for a team's jobs of a topic that label now."""
    found = await tx.fetch(
        f"""
        SELECT {_NAMES} FROM known_issues i WHERE {_WORKS}
          AND (i.team_id IS NULL OR i.team_id = $2)
          AND ((i.topic_id IS NULL AND i.product_id IS NULL) OR i.topic_id = $3
            OR i.product_id = (SELECT product_id FROM topics WHERE id = $3))
        """,
        tx.now,
        team_id,
        topic_id,
    )
    return [Rule(**row) for row in found]


async def insert_labels(
    tx: Transaction, labels: Sequence[tuple[UUID, UUID, UUID]], now: datetime
) -> None:
    """Label signatures. Each: (rule, signature's row, team)."""
    await tx.execute(
        "INSERT INTO known_issue_labels (issue_id, group_id, team_id, created_at)"
        " SELECT DISTINCT a, b, c, $4::timestamp FROM unnest($1::uuid[], $2::uuid[], $3::uuid[])"
        " AS x (a, b, c) ORDER BY 1, 2, 3 ON CONFLICT DO NOTHING",
        *([label[column] for label in labels] for column in range(3)),
        now,
    )


async def delete_labels(tx: Transaction, issue_id: UUID) -> None:
    """Take back what a rule said."""
    await tx.execute("DELETE FROM known_issue_labels WHERE issue_id = $1", issue_id)


async def expire(tx: Transaction) -> int:
    """Mark rules whose time is over; how many."""
    return await tx.execute(
        "UPDATE known_issues SET is_expired = true, updated_at = $1"
        " WHERE NOT is_expired AND expires_at <= $1 AND state <> 'archived'",
        tx.now,
    )


@dataclass(frozen=True, slots=True)
class Waiting:
    """A rule that has not looked at everything yet."""

    rule: Rule
    topic_id: UUID | None
    product_id: UUID | None
    team_id: UUID | None
    after_group: UUID | None
    after_lab: UUID | None


async def claim_waiting(tx: Transaction) -> Waiting | None:
    """The next rule that has to look at what was there before it; held by this transaction."""
    row = await tx.fetchrow(
        f"SELECT {_NAMES}, i.topic_id, i.product_id, i.team_id, i.after_group, i.after_lab"
        f" FROM known_issues i WHERE i.labelled_at IS NULL AND {_WORKS}"
        " ORDER BY i.updated_at, i.id LIMIT 1 FOR UPDATE SKIP LOCKED",
        tx.now,
    )
    if row is None:
        return None
    values = dict(row)
    rule = Rule(*(values.pop(name) for name in ("id", "kind", "pattern", "shown_id")))
    return Waiting(rule, **values)


@dataclass(frozen=True, slots=True)
class Past:
    """The last a lab saw of a signature."""

    group_id: UUID
    remoteci_id: UUID
    team_id: UUID
    shown_id: UUID
    exception_type: str | None
    template: str
    sample: str | None


async def select_past(tx: Transaction, waiting: Waiting, limit: int) -> list[Past]:
    """What a rule has to look at next, in a fixed order."""
    conditions = Conditions()
    if waiting.topic_id:
        conditions.add("l.topic_id = {}", waiting.topic_id)
    if waiting.product_id:
        conditions.add(
            "l.topic_id IN (SELECT id FROM topics WHERE product_id = {})", waiting.product_id
        )
    if waiting.team_id:
        conditions.add("l.team_id = {}", waiting.team_id)
    if waiting.after_group:
        conditions.add(
            "(l.group_id, l.remoteci_id) > ({}, {})", waiting.after_group, waiting.after_lab
        )
    found = await tx.fetch(
        "SELECT l.group_id, l.remoteci_id, l.team_id, l.shown_id, g.exception_type, g.template,"
        " o.sample FROM failure_labs l JOIN failure_groups g ON g.id = l.group_id"
        " JOIN failure_occurrences o ON o.group_id = l.group_id AND o.job_id = l.last_job_id"
        f" WHERE {conditions.sql()} ORDER BY l.group_id, l.remoteci_id LIMIT {limit}",
        *conditions.values,
    )
    return [Past(**row) for row in found]


async def note_progress(tx: Transaction, issue_id: UUID, last: Past | None) -> None:
    """How far a rule has looked; None: at everything."""
    await tx.execute(
        "UPDATE known_issues SET after_group = $2, after_lab = $3, labelled_at = $4 WHERE id = $1",
        issue_id,
        last.group_id if last else None,
        last.remoteci_id if last else None,
        None if last else tx.now,
    )
