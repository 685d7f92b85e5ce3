"""Routes of logs, and of the batches that agents send."""

import asyncio
from collections.abc import AsyncIterator
from typing import Any

import msgspec
from litestar import Request, Response, get, post
from litestar.di import NamedDependency as Injected
from litestar.params import FromPath
from litestar.response import Stream

from ringtest.control.accounts.model import Caller
from ringtest.control.db.notify import Notifications
from ringtest.control.db.pool import Database
from ringtest.control.kernel.errors import BadRequest, PreconditionFailed, Unavailable
from ringtest.control.kernel.ids import parse_id
from ringtest.control.kernel.paging import refuse_unknown
from ringtest.control.kernel.settings import Settings
from ringtest.control.logs import model, service
from ringtest.control.logs.model import Record, Records
from ringtest.control.ports.object_store import ObjectStore
from ringtest.control.wire import answers, bodies, requests, sse

Http = Request[Any, Any, Any]

_records = msgspec.json.Decoder(Records)


def _read_records(body: bytes) -> list[Record]:
    try:
        return _records.decode(body or b'{"records":[]}').records
    except RecursionError:
        raise bodies.malformed(["nested too deeply"]) from None
    except (msgspec.MsgspecError, ValueError) as error:
        raise bodies.malformed([str(error)]) from None


@post(
    "/jobs/{job_id:str}/records",
    status_code=200,
    summary="What an agent has to tell of a job",
    body=Records,
    audited=False,  # what a machine says every few seconds; the job's history is its record
)
async def apply_records(
    job_id: FromPath[str],
    request: Http,
    db: Injected[Database],
    caller: Injected[Caller],
    settings: Injected[Settings],
) -> Response[bytes]:
    """Header `X-Ringtest-Lease` names the attempt; an empty list is a heartbeat."""
    token = request.headers.get("x-ringtest-lease")
    if token is None:
        raise PreconditionFailed("the header X-Ringtest-Lease is required")
    records = _read_records(await request.body())
    async with db.transaction(caller.tenant) as tx:
        reported = await service.apply_records(
            tx,
            caller=caller,
            job_id=parse_id(job_id, "job"),
            token=token,
            records=records,
            settings=settings,
        )
    return answers.raw(answers.encode(reported))


class _Asked:
    """Query parameters of a log route: a closed set, whole numbers in bounds."""

    def __init__(self, request: Http, *names: str) -> None:
        self._given = requests.parameters(request)
        refuse_unknown(self._given, {*names, "attempt"})
        self.attempt = self.number("attempt", 0, least=1, most=2**31 - 1) or None

    def number(self, name: str, default: int, *, least: int, most: int) -> int:
        text = self._given.get(name)
        if text is None:
            return default
        if not (text.isascii() and text.isdigit()) or len(text) > 18 or int(text) < least:
            raise BadRequest(f"{name} must be a whole number of at least {least}")
        return min(int(text), most)

    def text(self, name: str) -> str:
        return self._given.get(name, "")


@get("/jobs/{job_id:str}/log", summary="Lines of a job's log")
async def read_log(
    job_id: FromPath[str],
    request: Http,
    db: Injected[Database],
    caller: Injected[Caller],
    objects: Injected[ObjectStore],
) -> Response[bytes]:
    """`attempt` (default: the newest), `from_line` (from 0), `limit` (≤ 5000). Fewer lines
    come when they are very long: go on from `from_line` + the number that came."""
    asked = _Asked(request, "from_line", "limit")
    log = await service.open_log(
        db, caller=caller, job_id=parse_id(job_id, "job"), attempt=asked.attempt
    )
    read = await service.read_lines(
        db,
        objects,
        caller=caller,
        log=log,
        from_line=asked.number("from_line", 0, least=0, most=2**62),
        limit=asked.number("limit", 1000, least=1, most=model.PAGE_LINES),
    )
    shown = {
        "attempt": read.attempt,
        "from_line": read.from_line,
        "lines": read.lines,
        "total_lines": read.total,
        "complete": read.complete,
    }
    return answers.raw(answers.encode({"log": shown}))


@get("/jobs/{job_id:str}/log/raw", summary="A job's log as it was printed")
async def download_log(
    job_id: FromPath[str],
    request: Http,
    db: Injected[Database],
    caller: Injected[Caller],
    objects: Injected[ObjectStore],
) -> Stream:
    asked = _Asked(request)
    log = await service.open_log(
        db, caller=caller, job_id=parse_id(job_id, "job"), attempt=asked.attempt
    )
    return Stream(
        service.stream_raw(db, objects, caller=caller, log=log),
        media_type="text/plain",
        headers={
            "Content-Disposition": f'attachment; filename="{log.job_id}-{log.attempt}.log"',
        },
    )


@get("/jobs/{job_id:str}/log/search", summary="Lines of a job's log that hold a text")
async def search_log(
    job_id: FromPath[str],
    request: Http,
    db: Injected[Database],
    caller: Injected[Caller],
    objects: Injected[ObjectStore],
) -> Response[bytes]:
    """`q`, whatever its case; `limit` (≤ 1000). `complete` is false when there may be more."""
    asked = _Asked(request, "q", "limit")
    log = await service.open_log(
        db, caller=caller, job_id=parse_id(job_id, "job"), attempt=asked.attempt
    )
    matches = await service.search(
        db,
        objects,
        caller=caller,
        log=log,
        needle=asked.text("q"),
        limit=asked.number("limit", 100, least=1, most=model.MATCHES),
    )
    shown = [{"line": number, "text": text} for number, text in matches.found]
    meta = {"count": len(shown), "complete": matches.complete}
    return answers.raw(answers.encode({"matches": shown, "_meta": meta}))


@get("/jobs/{job_id:str}/log/stream", summary="A job's log as it is printed")
async def follow_log(
    job_id: FromPath[str],
    request: Http,
    db: Injected[Database],
    caller: Injected[Caller],
    objects: Injected[ObjectStore],
    notifications: Injected[Notifications],
    closing: Injected[asyncio.Event],
) -> Stream:
    """Server-sent events `lines` `{"from_line","lines"}`, then `end` when the attempt is over.
    A reader that was cut off goes on from its `from_line` + the lines it has."""
    asked = _Asked(request, "from_line")
    the_id = parse_id(job_id, "job")
    await service.open_log(db, caller=caller, job_id=the_id, attempt=asked.attempt)
    lines = service.follow(
        db,
        objects,
        notifications,
        caller=caller,
        job_id=the_id,
        attempt=asked.attempt,
        from_line=asked.number("from_line", 0, least=0, most=2**62),
    )
    return sse.stream(_messages(lines), closing=closing)


async def _messages(lines: AsyncIterator[tuple[int, list[str]]]) -> AsyncIterator[sse.Message]:
    try:
        async for from_line, some in lines:
            data = answers.encode({"from_line": from_line, "lines": some}).decode()
            yield sse.Message("lines", data)
    except Unavailable:
        return  # the reader comes back when the database does
    yield sse.Message("end", "{}")


routes = [apply_records, read_log, download_log, search_log, follow_log]
