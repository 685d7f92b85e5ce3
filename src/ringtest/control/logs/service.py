"""Verbs of logs: take an agent's batch, read lines, search, follow, seal.

Reading verbs take the database and not a transaction: a log may be long, its sealed
frames lie on the object store, and a slow reader must not keep a transaction open.
"""

import asyncio
from collections.abc import AsyncIterator, Sequence
from dataclasses import dataclass, replace
from uuid import UUID

from ringtest.control.accounts.model import Caller
from ringtest.control.attempts import service as attempts
from ringtest.control.attempts.model import Move, Standing
from ringtest.control.attempts.service import Reported
from ringtest.control.db.notify import LIVE, Notifications
from ringtest.control.db.pool import Database, Transaction
from ringtest.control.db.unseen import seen
from ringtest.control.jobs import service as jobs
from ringtest.control.kernel.errors import NotFound
from ringtest.control.kernel.settings import Settings
from ringtest.control.kernel.tenant import SYSTEM
from ringtest.control.logs import model, store
from ringtest.control.logs.model import End, Frame, LineReader, Log, Piece, Record
from ringtest.control.ports.object_store import ObjectStore

_FRAMES = 16
"""Frames read from the database at once: 4 MiB raw at most."""
_HOT = 256
"""Hot frames looked at to make one sealed frame."""
_LOOK_SECONDS = 5.0
"""A follower looks again after this time even if nobody woke it."""


async def apply_records(
    tx: Transaction,
    *,
    caller: Caller,
    job_id: UUID,
    token: str,
    records: Sequence[Record],
    settings: Settings,
) -> Reported:
    """Everything an agent has to tell, at once and exactly once; none at all is a heartbeat.

    409 names the last record known when some in between never came. The log of an attempt
    that lost its job is kept all the same; the rest of what it tells is not.
    """
    held = await attempts.hold_attempt(tx, caller=caller, job_id=job_id, token=token)
    fresh = model.fresh_records(records, held.attempt.applied_seq)
    applied = fresh[-1].seq if fresh else held.attempt.applied_seq
    frames: list[Frame] = []
    moves: list[Move] = []
    if fresh:
        end = await store.select_end(tx, job_id, held.attempt.number)
        frames, moves = model.read_batch(fresh, end)
        await store.insert_frames(tx, job_id, held.job.team_id, held.attempt.number, frames)
    counts = held.standing in (Standing.OWNS, Standing.REVIVABLE)
    reported = await attempts.report(
        tx, held=held, applied_seq=applied, moves=moves if counts else (), settings=settings
    )
    if frames or moves:
        await tx.notify(LIVE, f"log {job_id}")
    return reported


# reading ------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Lines:
    """Some lines of a log; `total` counts all there are so far, an unended last one too."""

    attempt: int
    from_line: int
    lines: list[str]
    total: int
    complete: bool


@dataclass(frozen=True, slots=True)
class Matches:
    """Lines that hold what was searched; `complete` is false when the search gave up early."""

    found: list[tuple[int, str]]
    complete: bool


async def open_log(
    db: Database, *, caller: Caller, job_id: UUID, attempt: int | None = None
) -> Log:
    """The log of an attempt, the newest by default; 404 when the caller may not read it."""
    async with db.transaction(caller.tenant) as tx:
        log = await store.select_log(tx, job_id, caller.visible_teams, attempt)
        if log is None and attempt is not None:
            await jobs.require_job(tx, caller=caller, job_id=job_id)
            raise NotFound("attempt not found")
        return await seen(tx, "job", job_id, log)


async def read_lines(
    db: Database, objects: ObjectStore, *, caller: Caller, log: Log, from_line: int, limit: int
) -> Lines:
    """Up to `limit` lines from `from_line` on; fewer when they are very long."""
    reader: LineReader | None = None
    lines: list[str] = []
    size = 0
    full = False
    async for piece in _pieces(db, caller, log, from_line=from_line):
        reader = reader or LineReader(piece.frame.first_line, from_line)
        if piece.frame.line_count == 0 and reader.full:
            reader.skip(piece.byte_count)
            continue
        for _, text in reader.feed(await _raw(objects, piece)):
            lines.append(text)
            size += len(text)
            full = len(lines) >= limit or size >= model.PAGE_BYTES
            if full:
                break
        if full:
            break
    last = reader.close() if reader and not full else None
    if last:
        lines.append(last[1])
    if reader and not full:
        total = reader.lines
    else:
        total = await _total(db, objects, caller, log)
    return Lines(log.attempt, from_line, lines, total, log.ended)


async def _total(db: Database, objects: ObjectStore, caller: Caller, log: Log) -> int:
    async with db.transaction(caller.tenant) as tx:
        frame = await store.select_last(tx, log.job_id, log.attempt)
    if frame is None:
        return 0
    unended = not (await _raw(objects, Piece(frame))).endswith(b"\n")
    return frame.end.line + unended


async def stream_raw(
    db: Database, objects: ObjectStore, *, caller: Caller, log: Log
) -> AsyncIterator[bytes]:
    """The log as it was printed."""
    async for piece in _pieces(db, caller, log):
        yield await _raw(objects, piece)


async def search(
    db: Database, objects: ObjectStore, *, caller: Caller, log: Log, needle: str, limit: int
) -> Matches:
    """Lines that hold `needle`, whatever its case, in order."""
    searcher = model.Searcher(model.check_needle(needle))
    found: list[tuple[int, str]] = []
    async for piece in _pieces(db, caller, log):
        if piece.frame.byte_start >= model.SEARCH_BYTES:
            return Matches(found, complete=False)
        found.extend(searcher.feed(await _raw(objects, piece)))
        if len(found) > limit:
            return Matches(found[:limit], complete=False)
    found.extend(searcher.close())
    return Matches(found[:limit], complete=len(found) <= limit)


async def follow(
    db: Database,
    objects: ObjectStore,
    notifications: Notifications,
    *,
    caller: Caller,
    job_id: UUID,
    attempt: int | None,
    from_line: int,
) -> AsyncIterator[tuple[int, list[str]]]:
    """(number of the first, lines) as they are printed, until the attempt is over.

    Without `attempt` it is the newest one, waited for while the job is queued. An unended
    line is told when it ends, or when the attempt does.
    """
    wake = asyncio.Event()

    def hear(channel: str, payload: str) -> None:
        if channel == LIVE and (not payload or str(job_id) in payload):
            wake.set()

    stop_hearing = notifications.subscribe(hear)
    reader: LineReader | None = None
    seen = End()
    try:
        while True:
            wake.clear()
            log = await open_log(db, caller=caller, job_id=job_id, attempt=attempt)
            attempt = log.attempt or attempt
            async for piece in _pieces(db, caller, log, from_line=from_line, seen=seen):
                reader = reader or LineReader(piece.frame.first_line, from_line)
                seen = piece.frame.end
                lines = list(reader.feed(await _raw(objects, piece)))
                for start in range(0, len(lines), model.PAGE_LINES):
                    some = lines[start : start + model.PAGE_LINES]
                    yield some[0][0], [text for _, text in some]
            if log.ended:
                last = reader.close() if reader else None
                if last:
                    yield last[0], [last[1]]
                return
            await _wait(wake, db)
    finally:
        stop_hearing()


async def _wait(wake: asyncio.Event, db: Database) -> None:
    waiting = [asyncio.create_task(wake.wait()), asyncio.create_task(db.clock.sleep(_LOOK_SECONDS))]
    try:
        await asyncio.wait(waiting, return_when=asyncio.FIRST_COMPLETED)
    finally:
        for task in waiting:
            task.cancel()


async def _pieces(
    db: Database, caller: Caller, log: Log, *, from_line: int = 0, seen: End | None = None
) -> AsyncIterator[Piece]:
    """Frames in order from `from_line` on, but nothing up to `seen`. A few are read per
    transaction, and none is open while one is used."""
    seen = seen or End()
    while log.attempt:
        async with db.transaction(caller.tenant) as tx:
            frames = await store.select_frames(
                tx, log, from_line=from_line, after_seq=seen.seq, limit=_FRAMES
            )
        for frame in frames:
            yield Piece(frame, max(0, seen.byte - frame.byte_start) if seen.seq else 0)
            seen = frame.end
        if len(frames) < _FRAMES:
            return


async def _raw(objects: ObjectStore, piece: Piece) -> bytes:
    frame = piece.frame
    if frame.data is not None:
        return model.unpack(frame.data)[piece.skip :]
    assert frame.object_key is not None
    packed = b"".join([chunk async for chunk in objects.get(frame.object_key)])
    return model.unpack(packed)[piece.skip :]


# sealing ------------------------------------------------------------------------


async def list_unsealed(tx: Transaction, *, limit: int) -> list[Log]:
    """Logs of attempts that are over, with frames still in the database."""
    return await store.select_unsealed(tx, limit=limit)


async def seal_group(db: Database, objects: ObjectStore, *, log: Log) -> bool:
    """Move the first hot frames of a log to the object store; False when there are none.

    The object is written first, then rows are swapped in one transaction: wherever this
    is cut off, the log is whole, and doing it again comes to the same.
    """
    async with db.transaction(SYSTEM) as tx:
        group = model.next_group(await store.select_hot(tx, log, limit=_HOT))
    if not group:
        return False
    sealed = model.join(group, team_id=log.team_id, job_id=log.job_id, attempt=log.attempt)
    assert sealed.object_key is not None and sealed.data is not None
    await objects.put(sealed.object_key, _once(sealed.data), limit=4 * model.FRAME_BYTES)
    async with db.transaction(SYSTEM) as tx:
        hot = await store.lock_hot(tx, log, group[0].seq, group[-1].seq)
        if hot == [frame.seq for frame in group]:  # else somebody else was quicker
            await store.swap(tx, log, group, replace(sealed, data=None))
    return True


async def _once(data: bytes) -> AsyncIterator[bytes]:
    yield data
