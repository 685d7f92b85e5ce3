"""Verbs of tallies: shapes of runs, months with tables of their own, counting what waits."""

import logging
from collections.abc import Sequence
from datetime import date
from uuid import UUID

import asyncpg

from ringtest.control.db.pool import Database, Transaction
from ringtest.control.kernel.errors import BadRequest, Unavailable
from ringtest.control.kernel.tenant import SYSTEM
from ringtest.control.tallies import store
from ringtest.control.tallies.model import Shape, due, kept_since, months_from, shape_of

log = logging.getLogger(__name__)

_READY = 3
"""Months that have tables of their own before their first result comes: this one and the next
two."""
_BATCH = 50
"""Results counted later in one transaction: their topics take no others meanwhile."""
_DROPPED = 12
"""Months dropped in one transaction: each takes a lock on some fifty tables and indexes."""
_FORGOTTEN = 200
"""Results forgotten one by one in one transaction."""


async def keep_shape(tx: Transaction, *, team_id: UUID, plan_id: UUID, shape: Shape) -> None:
    """Remember a shape before the first result of it is added."""
    await store.insert_shapes(tx, [team_id], [plan_id], [shape])


async def ready_months(db: Database) -> int:
    """See to it that this month and the next two have tables of their own; how many got them.

    A month that cannot be had at once (somebody writes for long) is left for the next time.
    """
    async with db.transaction(SYSTEM) as tx:
        there = set(await store.select_months(tx))
        wanted = [month for month in months_from(tx.now.date(), _READY) if month not in there]
    added = 0
    for month in wanted:
        try:
            async with db.transaction(SYSTEM) as tx:
                added += await store.add_month(tx, month)
        except Unavailable:
            log.info("tallies.month_waits %s", month)
    return added


async def retire(db: Database, *, keep_months: int, archived: bool = False) -> int:
    """Forget results of months that are kept no longer; months, or results, that went.

    What lies in no month's table goes one by one. Files and jobs stay. 0 keeps for ever. With
    `archived` nothing goes that is not in a file of the archive.
    """
    if not keep_months:
        return 0
    async with db.transaction(SYSTEM) as tx:
        since = kept_since(tx.now.date(), keep_months)
        months = due(await store.select_months(tx), since)
        if archived:
            months = await store.select_archived(tx, months)
    if months:
        try:
            async with db.transaction(SYSTEM) as tx:
                return await _drop(tx, months[:_DROPPED], archived)
        except Unavailable:
            log.info("tallies.months_wait %s", months)
            return 0
    async with db.transaction(SYSTEM) as tx:
        return await store.delete_before(tx, since, _FORGOTTEN, archived=archived)


async def _drop(tx: Transaction, months: Sequence[date], archived: bool) -> int:
    """Drop months. Nobody writes results once they are locked: what came until then and is in
    no file keeps them."""
    dropped = await store.drop_months(tx, months)
    if archived and await store.select_archived(tx, months) != list(months):
        raise Unavailable("results came that are not archived")
    return dropped


async def are_retired(tx: Transaction, *, job_id: UUID, attempt: int | None) -> bool:
    """Whether a job's attempt (None: the last) that has no results had some, of a month that
    is kept no longer."""
    return await store.select_retired(tx, job_id, attempt)


async def archived_month(tx: Transaction, *, job_id: UUID, attempt: int | None) -> str | None:
    """The month (2026-03) of the archive that has the results of a job's attempt (None: the
    last), if any does."""
    return await store.select_archived_month(tx, job_id, attempt)


async def require_kept(tx: Transaction, *, file_id: UUID) -> None:
    """BadRequest that says so when a file without results had some, which are kept no longer."""
    if await store.select_file_retired(tx, file_id):
        raise BadRequest("the results in this file are kept no longer; the file is", retired=True)


async def count_waiting(db: Database) -> int:
    """Count results that wait for it: those stored before there were tallies, imported ones,
    those of jobs that came back; and take out what was archived with many others. One batch
    in a transaction of its own; 0 when none waits."""
    async with db.transaction(SYSTEM) as tx:
        taken = await store.take_waiting(tx, _BATCH)
        changed = [row for row in taken if row["id"] and row["is_live"] != row["is_counted"]]
        await store.hold_topics(
            tx, [row["topic_id"] for row in changed], [row["team_id"] for row in changed]
        )
        await store.set_uncounted(tx, [row for row in changed if row["is_counted"]])
        await _count(tx, [row for row in changed if row["is_live"]])
    return len(taken)


async def _count(tx: Transaction, found: Sequence[asyncpg.Record]) -> None:
    """Results become part of the tallies, with the shapes of those that have cases."""
    planned = [row for row in found if row["plan_id"]]
    shapes = {row["id"]: shape_of(row["outcomes"], row["digest"]) for row in planned}
    await store.insert_shapes(
        tx,
        [row["team_id"] for row in planned],
        [row["plan_id"] for row in planned],
        list(shapes.values()),
    )
    ids = [shapes[row["id"]].id if row["id"] in shapes else None for row in found]
    await store.set_counted(tx, found, ids)
