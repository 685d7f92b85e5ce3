"""Verbs of objects that go: told to, or found without a row."""

import logging
from collections.abc import Sequence
from datetime import timedelta
from itertools import islice

from ringtest.control.db.pool import Database, Transaction
from ringtest.control.kernel.errors import NotFound, Unavailable
from ringtest.control.kernel.tenant import SYSTEM
from ringtest.control.objects import store
from ringtest.control.objects.model import GRACE_SECONDS, beside, is_left_over, owner_of
from ringtest.control.ports.object_store import Listed, ObjectStore

log = logging.getLogger(__name__)

_BATCH = 100
_PAGE = 1000
_PAUSE = timedelta(minutes=10)
"""What is not done by then is taken over."""
_ROUND = timedelta(hours=24)
"""From the end of one search through the whole store to the beginning of the next."""


async def forget_objects(tx: Transaction, *, keys: Sequence[str]) -> None:
    """Objects whose rows go in this transaction: they are deleted once it has committed."""
    if keys:
        await store.add(tx, keys)


async def leave_for(objects: ObjectStore, *, own: str, shared: str, size: int) -> bool:
    """What was stored as `own` has been there already, as `shared`: `own` goes. False, and
    nothing is done, when the other object is not there as a whole."""
    try:
        last = [part async for part in objects.get(shared, start=max(0, size - 1))]
        if not any(last) and size:
            return False
        await objects.delete(own)
    except NotFound:
        return False
    except Unavailable:
        pass  # the search for left-over objects finds it
    return True


async def delete_forgotten(db: Database, objects: ObjectStore) -> int:
    """Delete some forgotten objects; how many. One that a row names again stays."""
    async with db.transaction(SYSTEM) as tx:
        keys = await store.claim(tx, limit=_BATCH, pause=_PAUSE)
        used = await store.in_use(tx, [owner_of(key) for key in keys]) if keys else frozenset()
    for key in keys:
        if owner_of(key) not in used:
            for gone in (*beside(key), key):
                await objects.delete(gone)
    if keys:
        async with db.transaction(SYSTEM) as tx:
            await store.remove(tx, keys)
    return len(keys)


async def sweep(db: Database, objects: ObjectStore, *, grace: float = GRACE_SECONDS) -> int:
    """Look at one page of all objects and forget those that a crash left without a row.

    0 when the store was looked through, or when it is not yet time to begin again.
    """
    async with db.transaction(SYSTEM) as tx:
        after = await store.claim_sweep(tx, pause=_PAUSE)
    if after is None:
        return 0
    page: list[Listed] = []
    async for one in objects.list(after):
        page.append(one)
        if len(page) == _PAGE:
            break
    old = [one.key for one in page if is_left_over(one.key, one.age, grace=grace)]
    is_last = len(page) < _PAGE
    async with db.transaction(SYSTEM) as tx:
        used = await store.in_use(tx, [owner_of(key) for key in old]) if old else frozenset()
        lost = [key for key in old if owner_of(key) not in used]
        await forget_objects(tx, keys=lost)
        await store.save_sweep(
            tx,
            after="" if is_last else page[-1].key,
            wait=_ROUND if is_last else timedelta(0),
            found=len(lost),
        )
    if lost:
        log.warning("objects.left_over count=%d like=%s", len(lost), list(islice(lost, 3)))
    return 0 if is_last else 1
