"""Routes that search logs."""

import asyncio
from collections.abc import AsyncIterator
from typing import Any

from litestar import Request, Response, get
from litestar.di import NamedDependency as Injected
from litestar.params import FromPath
from litestar.response import Stream

from ringtest.control.accounts.model import Caller
from ringtest.control.db.pool import Database
from ringtest.control.kernel.errors import Unavailable
from ringtest.control.kernel.ids import parse_id
from ringtest.control.kernel.paging import parse_list_query
from ringtest.control.log_search import model, service
from ringtest.control.logs import service as logs
from ringtest.control.ports.object_store import ObjectStore
from ringtest.control.wire import answers, sse
from ringtest.control.wire.asked import Asked

Http = Request[Any, Any, Any]
_QUESTION = ("q", "regex", "case", "context")
_JOBS = ("query", "where", "created_after", "updated_after")


def _question(asked: Asked) -> model.Question:
    return model.read_question(
        asked.text("q"),
        regex=asked.flag("regex"),
        case=asked.flag("case"),
        context=asked.number("context", 0, least=0, most=model.CONTEXT),
    )


@get("/jobs/{job_id:str}/log/search", summary="Lines of a job's log that hold a text")
async def search_log(
    job_id: FromPath[str],
    request: Http,
    db: Injected[Database],
    caller: Injected[Caller],
    objects: Injected[ObjectStore],
) -> Response[bytes]:
    """`q`, a text or with `regex=1` a pattern (RE2) that a line must fit; `case=1`: upper and
    lower case differ; `context`: so many lines `before` and `after` (≤ 20); `from_time`,
    `to_time`, `from_line`, `to_line`: only there; `limit` (≤ 1000); `attempt`. `complete` is
    false when there may be more, and `stopped` says why: matches, bytes, time."""
    asked = Asked(
        request,
        {*_QUESTION, "limit", "attempt", "from_line", "to_line", "from_time", "to_time"},
    )
    the_id = parse_id(job_id, "job")
    log = await logs.open_log(db, caller=caller, job_id=the_id, attempt=asked.attempt())
    question = _question(asked)
    span = await logs.read_span(
        db,
        caller=caller,
        log=log,
        from_line=asked.number("from_line", 0, least=0, most=2**62),
        to_line=asked.number("to_line", 2**62, least=0, most=2**62),
        from_time=asked.moment("from_time"),
        to_time=asked.moment("to_time"),
    )
    matches = await service.search_log(
        db,
        objects,
        caller=caller,
        log=log,
        question=question,
        limit=asked.number("limit", 100, least=1, most=model.MATCHES),
        from_line=span[0],
        to_line=span[1],
    )
    shown = service.shown(matches.found, context=question.context > 0)
    meta: dict[str, Any] = {"count": len(shown), "complete": not matches.stopped}
    if matches.stopped:
        meta["stopped"] = matches.stopped
    return answers.raw(answers.encode({"matches": shown, "_meta": meta}))


@get("/log_search", summary="Lines that hold a text, of the logs of many jobs")
async def search_jobs(
    request: Http,
    db: Injected[Database],
    caller: Injected[Caller],
    objects: Injected[ObjectStore],
    closing: Injected[asyncio.Event],
) -> Stream:
    """`query` (or `where`, `created_after`): the jobs, as GET /jobs has it, the newest
    `jobs` (200; ≤ 1000) of them; `q`, `regex`, `case`, `context` as for one job; `per_job` lines
    of each (20; ≤ 200).

    Server-sent events: `matches` {"job_id","name","created_at","attempt","matches":[…]},
    `progress` {"jobs_done","jobs","bytes"}, and one `end` {"complete","stopped","message",
    "matches"}: stopped is jobs, bytes, time or matches when a limit ended the search."""
    asked = Asked(request, {*_QUESTION, *_JOBS, "jobs", "per_job"})
    wanted = service.Asked(
        question=_question(asked),
        query=parse_list_query(asked.given(_JOBS), now=db.clock.now()),
        jobs=asked.number("jobs", 200, least=1, most=model.JOBS),
        per_job=asked.number("per_job", 20, least=1, most=200),
    )
    heads = await service.find_jobs(db, caller=caller, asked=wanted)
    told = service.search_jobs(db, objects, caller=caller, heads=heads, asked=wanted)
    return sse.stream(_messages(told), closing=closing)


async def _messages(told: AsyncIterator[service.Told]) -> AsyncIterator[sse.Message]:
    try:
        async for one in told:
            yield sse.Message(one.event, answers.encode(one.data).decode())
    except Unavailable as error:
        data = {"complete": False, "stopped": "unavailable", "message": error.message}
        yield sse.Message("end", answers.encode(data).decode())


routes = [search_log, search_jobs]
