"""Verbs of log search. Frames are unpacked and searched in a thread, a few at a time; between
two such steps others get their turn, and a search whose reader left is over."""

import asyncio
import time
from collections.abc import AsyncGenerator, AsyncIterator, Sequence
from contextlib import aclosing
from dataclasses import dataclass, field
from typing import Any

from ringtest.control.accounts.model import Caller
from ringtest.control.db.pool import Database
from ringtest.control.jobs import service as jobs
from ringtest.control.kernel.errors import NotFound, Unauthorised
from ringtest.control.kernel.paging import ListQuery
from ringtest.control.log_search import model, store
from ringtest.control.log_search.model import Head, Match, Question, Scanner
from ringtest.control.logs import service as logs
from ringtest.control.logs.model import Log, Piece, Unpacker
from ringtest.control.ports.object_store import ObjectStore

_BATCH = 16
"""Frames of a step: 4 MiB at most."""
_TOLD_SECONDS = 0.5
_turns = asyncio.Semaphore(2)
"""Steps at a time in a process: searches share the processor with everything else."""


@dataclass(slots=True)
class Budget:
    """What a search may read and take, and has so far."""

    bytes_left: int = model.SEARCH_BYTES
    seconds_left: float = model.SEARCH_SECONDS
    read: int = 0

    @property
    def over(self) -> str:
        """Which limit is reached; empty: none."""
        if self.bytes_left <= 0:
            return "bytes"
        return "time" if self.seconds_left <= 0 else ""


@dataclass(slots=True)
class Matches:
    """Lines that fit. `stopped` says which limit ended the search: matches, bytes, time."""

    found: list[Match] = field(default_factory=list)
    stopped: str = ""


async def search_log(
    db: Database,
    objects: ObjectStore,
    *,
    caller: Caller,
    log: Log,
    question: Question,
    limit: int,
    from_line: int = 0,
    to_line: int | None = None,
) -> Matches:
    """Lines of one log that fit, in order."""
    budget = Budget()
    scanner = Scanner(question, limit + 1, wanted=from_line, until=to_line)
    matches = Matches()
    async with aclosing(_scan(db, objects, caller, log, scanner, budget)) as steps:
        async for some in steps:
            matches.found += some
    if len(matches.found) > limit:
        return Matches(matches.found[:limit], "matches")
    matches.stopped = budget.over
    return matches


async def _scan(
    db: Database,
    objects: ObjectStore,
    caller: Caller,
    log: Log,
    scanner: Scanner,
    budget: Budget,
) -> AsyncGenerator[list[Match], None]:
    """What each step finds, until the log ends, the scanner is full or a limit is reached."""
    unpacker = Unpacker()
    is_first = True
    async with aclosing(logs.pieces(db, caller.tenant, log, from_line=scanner.wanted)) as pieces:
        async for batch in _batches(pieces):
            if is_first:
                scanner.line, is_first = batch[0].frame.first_line, False
            async with _turns:
                packed = await asyncio.gather(
                    *(logs.read_packed(objects, piece.frame) for piece in batch)
                )
                found, seconds = await asyncio.to_thread(_step, scanner, unpacker, batch, packed)
            size = sum(piece.byte_count for piece in batch)
            budget.read += size
            budget.bytes_left -= size
            budget.seconds_left -= seconds
            yield found
            if scanner.full or budget.over:
                break
    yield list(scanner.close())


async def _batches(pieces: AsyncIterator[Piece]) -> AsyncIterator[list[Piece]]:
    batch: list[Piece] = []
    async for piece in pieces:
        batch.append(piece)
        if len(batch) == _BATCH:
            yield batch
            batch = []
    if batch:
        yield batch


def _step(
    scanner: Scanner, unpacker: Unpacker, pieces: Sequence[Piece], packed: Sequence[bytes]
) -> tuple[list[Match], float]:
    """In a thread: what is found, and the processor time it took."""
    began = time.thread_time()
    found: list[Match] = []
    for piece, data in zip(pieces, packed, strict=True):
        raw = unpacker.unpack(data)
        if piece.skip:
            found += scanner.feed(raw[piece.skip :])
        else:
            found += scanner.feed(raw, piece.frame.line_count)
        if scanner.full:
            break
    return found, time.thread_time() - began


@dataclass(frozen=True, slots=True)
class Told:
    """One message of a search over many jobs: matches, progress or end."""

    event: str
    data: dict[str, Any]


@dataclass(frozen=True, slots=True)
class Asked:
    """A search over the newest `jobs` jobs that fit `query`: at most `per_job` lines of each."""

    question: Question
    query: ListQuery
    jobs: int
    per_job: int


async def find_jobs(db: Database, *, caller: Caller, asked: Asked) -> list[Head]:
    """The jobs to search, one more than asked for if there are more."""
    async with db.transaction(caller.tenant) as tx:
        conditions = jobs.list_conditions(caller=caller, query=asked.query)
        return await store.select_heads(tx, conditions, asked.jobs + 1)


async def search_jobs(
    db: Database,
    objects: ObjectStore,
    *,
    caller: Caller,
    heads: Sequence[Head],
    asked: Asked,
) -> AsyncGenerator[Told, None]:
    """Matches job by job, how far the search is, and how it ended."""
    most = heads[: asked.jobs]
    found = done = read = 0
    seconds_left, stopped, said = model.SEARCH_SECONDS, "", time.monotonic()
    for head in most:
        budget = Budget(min(model.JOB_BYTES, model.SEARCH_BYTES - read), seconds_left)
        scanner = Scanner(asked.question, min(asked.per_job, model.MATCHES - found))
        try:
            log = await logs.open_log(db, caller=caller, job_id=head.id)
        except (NotFound, Unauthorised):
            done += 1  # it went, or left the caller's team, a moment ago
            continue
        async with aclosing(_scan(db, objects, caller, log, scanner, budget)) as steps:
            async for some in steps:
                if some:
                    yield Told("matches", _matches(head, log, some))
                    found += len(some)
                if time.monotonic() - said >= _TOLD_SECONDS:
                    said = time.monotonic()
                    yield Told("progress", _progress(done, most, read + budget.read))
        read, seconds_left, done = read + budget.read, budget.seconds_left, done + 1
        stopped = _stopped(found, read, seconds_left)
        if stopped:
            break
    stopped = stopped or ("jobs" if len(heads) > len(most) else "")
    yield Told("progress", _progress(done, most, read))
    told = {"complete": not stopped, "stopped": stopped or None, "matches": found}
    yield Told("end", {**told, "message": _ENDS[stopped].format(jobs=asked.jobs)})


def _stopped(found: int, read: int, seconds_left: float) -> str:
    if found >= model.MATCHES:
        return "matches"
    if read >= model.SEARCH_BYTES:
        return "bytes"
    return "time" if seconds_left <= 0 else ""


_ENDS = {
    "": "every log was searched",
    "matches": f"stopped after {model.MATCHES} lines: search for something rarer",
    "bytes": f"stopped after {model.SEARCH_BYTES >> 20} MiB of logs: name fewer jobs",
    "time": f"stopped after {model.SEARCH_SECONDS:g} s of work: name fewer jobs",
    "jobs": "only the first {jobs} jobs were searched: narrow the query, or ask for more",
}


def _matches(head: Head, log: Log, some: Sequence[Match]) -> dict[str, Any]:
    return {
        "job_id": head.id,
        "name": head.name,
        "created_at": head.created_at,
        "attempt": log.attempt,
        "matches": shown(some, context=True),
    }


def shown(some: Sequence[Match], *, context: bool) -> list[dict[str, Any]]:
    """Matches as the wire has them."""
    return [
        {"line": one.line, "text": one.text}
        | ({"before": one.before, "after": one.after} if context else {})
        for one in some
    ]


def _progress(done: int, heads: Sequence[Head], read: int) -> dict[str, Any]:
    return {"jobs_done": done, "jobs": len(heads), "bytes": read}
