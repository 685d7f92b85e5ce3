"""SQL of job definitions."""

from collections.abc import Mapping
from typing import Any
from uuid import UUID

from ringtest.control.accounts.model import Caller
from ringtest.control.db import rows
from ringtest.control.db.listing import Conditions, Kind, apply_where, order_by
from ringtest.control.db.pool import Transaction
from ringtest.control.db.rows import Page
from ringtest.control.kernel.ids import new_etag, new_id
from ringtest.control.kernel.paging import ListQuery

COLUMNS: Mapping[str, Kind] = {
    "id": "uuid", "created_at": "time", "updated_at": "time", "etag": "text", "state": "enum",
    "name": "text", "topic_id": "uuid", "team_id": "uuid",
}  # fmt: skip
_JSON = "d.id, d.created_at, d.updated_at, d.etag, d.state, d.name, d.topic_id, d.team_id, d.spec"


def _visible(caller: Caller) -> Conditions:
    """Definitions of topics the caller may use, but those of other teams: the policy's rule,
    without policies too."""
    conditions = Conditions(["d.state <> 'archived'"])
    if caller.visible_teams is not None:
        conditions.add("(d.team_id IS NULL OR d.team_id = ANY ({}))", caller.visible_teams)
    if not caller.reads_catalog:
        conditions.add(
            "d.topic_id IN (SELECT t.id FROM topics t WHERE (t.export_control OR {}) AND"
            " t.product_id IN (SELECT product_id FROM products_teams WHERE team_id = ANY ({})))",
            caller.has_pre_release_access,
            sorted(caller.team_ids),
        )
    return conditions


async def select_page(tx: Transaction, caller: Caller, query: ListQuery) -> Page:
    """JSON array and count."""
    conditions = _visible(caller)
    apply_where(conditions, query, COLUMNS, "d")
    order = order_by(query, COLUMNS, "d", "-created_at")
    return await rows.page(tx, _JSON, "job_definitions d", conditions, order=order, query=query)


async def select_one(
    tx: Transaction, caller: Caller, definition_id: UUID
) -> tuple[str, str] | None:
    """JSON and etag."""
    conditions = _visible(caller)
    conditions.add("d.id = {}", definition_id)
    return await rows.one(tx, _JSON, "job_definitions d", conditions)


async def has_topic(tx: Transaction, topic_id: UUID) -> bool:
    found = await tx.fetchval(
        "SELECT 1 FROM topics WHERE id = $1 AND state <> 'archived'", topic_id
    )
    return found is not None


async def insert_own(
    tx: Transaction, *, team_id: UUID, topic_id: UUID, name: str, spec: dict[str, Any]
) -> UUID:
    """The team's definition of that name; it is added unless it is there."""
    added = await tx.fetchval(
        """
        INSERT INTO job_definitions (id, created_at, updated_at, etag, name, topic_id, team_id,
          spec)
        VALUES ($1, $2, $2, $3, $4, $5, $6, $7::jsonb)
        ON CONFLICT (topic_id, name, team_id) DO UPDATE SET state = 'active' RETURNING id
        """,
        new_id(), tx.now, new_etag(), name, topic_id, team_id, spec,
    )  # fmt: skip
    own: UUID = added
    return own


async def select_team(tx: Transaction, definition_id: UUID) -> UUID | None:
    """Whose it is; None for one of the topic's owner."""
    team_id: UUID | None = await tx.fetchval(
        "SELECT team_id FROM job_definitions WHERE id = $1", definition_id
    )
    return team_id
