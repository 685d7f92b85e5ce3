"""Verbs of log tails: follow a log while it is printed.

In a process one reader reads a log for all who watch it; each watcher takes chunks as fast as
it sends them, and nothing waits for it in memory. One that falls behind what is kept reads for
itself until it is back.
"""

import asyncio
import contextvars
from collections.abc import AsyncGenerator, Iterator
from contextlib import aclosing, contextmanager
from dataclasses import dataclass, field
from datetime import timedelta
from typing import NamedTuple
from uuid import UUID
from weakref import WeakKeyDictionary

from ringtest.control.accounts.model import Caller
from ringtest.control.db.notify import LIVE, Notifications
from ringtest.control.db.pool import Database
from ringtest.control.kernel.tenant import Tenant
from ringtest.control.log_tail.model import Chunk, Ring, chunk_of
from ringtest.control.logs import service as logs
from ringtest.control.logs.model import PAGE_LINES, End, LineReader, Log
from ringtest.control.ports.object_store import ObjectStore

_LOOK_SECONDS = 5.0
"""A reader looks again after this time even if nobody woke it."""
_ASK_AGAIN = timedelta(seconds=30)
"""How long a watcher may go on before it is asked again whether it may."""


class _Key(NamedTuple):
    job_id: UUID
    attempt: int


@dataclass(eq=False, slots=True)
class _Tail:
    """What is read of a log for its watchers. `moved` is set, and another one put in its place,
    when there is more or the log has ended."""

    ring: Ring
    moved: asyncio.Event = field(default_factory=asyncio.Event)
    watchers: int = 0
    over: bool = False
    failure: BaseException | None = None
    task: asyncio.Task[None] | None = None

    def move(self) -> None:
        """Wake everybody who waits."""
        moved, self.moved = self.moved, asyncio.Event()
        moved.set()


_tails: WeakKeyDictionary[Database, dict[_Key, _Tail]] = WeakKeyDictionary()


async def follow(
    db: Database,
    objects: ObjectStore,
    notifications: Notifications,
    *,
    caller: Caller,
    job_id: UUID,
    attempt: int | None,
    from_line: int,
) -> AsyncGenerator[Chunk, None]:
    """Lines as they are printed, until the attempt is over.

    Without `attempt` it is the newest one, waited for while the job is queued. An unended
    line is told when it ends, or when the attempt does. Who may not read the log any more is
    refused within half a minute.
    """
    line = from_line
    with _hearing(notifications, job_id) as wake:
        log = await logs.open_log(db, caller=caller, job_id=job_id, attempt=attempt)
        while not log.attempt and not log.ended:
            wake.clear()
            log = await logs.open_log(db, caller=caller, job_id=job_id, attempt=attempt)
            if not log.attempt and not log.ended:
                await _wait(wake, db)
    asked_at = db.clock.now()
    while not log.ended:
        with _watching(db, objects, notifications, log) as tail:
            while not tail.over:
                if db.clock.now() - asked_at >= _ASK_AGAIN:
                    asked_at = db.clock.now()
                    await logs.open_log(db, caller=caller, job_id=job_id, attempt=log.attempt)
                moved = tail.moved
                if tail.failure:
                    raise tail.failure
                if line < tail.ring.start:
                    upto = tail.ring.start
                    async with aclosing(_read(db, objects, caller.tenant, log, line, upto)) as some:
                        async for chunk in some:
                            line = chunk.end
                            yield chunk
                    line = max(line, upto)
                elif (next_one := tail.ring.after(line)) is not None:
                    line = next_one.end
                    yield next_one
                else:
                    await moved.wait()
        log = await logs.open_log(db, caller=caller, job_id=job_id, attempt=log.attempt)
    async with aclosing(_read(db, objects, caller.tenant, log, line, None)) as rest:
        async for chunk in rest:
            yield chunk


@contextmanager
def _watching(
    db: Database, objects: ObjectStore, notifications: Notifications, log: Log
) -> Iterator[_Tail]:
    """The tail of a log, begun by its first watcher and ended with its last one."""
    tails = _tails.setdefault(db, {})
    key = _Key(log.job_id, log.attempt)
    tail = tails.get(key)
    if tail is None or tail.over or tail.failure:
        tail = tails[key] = _Tail(Ring(log.line_end))
        tail.task = asyncio.create_task(
            _fill(tail, db, objects, notifications, log), context=contextvars.Context()
        )
    tail.watchers += 1
    try:
        yield tail
    finally:
        tail.watchers -= 1
        if not tail.watchers:
            if tails.get(key) is tail:
                del tails[key]
            if tail.task is not None:
                tail.task.cancel()


async def _fill(
    tail: _Tail, db: Database, objects: ObjectStore, notifications: Notifications, log: Log
) -> None:
    """Read a log for those who were let to it, with the rights of its team."""
    tenant = Tenant(teams=frozenset({log.team_id}), may_write=False)
    reader: LineReader | None = None
    seen = End()
    try:
        with _hearing(notifications, log.job_id) as wake:
            while True:
                wake.clear()
                is_over = await logs.has_ended(db, tenant=tenant, log=log)
                async with aclosing(
                    logs.pieces(
                        db, tenant, log, from_line=tail.ring.end if not reader else 0,
                        seen=seen, whole=False,
                    )
                ) as found:  # fmt: skip
                    async for piece in found:
                        reader = reader or LineReader(piece.frame.first_line, tail.ring.end)
                        seen = piece.frame.end
                        lines = list(reader.feed(await logs.read_raw(objects, piece)))
                        for chunk in _chunks(lines):
                            tail.ring.add(chunk)
                        if lines:
                            tail.move()
                if is_over:
                    tail.over = True
                    tail.move()
                    return
                await _wait(wake, db)
    except Exception as error:
        tail.failure = error
        tail.move()


async def _read(
    db: Database, objects: ObjectStore, tenant: Tenant, log: Log, line: int, upto: int | None
) -> AsyncGenerator[Chunk, None]:
    """Lines that are there, from `line` on and before `upto` (None: to the end)."""
    reader: LineReader | None = None
    async with aclosing(logs.pieces(db, tenant, log, from_line=line, whole=upto is None)) as found:
        async for piece in found:
            reader = reader or LineReader(piece.frame.first_line, line)
            lines = [
                one
                for one in reader.feed(await logs.read_raw(objects, piece))
                if upto is None or one[0] < upto
            ]
            for chunk in _chunks(lines):
                yield chunk
            if upto is not None and reader.line >= upto:
                return
    last = reader.close() if reader and upto is None else None
    if last:
        yield chunk_of(last[0], [last[1]])


def _chunks(lines: list[tuple[int, str]]) -> list[Chunk]:
    some = [lines[start : start + PAGE_LINES] for start in range(0, len(lines), PAGE_LINES)]
    return [chunk_of(part[0][0], [text for _, text in part]) for part in some]


@contextmanager
def _hearing(notifications: Notifications, job_id: UUID) -> Iterator[asyncio.Event]:
    """An event that is set when the job has printed, or may have."""
    wake = asyncio.Event()
    name = str(job_id)

    def hear(channel: str, payload: str) -> None:
        if channel == LIVE and (not payload or name in payload):
            wake.set()

    stop_hearing = notifications.subscribe(hear)
    try:
        yield wake
    finally:
        stop_hearing()


async def _wait(wake: asyncio.Event, db: Database) -> None:
    waiting = [asyncio.create_task(wake.wait()), asyncio.create_task(db.clock.sleep(_LOOK_SECONDS))]
    try:
        await asyncio.wait(waiting, return_when=asyncio.FIRST_COMPLETED)
    finally:
        for task in waiting:
            task.cancel()
