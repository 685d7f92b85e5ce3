"""Verbs of pipelines."""

from dataclasses import replace
from typing import Any
from uuid import UUID

from ringtest.control.accounts.model import Caller, permit
from ringtest.control.db import rows
from ringtest.control.db.pool import Transaction
from ringtest.control.db.rows import Page
from ringtest.control.db.unseen import seen
from ringtest.control.jobs import service as jobs
from ringtest.control.jobs.model import Memory
from ringtest.control.kernel.errors import NotFound
from ringtest.control.kernel.paging import ListQuery
from ringtest.control.pipelines import store
from ringtest.control.pipelines.model import CreatePipeline

MOST_JOBS = 1000
"""Jobs of a pipeline that are shown to who asks for no limit; the wire format has none."""


async def create_pipeline(
    tx: Transaction, *, caller: Caller, body: CreatePipeline
) -> tuple[str, str]:
    """Add a pipeline to one's team: JSON, etag. Names need not be unique."""
    permit(caller.is_member(body.team_id))
    values = {"name": body.name, "team_id": body.team_id, "state": body.state}
    pipeline_id = await rows.insert(tx, "pipelines", values)
    return await get_pipeline(tx, caller=caller, pipeline_id=pipeline_id)


async def list_pipelines(tx: Transaction, *, caller: Caller, query: ListQuery) -> Page:
    """JSON array and count."""
    return await store.select_page(tx, caller.visible_teams, query)


async def get_pipeline(tx: Transaction, *, caller: Caller, pipeline_id: UUID) -> tuple[str, str]:
    """JSON and etag; 401 when it is another team's, 404 when there is none."""
    found = await store.select_one(tx, caller.visible_teams, pipeline_id)
    return await seen(tx, "pipeline", pipeline_id, found)


async def list_jobs(
    tx: Transaction, *, caller: Caller, pipeline_id: UUID, query: ListQuery, memory: Memory
) -> Page:
    """The pipeline's jobs in the order of their creation: JSON array, count."""
    await get_pipeline(tx, caller=caller, pipeline_id=pipeline_id)
    asked = replace(
        query,
        where=(*query.where, ("pipeline_id", str(pipeline_id))),
        sort=query.sort or ("created_at",),
    )
    return await jobs.list_jobs(tx, caller=caller, query=asked, memory=memory)


async def update_pipeline(
    tx: Transaction, *, caller: Caller, pipeline_id: UUID, etag: str, values: dict[str, Any]
) -> tuple[str, str]:
    """Change a pipeline; 404 when it changed meanwhile."""
    found = await get_pipeline(tx, caller=caller, pipeline_id=pipeline_id)
    team_id = await store.select_team(tx, caller.visible_teams, pipeline_id)
    permit(team_id is not None and caller.is_member(team_id))
    if not await rows.update(tx, "pipelines", pipeline_id, values, etag=etag):
        raise NotFound("pipeline not found")
    if values.get("state") == "archived":
        return found
    return await get_pipeline(tx, caller=caller, pipeline_id=pipeline_id)
