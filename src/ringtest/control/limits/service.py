"""Verbs of limits: close what fails too often, spend allowances, refuse what was used."""

import asyncio
import logging
from collections.abc import Sequence
from datetime import datetime, timedelta

from ringtest.control.db.pool import Database
from ringtest.control.kernel.errors import (
    BadRequest,
    TooManyRequests,
    Unauthorised,
    Unavailable,
)
from ringtest.control.kernel.settings import Settings
from ringtest.control.limits import store
from ringtest.control.limits.model import MERGE_SECONDS, Bound, Buckets, seconds, wait_seconds

log = logging.getLogger(__name__)


async def require_open(
    db: Database, bounds: Sequence[Bound], settings: Settings, *, pending: int = 0
) -> bool:
    """401 with `retry_after` when too many failed. True when anybody failed at all."""
    now, window = db.clock.now(), timedelta(seconds=settings.login_window_seconds)
    failures = await store.failures(db, [bound.key for bound in bounds], now - window)
    wait = wait_seconds(bounds, failures, pending=pending, window=window, now=now)
    if wait:
        raise Unauthorised(f"too many failed logins; try again in {wait} s", retry_after=wait)
    return bool(failures)


async def note_failure(db: Database, bounds: Sequence[Bound], settings: Settings) -> int:
    """Count a failure against every bound; how many seconds it closed one for, else 0."""
    now, window = db.clock.now(), timedelta(seconds=settings.login_window_seconds)
    failures = await store.add_failure(db, [bound.key for bound in bounds], now, now - window)
    return wait_seconds(bounds, failures, window=window, now=now)


async def forgive(db: Database, bound: Bound) -> None:
    """It was right in the end: failures of this bound no longer count."""
    await store.forgive(db, bound.key)


async def require_unused(db: Database, digest: bytes, until: datetime) -> None:
    """400 when this signature came before. It is forgotten when it is too old anyway."""
    if not await store.is_first(db, digest, until):
        raise BadRequest("HmacMechanism failed: this signature was used already; sign anew")


async def forget(db: Database, settings: Settings) -> int:
    """Remove counted failures, buckets, signatures, sessions, tokens and keys that are over."""
    now = db.clock.now()
    return await store.forget(db, now, now - timedelta(seconds=settings.login_window_seconds))


class Allowances:
    """Token buckets of this process, settled with those of the others.

    A process decides by its own buckets and settles once a second at most, and only keys
    that took a twentieth of a bucket since. So n processes together may give out too much:
    at most (n - 1) times a twentieth of a bucket, and what they gave within that second.
    """

    def __init__(self) -> None:
        self._buckets = Buckets()
        self._settled = 0.0
        self._settling: asyncio.Task[None] | None = None

    def take(self, db: Database, key: str, per_minute: int) -> int:
        """How many requests are left after this one; 429 with `retry_after` when none was."""
        now = db.clock.now()
        at = seconds(now)
        left, wait = self._buckets.take(key, per_minute, at)
        if self._buckets.unsettled and abs(at - self._settled) >= MERGE_SECONDS:
            self._begin_to_settle(db, now)
        if wait:
            after = int(wait) + 1
            raise TooManyRequests(
                f"too many requests; try again in {after} s",
                retry_after=after,
                limit_per_minute=per_minute,
            )
        return left

    def _begin_to_settle(self, db: Database, now: datetime) -> None:
        if self._settling is None:
            self._settled = seconds(now)
            self._settling = asyncio.create_task(self.settle(db))
            self._settling.add_done_callback(self._end)

    def _end(self, _: asyncio.Task[None]) -> None:
        self._settling = None

    async def settle(self, db: Database) -> None:
        """Tell the others what was given out here, learn what they gave."""
        spent = self._buckets.spent()
        if not spent:
            return
        try:
            self._buckets.settle(await store.spend(db, spent, db.clock.now()))
        except Unavailable:
            log.warning("limits.unsettled the database is away; each process counts alone")
