"""SQL of pipelines."""

from collections.abc import Mapping, Sequence
from uuid import UUID

from ringtest.control.db import rows
from ringtest.control.db.listing import Conditions, Kind, apply_where, order_by
from ringtest.control.db.pool import Transaction
from ringtest.control.db.rows import Page
from ringtest.control.kernel.paging import ListQuery

COLUMNS: Mapping[str, Kind] = {
    "id": "uuid", "created_at": "time", "updated_at": "time", "etag": "text", "state": "enum",
    "name": "text", "team_id": "uuid",
}  # fmt: skip
_PIPELINE = """p.id, p.created_at, p.updated_at, p.etag, p.state, p.name, p.team_id,
  (SELECT row_to_json(z) FROM (SELECT x.id, x.created_at, x.updated_at, x.etag, x.state, x.name,
     x.country, x.external, x.has_pre_release_access
     FROM teams x WHERE x.id = p.team_id) z) AS team"""


def _of(teams: Sequence[UUID] | None) -> Conditions:
    conditions = Conditions(["p.state <> 'archived'"])
    if teams is not None:
        conditions.add("p.team_id = ANY ({})", teams)
    return conditions


async def select_page(tx: Transaction, teams: Sequence[UUID] | None, query: ListQuery) -> Page:
    """Pipelines of `teams` (None: of all): JSON array, count."""
    conditions = _of(teams)
    apply_where(conditions, query, COLUMNS, "p")
    order = order_by(query, COLUMNS, "p", "-created_at")
    return await rows.page(tx, _PIPELINE, "pipelines p", conditions, order=order, query=query)


async def select_one(
    tx: Transaction, teams: Sequence[UUID] | None, pipeline_id: UUID
) -> tuple[str, str] | None:
    """JSON and etag."""
    conditions = _of(teams)
    conditions.add("p.id = {}", pipeline_id)
    return await rows.one(tx, _PIPELINE, "pipelines p", conditions)


async def select_team(
    tx: Transaction, teams: Sequence[UUID] | None, pipeline_id: UUID
) -> UUID | None:
    """The team of a pipeline."""
    conditions = _of(teams)
    conditions.add("p.id = {}", pipeline_id)
    team_id: UUID | None = await tx.fetchval(
        f"SELECT p.team_id FROM pipelines p WHERE {conditions.sql()}", *conditions.values
    )
    return team_id
