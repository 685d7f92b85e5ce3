"""Routes that read logs: lines, marks, and all of it."""

from collections.abc import AsyncIterator
from typing import Any

from litestar import Request, Response, get, route
from litestar.di import NamedDependency as Injected
from litestar.params import FromPath
from litestar.response import Stream

from ringtest.control.accounts.model import Caller
from ringtest.control.db.pool import Database
from ringtest.control.kernel.ids import parse_id
from ringtest.control.logs import model, service
from ringtest.control.logs.model import Log
from ringtest.control.ports.object_store import ObjectStore
from ringtest.control.wire import answers, downloads
from ringtest.control.wire.asked import Asked

Http = Request[Any, Any, Any]


async def _log(asked: Asked, db: Database, caller: Caller, job_id: str) -> Log:
    the_id = parse_id(job_id, "job")
    return await service.open_log(db, caller=caller, job_id=the_id, attempt=asked.attempt())


@get("/jobs/{job_id:str}/log", summary="Lines of a job's log")
async def read_log(
    job_id: FromPath[str],
    request: Http,
    db: Injected[Database],
    caller: Injected[Caller],
    objects: Injected[ObjectStore],
) -> Response[bytes]:
    """`attempt` (default: the newest), `from_line` (from 0), `limit` (≤ 5000). Fewer lines
    come when they are very long: go on from `from_line` + the number that came. `from_time` and
    `to_time` (exclusive): the lines that came between; the answer's `from_line` is the first of
    them and `to_line` the first one after."""
    asked = Asked(request, {"attempt", "from_line", "limit", "from_time", "to_time"})
    log = await _log(asked, db, caller, job_id)
    to_time = asked.moment("to_time")
    from_line, to_line = await service.read_span(
        db,
        caller=caller,
        log=log,
        from_line=asked.number("from_line", 0, least=0, most=2**62),
        to_line=None,
        from_time=asked.moment("from_time"),
        to_time=to_time,
    )
    read = await service.read_lines(
        db,
        objects,
        caller=caller,
        log=log,
        from_line=from_line,
        limit=asked.number("limit", 1000, least=1, most=model.PAGE_LINES),
        to_line=to_line,
    )
    shown = {
        "attempt": read.attempt,
        "from_line": min(read.from_line, read.total) if asked.given({"from_time"}) else from_line,
        "lines": read.lines,
        "total_lines": read.total,
        "complete": read.complete,
    }
    if to_time is not None:
        shown["to_line"] = min(read.total if to_line is None else to_line, read.total)
    return answers.raw(answers.encode({"log": shown}))


@get("/jobs/{job_id:str}/log/marks", summary="Lines of a job's log that are worth a jump")
async def get_marks(
    job_id: FromPath[str], request: Http, db: Injected[Database], caller: Injected[Caller]
) -> Response[bytes]:
    """Of `attempt` (default: the newest): `stages` with their first lines, `steps` (≤ 5000) and
    `errors`, the first line of each stage that reads like one."""
    asked = Asked(request, {"attempt"})
    log = await _log(asked, db, caller, job_id)
    return answers.one("marks", await service.get_marks(db, caller=caller, log=log))


@route(
    "/jobs/{job_id:str}/log/raw",
    http_method=["GET", "HEAD"],
    summary="A job's log as it was printed",
)
async def download_log(
    job_id: FromPath[str],
    request: Http,
    db: Injected[Database],
    caller: Injected[Caller],
    objects: Injected[ObjectStore],
) -> Response[Any]:
    """`encoding=gzip`: a .gz file. Of an attempt that is over Range is understood: a download
    that was cut goes on where it ended."""
    asked = Asked(request, {"attempt", "encoding"})
    log = await _log(asked, db, caller, job_id)
    name = f"{log.job_id}-{log.attempt}.log"
    packs = asked.word("encoding", "", "gzip") == "gzip"

    def chunks(start: int = 0, end: int | None = None) -> AsyncIterator[bytes]:
        return service.stream_raw(db, objects, caller=caller, log=log, start=start, end=end)

    if log.ended and not packs:
        size = log.byte_end + len(log.shown)
        digest = f"{log.job_id}-{log.attempt}-{size}"
        return await downloads.send(
            request, downloads.Download(name, "text/plain", size, digest, chunks)
        )
    headers = {"Content-Disposition": downloads.attachment(f"{name}.gz" if packs else name)}
    mime = "application/gzip" if packs else "text/plain"
    if request.method == "HEAD":
        return Response(b"", media_type=mime, headers=headers)
    body = service.stream_gzip(chunks()) if packs else chunks()
    return Stream(body, media_type=mime, headers=headers)


routes = [read_log, get_marks, download_log]
