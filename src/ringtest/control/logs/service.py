"""Verbs of logs: append frames, read lines, bytes and marks, seal.

Reading verbs take the database and not a transaction: a log may be long, its sealed
frames lie on the object store, and a slow reader must not keep a transaction open.
"""

import asyncio
import zlib
from collections.abc import AsyncGenerator, AsyncIterator, Sequence
from contextlib import aclosing
from dataclasses import dataclass, replace
from datetime import datetime
from uuid import UUID

from ringtest.control.accounts.model import Caller
from ringtest.control.db.pool import Database, Transaction
from ringtest.control.db.unseen import seen
from ringtest.control.jobs import service as jobs
from ringtest.control.kernel.errors import NotFound
from ringtest.control.kernel.tenant import SYSTEM, Tenant
from ringtest.control.logs import model, store
from ringtest.control.logs.model import End, Frame, LineReader, Log, Piece
from ringtest.control.ports.object_store import ObjectStore

_FRAMES = 16
"""Frames read from the database at once: 4 MiB raw at most."""
_HOT = 256
"""Hot frames looked at to make one sealed frame."""


async def append(
    tx: Transaction, *, job_id: UUID, team_id: UUID, attempt: int, frames: Sequence[Frame]
) -> None:
    """The next frames of a log; whoever appends holds its job."""
    await store.insert_frames(tx, job_id, team_id, attempt, frames)


# reading ------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Lines:
    """Some lines of a log; `total` counts all there are so far, an unended last one too."""

    attempt: int
    from_line: int
    lines: list[str]
    total: int
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


async def has_ended(db: Database, *, tenant: Tenant, log: Log) -> bool:
    """Whether the attempt is over, asked with the rights of whoever reads for several."""
    async with db.transaction(tenant) as tx:
        found = await store.select_log(tx, log.job_id, None, log.attempt)
    if found is None:
        raise NotFound("job not found")
    return found.ended


async def read_lines(
    db: Database,
    objects: ObjectStore,
    *,
    caller: Caller,
    log: Log,
    from_line: int,
    limit: int,
    to_line: int | None = None,
) -> Lines:
    """Up to `limit` lines from `from_line` on, and before `to_line`; fewer when they are very
    long."""
    most = limit if to_line is None else max(0, min(limit, to_line - from_line))
    reader: LineReader | None = None
    lines: list[str] = []
    size = 0
    full = most == 0
    async with aclosing(pieces(db, caller.tenant, log, from_line=from_line)) as found:
        async for piece in found:
            reader = reader or LineReader(piece.frame.first_line, from_line)
            if full:
                break
            if piece.frame.line_count == 0 and reader.full:
                reader.skip(piece.byte_count)
                continue
            for _, text in reader.feed(await read_raw(objects, piece)):
                lines.append(text)
                size += len(text)
                full = len(lines) >= most or size >= model.PAGE_BYTES
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


async def line_of_moment(db: Database, *, caller: Caller, log: Log, moment: datetime) -> int | None:
    """The first line that came at `moment` or later; None: none did yet."""
    async with db.transaction(caller.tenant) as tx:
        frame = await store.select_moment(tx, log, moment)
    return model.line_at(frame, moment) if frame else None


async def read_span(
    db: Database,
    *,
    caller: Caller,
    log: Log,
    from_line: int,
    to_line: int | None,
    from_time: datetime | None,
    to_time: datetime | None,
) -> tuple[int, int | None]:
    """First line and end (exclusive; None: no end) of what lies within lines and times. What
    comes later than `to_time` may not have come yet."""
    if from_time is not None:
        line = await line_of_moment(db, caller=caller, log=log, moment=from_time)
        from_line = max(from_line, 2**62 if line is None else line)
    if to_time is not None:
        line = await line_of_moment(db, caller=caller, log=log, moment=to_time)
        to_line = min(one for one in (line, to_line, 2**62) if one is not None)
    return from_line, to_line


async def get_marks(db: Database, *, caller: Caller, log: Log) -> str:
    """Stages and steps with their first lines, the first error line of each stage: JSON."""
    async with db.transaction(caller.tenant) as tx:
        return await store.select_marks(tx, log)


async def _total(db: Database, objects: ObjectStore, caller: Caller, log: Log) -> int:
    async with db.transaction(caller.tenant) as tx:
        frame = await store.select_last(tx, log.job_id, log.attempt)
    if frame is None:
        return int(bool(log.shown))
    unended = bool(log.shown) or not (await read_raw(objects, Piece(frame))).endswith(b"\n")
    return frame.end.line + unended


async def stream_raw(
    db: Database,
    objects: ObjectStore,
    *,
    caller: Caller,
    log: Log,
    start: int = 0,
    end: int | None = None,
) -> AsyncIterator[bytes]:
    """The log as it was printed, or its bytes from `start` to `end` (exclusive)."""
    async with aclosing(pieces(db, caller.tenant, log, from_byte=start)) as found:
        async for piece in found:
            at = piece.frame.byte_start + piece.skip
            if end is not None and at >= end:
                return
            raw = await read_raw(objects, piece)
            yield raw[max(0, start - at) : None if end is None else end - at]


async def stream_gzip(chunks: AsyncIterator[bytes]) -> AsyncIterator[bytes]:
    """The same bytes as a gzip file."""
    packer = zlib.compressobj(6, wbits=31)
    async for chunk in chunks:
        packed = await asyncio.to_thread(packer.compress, chunk)
        if packed:
            yield packed
    yield packer.flush()


async def pieces(
    db: Database,
    tenant: Tenant,
    log: Log,
    *,
    from_line: int = 0,
    from_byte: int = 0,
    seen: End | None = None,
    whole: bool = True,
) -> AsyncGenerator[Piece, None]:
    """Frames in order from a line or byte on, but nothing up to `seen`. A few are read per
    transaction, and none is open while one is used. With `whole`, what is held back of the last
    line comes at the end as far as it may be shown."""
    seen = seen or End()
    while log.attempt:
        async with db.transaction(tenant) as tx:
            frames = await store.select_frames(
                tx, log, from_line=from_line, from_byte=from_byte, after_seq=seen.seq, limit=_FRAMES
            )
        for frame in frames:
            yield Piece(frame, max(0, seen.byte - frame.byte_start) if seen.seq else 0)
            seen = frame.end
        if len(frames) < _FRAMES:
            break
    if whole and log.shown and from_byte <= log.byte_end:
        async for piece in _shown(db, tenant, log, seen):
            yield piece


async def _shown(db: Database, tenant: Tenant, log: Log, seen: End) -> AsyncIterator[Piece]:
    """What was held back when the log was opened, unless it has come in frames since."""
    if not seen.seq and log.byte_end:
        async with db.transaction(tenant) as tx:
            last = await store.select_last(tx, log.job_id, log.attempt)
        seen = last.end if last else seen
    if seen.byte == log.byte_end:
        for frame in model.make_frames(log.shown, None, seen):
            yield Piece(frame)


async def read_raw(objects: ObjectStore, piece: Piece) -> bytes:
    """The bytes of a piece."""
    return model.unpack(await read_packed(objects, piece.frame))[piece.skip :]


async def read_packed(objects: ObjectStore, frame: Frame) -> bytes:
    """A frame as it is stored, compressed."""
    if frame.data is not None:
        return frame.data
    assert frame.object_key is not None
    return b"".join([chunk async for chunk in objects.get(frame.object_key)])


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
        hot = await store.select_hot(tx, log, limit=_HOT, most=model.FRAME_BYTES)
        group = model.next_group(hot)
    if not group:
        return False
    sealed = model.join(group, team_id=log.team_id, job_id=log.job_id, attempt=log.attempt)
    assert sealed.object_key is not None and sealed.data is not None
    await objects.put(sealed.object_key, _once(sealed.data), limit=4 * model.FRAME_BYTES)
    async with db.transaction(SYSTEM) as tx:
        held = await store.lock_hot(tx, log, group[0].seq, group[-1].seq)
        if held == [frame.seq for frame in group]:  # else somebody else was quicker
            await store.swap(tx, log, group, replace(sealed, data=None))
    return True


async def _once(data: bytes) -> AsyncIterator[bytes]:
    yield data
