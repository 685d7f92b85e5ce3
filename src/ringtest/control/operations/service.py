"""Verbs of operations: what keeps the server from being ready, its measures, forgetting."""

import asyncio
import logging
import time
from collections.abc import AsyncIterator, Awaitable
from datetime import timedelta

from ringtest.control.db import migrate
from ringtest.control.db.notify import Notifications
from ringtest.control.db.pool import Database
from ringtest.control.kernel.errors import RingtestError
from ringtest.control.kernel.events import CONSUMERS
from ringtest.control.kernel.settings import Settings
from ringtest.control.kernel.tenant import SYSTEM
from ringtest.control.operations import store
from ringtest.control.ports.object_store import ObjectStore
from ringtest.control.wire import measures

log = logging.getLogger(__name__)

_PROBE_SECONDS = 3.0
_PROBE = "health/ready"
"""Key of the object that is written to see whether objects can be."""


class Readiness:
    """Whether this process can do its work. What costs something is asked at most every
    `rest` seconds, however often somebody looks."""

    def __init__(
        self, db: Database, notifications: Notifications, objects: ObjectStore, rest: float = 5.0
    ) -> None:
        self._db = db
        self._notifications = notifications
        self._objects = objects
        self._rest = rest
        self._asked = float("-inf")
        self._missing: list[str] = []
        self._turn = asyncio.Lock()

    async def reasons(self, *, closing: bool) -> list[str]:
        """Why no request should come here; empty: it may."""
        reasons = ["the server is being stopped"] if closing else []
        if not self._notifications.connected.is_set():
            reasons.append("notifications of the database do not arrive")
        async with self._turn:
            if time.monotonic() - self._asked >= self._rest or self._missing:
                self._missing = [
                    *await _within(self._database(), "the database does not answer"),
                    *await _within(self._storage(), "objects cannot be stored"),
                ]
                self._asked = time.monotonic()
        return reasons + self._missing

    async def _database(self) -> list[str]:
        there = await store.applied_migrations(self._db)
        lacking = sorted(migrate.names() - there)
        return [f"the database lacks the migration {name}" for name in lacking]

    async def _storage(self) -> list[str]:
        await self._objects.put(_PROBE, _one(b"ok"), limit=2)
        return []


async def _one(chunk: bytes) -> AsyncIterator[bytes]:
    yield chunk


async def _within(probe: Awaitable[list[str]], otherwise: str) -> list[str]:
    """What a probe says; whatever it fails of is a reason too."""
    try:
        async with asyncio.timeout(_PROBE_SECONDS):
            return await probe
    except Exception as error:
        log.warning("health.missing %s: %r", otherwise, error)
        return [otherwise]


async def measure(db: Database) -> bytes:
    """All measures as text, those of the database asked now. A database that does not
    answer leaves its own as they were."""
    size, idle, most = db.pool_use()
    for state, number in (("open", size), ("idle", idle), ("most", most)):
        measures.POOL.labels(state).set(number)
    try:
        async with asyncio.timeout(_PROBE_SECONDS), db.transaction(SYSTEM) as tx:
            waiting = {name: (depth, age) for name, depth, age in await store.count_waiting(tx)}
            jobs = await store.count_jobs(tx)
    except (RingtestError, TimeoutError):
        return measures.text()
    for consumer in {*CONSUMERS, *waiting}:
        depth, age = waiting.get(consumer, (0, 0.0))
        measures.QUEUE_DEPTH.labels(consumer).set(depth)
        measures.QUEUE_AGE.labels(consumer).set(age)
    for phase in ("queued", "running"):
        measures.JOBS.labels(phase).set(jobs.get(phase, 0))
    return measures.text()


async def forget_old(db: Database, *, settings: Settings) -> int:
    """Drop a batch of what is older than the settings say; how many rows went."""
    async with db.transaction(SYSTEM) as tx:
        gone = await store.drop_keys(tx, tx.now - timedelta(hours=settings.key_hours))
        if settings.audit_days:
            gone += await store.drop_audits(tx, tx.now - timedelta(days=settings.audit_days))
    return gone
