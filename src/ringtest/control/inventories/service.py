"""Verbs of inventories."""

from typing import Any
from uuid import UUID

import asyncpg
import msgspec

from ringtest.control.accounts.model import Caller, permit
from ringtest.control.db.pool import Transaction
from ringtest.control.db.rows import Page
from ringtest.control.inventories import store
from ringtest.control.inventories.model import TellInventory, changes
from ringtest.control.jobs import service as jobs
from ringtest.control.kernel.errors import NotFound
from ringtest.control.kernel.events import EventType
from ringtest.control.kernel.paging import ListQuery
from ringtest.control.labs import service as labs


async def tell_inventory(tx: Transaction, *, caller: Caller, body: TellInventory) -> str:
    """An agent says what its machine is made of; telling the same again adds nothing. JSON."""
    permit(caller.kind == "remoteci")
    team_id = await store.add(tx, caller.id, body)
    if team_id is not None:
        await tx.add_event(
            EventType.LAB_LABELS_CHANGED,
            team_id=team_id,
            topic_id=None,
            remoteci_id=str(caller.id),
        )
    return await store.select_last(tx, caller.id, body.agent)


async def list_inventories(
    tx: Transaction, *, caller: Caller, remoteci_id: UUID, query: ListQuery, newest: bool
) -> Page:
    """What a lab's agents told, the newest of each or all, with what it changed."""
    await labs.get_machine(tx, caller=caller, kind="remoteci", machine_id=remoteci_id)
    page = await store.select_page(tx, remoteci_id, caller.visible_teams, query, newest=newest)
    items: list[dict[str, Any]] = msgspec.json.decode(page.items)
    for item in items:
        if pair := item.get("changes"):
            item["changes"] = changes(pair["before"], pair["after"])
    return page._replace(items=msgspec.json.encode(items).decode())


async def get_job_inventory(
    tx: Transaction, *, caller: Caller, job_id: UUID, attempt: int | None
) -> str:
    """The machine that a job's attempt ran on: JSON; 404 when its agent had told nothing."""
    await jobs.require_job(tx, caller=caller, job_id=job_id)
    found = await store.select_of_job(tx, job_id, attempt, caller.visible_teams)
    if found is None:
        raise NotFound("no inventory is known of this job")
    return found


async def compare_jobs(
    tx: Transaction, *, caller: Caller, job_id: UUID, with_job_id: UUID | None
) -> dict[str, Any]:
    """How a job's machine differs from another job's; None: from that of the last good job in
    its lab. `is_known` is false when one of the two is not known."""
    await jobs.require_job(tx, caller=caller, job_id=job_id)
    if with_job_id is not None:
        await jobs.require_job(tx, caller=caller, job_id=with_job_id)
    other = with_job_id or await store.last_good(tx, job_id)
    teams = caller.visible_teams
    after = await store.select_pair(tx, job_id, teams)
    before = await store.select_pair(tx, other, teams) if other else None
    differing = changes(_tree(before), _tree(after)) if before and after else []
    return {
        "job_id": job_id,
        "with_job_id": other,
        "is_known": before is not None and after is not None,
        "differences": differing,
    }


def _tree(row: asyncpg.Record) -> dict[str, Any]:
    return {name: msgspec.json.decode(row[name]) for name in ("labels", "inventory")}
