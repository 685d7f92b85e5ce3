"""SQL of controllers."""

from collections.abc import Sequence
from uuid import UUID

import asyncpg

from ringtest.control.db import rows
from ringtest.control.db.listing import Conditions, Kind, apply_where, order_by
from ringtest.control.db.pool import Transaction
from ringtest.control.db.rows import Found, Page
from ringtest.control.kernel.paging import ListQuery

_KINDS: dict[str, Kind] = {
    **rows.COMMON,
    "kind": "text",
    "url": "text",
    "username": "text",
    "remoteci_id": "uuid",
    "team_id": "uuid",
}
# The secret is not among them, not even sealed: only whether there is one.
_SHOWN = """c.id, c.created_at, c.updated_at, c.etag, c.state, c.name, c.kind, c.url, c.username,
  c.secret IS NOT NULL AS has_secret, c.ca, c.remoteci_id, c.team_id"""
_TABLE = "ci_controllers c"


def _visible(teams: Sequence[UUID] | None) -> Conditions:
    conditions = Conditions(["c.state <> 'archived'"])
    if teams is not None:
        conditions.add("c.team_id = ANY ({})", list(teams))
    return conditions


async def select_controllers(
    tx: Transaction, teams: Sequence[UUID] | None, query: ListQuery
) -> Page:
    """JSON array of controllers and their number."""
    conditions = _visible(teams)
    apply_where(conditions, query, _KINDS, "c")
    order = order_by(query, _KINDS, "c", "-created_at")
    return await rows.page(tx, _SHOWN, _TABLE, conditions, order=order, query=query)


async def select_controller(
    tx: Transaction, teams: Sequence[UUID] | None, controller_id: UUID
) -> Found:
    """JSON and etag of a controller."""
    conditions = _visible(teams)
    conditions.add("c.id = {}", controller_id)
    return await rows.one(tx, _SHOWN, _TABLE, conditions)


async def select_active(tx: Transaction) -> list[asyncpg.Record]:
    """Of every controller whose lab and team are active: id, remoteci_id."""
    return await tx.fetch(
        "SELECT c.id, c.remoteci_id FROM ci_controllers c JOIN remotecis r ON r.id = c.remoteci_id"
        " JOIN teams t ON t.id = c.team_id WHERE c.state = 'active' AND r.state = 'active'"
        " AND t.state = 'active' ORDER BY c.id"
    )


async def select_site(tx: Transaction, controller_id: UUID) -> asyncpg.Record | None:
    """kind, url, username, secret (sealed), ca, remoteci_id, state; archived ones too."""
    return await tx.fetchrow(
        "SELECT kind, url, username, secret, ca, remoteci_id, state FROM ci_controllers"
        " WHERE id = $1",
        controller_id,
    )
