"""Verbs of purges: list what is archived, ask for its removal, do it batch by batch."""

import asyncio
import contextvars
import time
from collections.abc import Mapping
from datetime import timedelta
from uuid import UUID

import asyncpg

from ringtest.control.accounts import service as accounts
from ringtest.control.accounts.model import Caller, permit
from ringtest.control.db import rows
from ringtest.control.db.pool import Database, Transaction
from ringtest.control.kernel.errors import NotFound
from ringtest.control.kernel.paging import ListQuery
from ringtest.control.kernel.tenant import SYSTEM, Tenant
from ringtest.control.purge import model, store

_PATIENCE = 20.0
"""Seconds that a request works on its purge itself; the loop goes on with the rest."""
_TRIES = 5
_MET = (asyncpg.DeadlockDetectedError, NotFound)
"""Somebody else works on the same rows, or added one under a row that goes: do it again."""


async def list_archived(
    tx: Transaction, *, caller: Caller, kind: str, query: ListQuery
) -> rows.Page:
    """A page of what a purge of `kind` would remove, for super administrators."""
    permit(caller.is_super_admin)
    return await store.select_archived(tx, kind, query)


async def list_purges(tx: Transaction, *, caller: Caller, query: ListQuery) -> rows.Page:
    """A page of purges and how far they are, for super administrators."""
    permit(caller.is_super_admin)
    return await store.select_purges(tx, query)


async def ask(tx: Transaction, *, caller: Caller, kind: str) -> UUID:
    """Ask for the removal of what is archived by now. It happens, even after a restart."""
    permit(caller.is_super_admin)
    await accounts.add_audit(tx, caller=caller, action=f"purge_{kind}")
    return await store.insert_purge(tx, kind, tx.now, caller.id)


async def ask_for_old(tx: Transaction, *, retention: Mapping[str, timedelta]) -> int:
    """Ask for the removal of what was archived longer ago than it is kept; kinds that are due."""
    due = [
        (kind, tx.now - kept)
        for kind, kept in retention.items()
        if await store.is_due(tx, kind, tx.now - kept)
    ]
    for kind, before in due:
        await store.insert_purge(tx, kind, before, None)
    return len(due)


async def work_on(db: Database, *, tenant: Tenant, purge_id: UUID) -> None:
    """Batch after batch of one purge until it is finished, or patience is over.

    Outside of the request's context: with an Idempotency-Key all that a request does is one
    transaction, which batches must not be. The purge itself is in it then, and the loop's.
    """
    work = _work(db, tenant, purge_id)
    await asyncio.create_task(work, context=contextvars.Context())


async def _work(db: Database, tenant: Tenant, purge_id: UUID) -> None:
    end = time.monotonic() + _PATIENCE
    while time.monotonic() < end and await next_batch(db, tenant=tenant, purge_id=purge_id):
        pass


async def next_batch(db: Database, *, tenant: Tenant = SYSTEM, purge_id: UUID | None = None) -> int:
    """One batch of an open purge in a transaction of its own; 0 when none is open."""
    for attempt in range(1, _TRIES + 1):
        try:
            async with db.transaction(tenant) as tx:
                return await _batch(tx, purge_id)
        except _MET:
            if attempt == _TRIES:
                raise
    return 0


async def _batch(tx: Transaction, purge_id: UUID | None) -> int:
    purge = await store.lock_open(tx, purge_id)
    if purge is None:
        return 0
    for step in store.STEPS[purge.kind]:
        removed = await store.remove_batch(tx, step, purge.before, model.BATCH)
        if removed:
            await store.note(tx, purge.id, removed, finished=False)
            return removed
    await store.note(tx, purge.id, 0, finished=True)
    return 1
