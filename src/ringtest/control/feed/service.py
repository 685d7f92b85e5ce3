"""The feed's verbs, and the hub that tells every open stream what its caller may see."""

import asyncio
import logging
from collections.abc import AsyncGenerator, Awaitable, Callable
from contextlib import aclosing
from dataclasses import dataclass, field
from datetime import timedelta
from uuid import UUID

import asyncpg

from ringtest.control.accounts.model import Caller
from ringtest.control.db.notify import EVENTS, LIVE, Notifications
from ringtest.control.db.pool import Database, Transaction
from ringtest.control.feed import model, store
from ringtest.control.kernel.errors import RingtestError
from ringtest.control.kernel.tenant import SYSTEM, Tenant

log = logging.getLogger(__name__)

_QUEUE_LIMIT = 1000
"""Messages a slow reader may be behind before it is cut off; it resumes by its last id."""
_LIVE_PAUSE = 0.25
"""Seconds between two looks at fast-moving jobs: four movements a second are enough to see."""
_OVERLAP = timedelta(seconds=10)
_REPLAY_LIMIT = 2000


@dataclass(frozen=True, slots=True)
class Told:
    """One message of a stream. `id` is None for live movements, which are not repeated."""

    type: str
    json: str
    id: int | None = None


@dataclass(eq=False, slots=True)
class _Reader:
    tenant: Tenant
    queue: asyncio.Queue[Told] = field(default_factory=lambda: asyncio.Queue(_QUEUE_LIMIT))
    cut: asyncio.Event = field(default_factory=asyncio.Event)

    def tell(self, told: Told) -> None:
        try:
            self.queue.put_nowait(told)
        except asyncio.QueueFull:
            self.cut.set()


async def _until_cut(reader: _Reader) -> AsyncGenerator[Told, None]:
    cut = asyncio.create_task(reader.cut.wait())
    getting: asyncio.Task[Told] | None = None
    try:
        while not reader.cut.is_set():
            getting = asyncio.create_task(reader.queue.get())
            await asyncio.wait({getting, cut}, return_when=asyncio.FIRST_COMPLETED)
            if getting.done():
                yield getting.result()
    finally:
        cut.cancel()
        if getting is not None:
            getting.cancel()


async def list_events(
    tx: Transaction, *, after: int, types: list[str], limit: int
) -> tuple[str, int | None]:
    """A page of events the tenant may see, oldest first: JSON array, last id."""
    return await store.select_page(tx, after=after, types=types, limit=limit)


class Hub:
    """One per process: hears notifications, reads each event once per distinct tenant."""

    def __init__(self, db: Database, notifications: Notifications) -> None:
        self._db = db
        self._notifications = notifications
        self._readers: set[_Reader] = set()
        self._event_ids: set[int] = set()
        self._moves: set[model.LiveMove] = set()
        self._wake = asyncio.Event()
        self._live_wake = asyncio.Event()
        self._tasks: list[asyncio.Task[None]] = []
        self._unsubscribe: Callable[[], None] = lambda: None

    async def start(self) -> None:
        self._unsubscribe = self._notifications.subscribe(self._hear)
        self._tasks = [
            asyncio.create_task(self._pump(self._wake, self._tell_events, 0.0)),
            asyncio.create_task(self._pump(self._live_wake, self._tell_moves, _LIVE_PAUSE)),
        ]

    async def stop(self) -> None:
        """End every stream; readers come back with their last id."""
        self._unsubscribe()
        self._cut_all()
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)

    async def stream(self, caller: Caller, *, last_id: int | None) -> AsyncGenerator[Told, None]:
        """What the caller may see from now on, after what it missed since `last_id`.

        Ends when the server stops or the reader falls too far behind.
        """
        reader = _Reader(caller.tenant)
        self._readers.add(reader)
        try:
            if last_id is not None:
                async with self._db.transaction(caller.tenant) as tx:
                    missed = await store.select_since(
                        tx, last_id=last_id, overlap=_OVERLAP, limit=_REPLAY_LIMIT
                    )
                for number, kind, json in missed:
                    yield Told(kind, json, number)
            async with aclosing(_until_cut(reader)) as messages:
                async for told in messages:
                    yield told
        finally:
            self._readers.discard(reader)

    def _cut_all(self) -> None:
        """Something may have been missed: readers come back and resume by their last id."""
        for reader in self._readers:
            reader.cut.set()

    def _hear(self, channel: str, payload: str) -> None:
        if not self._readers:
            return
        if channel == EVENTS:
            number = model.parse_event_id(payload)
            if number is None:
                self._cut_all()
            else:
                self._event_ids.add(number)
                self._wake.set()
        elif channel == LIVE:
            move = model.parse_live(payload)
            if move is not None:
                self._moves.add(move)
                self._live_wake.set()

    async def _pump(
        self, wake: asyncio.Event, tell: Callable[[], Awaitable[None]], pause: float
    ) -> None:
        while True:
            await wake.wait()
            wake.clear()
            try:
                await tell()
            except (RingtestError, asyncpg.PostgresError):
                log.exception("feed.failed")
                self._cut_all()
            await asyncio.sleep(pause)

    async def _tell_events(self) -> None:
        ids, self._event_ids = self._event_ids, set()
        by_tenant: dict[Tenant, list[_Reader]] = {}
        for reader in self._readers:
            by_tenant.setdefault(reader.tenant, []).append(reader)
        for tenant, readers in by_tenant.items():
            async with self._db.transaction(tenant) as tx:
                events = await store.select_events(tx, sorted(ids))
            for number, kind, json in events:
                for reader in readers:
                    reader.tell(Told(kind, json, number))

    async def _tell_moves(self) -> None:
        moves, self._moves = self._moves, set()
        async with self._db.transaction(SYSTEM) as tx:
            rows = await store.select_progress(tx, sorted({move.job_id for move in moves}))
        jobs: dict[UUID, tuple[UUID, str]] = {
            row["id"]: (row["team_id"], row["progress"] or "null") for row in rows
        }
        for move in moves:
            if move.job_id not in jobs:
                continue
            team_id, progress = jobs[move.job_id]
            json = f'{{"kind":"{move.kind}","job_id":"{move.job_id}","progress":{progress}}}'
            for reader in self._readers:
                if reader.tenant.scope in ("all", "read") or team_id in reader.tenant.teams:
                    reader.tell(Told("live", json))
