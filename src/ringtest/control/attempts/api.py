"""Routes of agents and of people who stop or repeat their work."""

import asyncio
from collections.abc import AsyncIterator
from typing import Any
from weakref import WeakKeyDictionary

from litestar import Request, Response, get, post
from litestar.di import NamedDependency as Injected
from litestar.params import FromPath
from litestar.response import Stream

from ringtest import __version__
from ringtest.control.accounts.model import Caller, permit
from ringtest.control.attempts import service
from ringtest.control.attempts.model import ClaimBody, Order, ReportedRun
from ringtest.control.db.notify import LIVE, Notifications
from ringtest.control.db.pool import Database
from ringtest.control.jobs.model import Client
from ringtest.control.kernel.errors import Unavailable
from ringtest.control.kernel.ids import parse_id
from ringtest.control.kernel.settings import Settings
from ringtest.control.wire import answers, bodies, sse

Http = Request[Any, Any, Any]

_queues: WeakKeyDictionary[Database, service.Queues] = WeakKeyDictionary()


@post("/jobs/{job_id:str}/claim", status_code=200, summary="An agent takes a queued job")
async def claim_job(
    job_id: FromPath[str],
    request: Http,
    db: Injected[Database],
    caller: Injected[Caller],
    settings: Injected[Settings],
) -> Response[bytes]:
    body = bodies.closed(ClaimBody, await request.body())
    async with db.transaction(caller.tenant) as tx:
        text = await service.claim_job(
            tx,
            caller=caller,
            job_id=parse_id(job_id, "job"),
            agent=body.agent,
            settings=settings,
        )
    return answers.one("claim", text)


@post("/jobs/reported", summary="A lab tells of a run that it made by itself")
async def report_run(
    request: Http,
    db: Injected[Database],
    caller: Injected[Caller],
    settings: Injected[Settings],
) -> Response[bytes]:
    """Its job, as a claim: what happened follows as records under the claim's lease, and files
    of the job. `components_ids` are those that it ran with, if any."""
    body = bodies.closed(ReportedRun, await request.body())
    client = Client(request.headers.get("user-agent"), request.headers.get("client-version"))
    async with db.transaction(caller.tenant) as tx:
        text = await service.report_run(
            tx, caller=caller, body=body, client=client, settings=settings
        )
    return answers.one("claim", text, status=201)


@post("/jobs/{job_id:str}/cancel", status_code=202, summary="Stop a job")
async def cancel_job(
    job_id: FromPath[str], db: Injected[Database], caller: Injected[Caller]
) -> Response[bytes]:
    async with db.transaction(caller.tenant) as tx:
        text = await service.cancel_job(tx, caller=caller, job_id=parse_id(job_id, "job"))
    return answers.one("job", text, status=202)


@post("/jobs/{job_id:str}/retry", summary="Queue a finished job again")
async def retry_job(
    job_id: FromPath[str], db: Injected[Database], caller: Injected[Caller]
) -> Response[bytes]:
    async with db.transaction(caller.tenant) as tx:
        text = await service.retry_job(tx, caller=caller, job_id=parse_id(job_id, "job"))
    return answers.one("job", text, status=201)


@get("/jobs/{job_id:str}/stages", summary="Stages of a job, of every attempt")
async def list_stages(
    job_id: FromPath[str], db: Injected[Database], caller: Injected[Caller]
) -> Response[bytes]:
    async with db.transaction(caller.tenant) as tx:
        items, count = await service.list_stages(tx, caller=caller, job_id=parse_id(job_id, "job"))
    return answers.many("stages", items, count)


@get("/jobs/{job_id:str}/attempts", summary="Attempts of a job")
async def list_attempts(
    job_id: FromPath[str], db: Injected[Database], caller: Injected[Caller]
) -> Response[bytes]:
    async with db.transaction(caller.tenant) as tx:
        items, count = await service.list_attempts(
            tx, caller=caller, job_id=parse_id(job_id, "job")
        )
    return answers.many("attempts", items, count)


@get("/jobs/{job_id:str}/labs", summary="Whether a job's lab has what the job needs")
async def match_job(
    job_id: FromPath[str], db: Injected[Database], caller: Injected[Caller]
) -> Response[bytes]:
    """Its machines, and which of the definition's `labels` they lack."""
    async with db.reading(caller.tenant) as tx:
        found = await service.match_job(tx, caller=caller, job_id=parse_id(job_id, "job"))
    return answers.raw(answers.encode({"matching": found}))


@get("/agent/stream", summary="What a lab's agents should do, as server-sent events")
async def stream_orders(
    request: Http,
    db: Injected[Database],
    caller: Injected[Caller],
    notifications: Injected[Notifications],
    settings: Injected[Settings],
    closing: Injected[asyncio.Event],
) -> Stream:
    """`hello` with the times to keep, then an `assignment` per queued job and a `cancel` per
    running job that somebody stopped: all there are at first, new ones as they come."""
    permit(caller.kind == "remoteci")
    version = request.headers.get("x-ringtest-agent")
    messages = orders(db, caller, notifications, settings, version)
    return sse.stream(messages, closing=closing)


async def orders(
    db: Database,
    caller: Caller,
    notifications: Notifications,
    settings: Settings,
    version: str | None,
) -> AsyncIterator[sse.Message]:
    """Messages for one agent. An order is told once per connection; each look at the queue
    also notes that the lab is there."""
    wake, ours = asyncio.Event(), f" {caller.id}"
    queues = _queues.setdefault(db, service.Queues())

    def hear(channel: str, payload: str) -> None:
        if channel == LIVE and (not payload or payload.endswith(ours)):
            wake.set()

    stop_hearing = notifications.subscribe(hear)
    try:
        hello = {
            "remoteci_id": caller.id,
            "heartbeat_seconds": settings.heartbeat_seconds,
            "lease_seconds": settings.lease_seconds,
            "version": __version__,
        }
        yield sse.Message("hello", answers.encode(hello).decode())
        told: set[Order] = set()
        while True:
            wake.clear()
            current = await queues.look(db, caller=caller, agent_version=version)
            for order in [one for one in current if one not in told]:
                yield sse.Message(order.kind, f'{{"job_id":"{order.job_id}"}}')
            told = set(current)
            into = db.clock.now().microsecond / 1e6
            await _wait(wake, db, settings.heartbeat_seconds - into)  # many in the same moment
    except Unavailable:
        return  # the agent comes back when the database does
    finally:
        stop_hearing()


async def _wait(wake: asyncio.Event, db: Database, seconds: float) -> None:
    waiting = [asyncio.create_task(wake.wait()), asyncio.create_task(db.clock.sleep(seconds))]
    try:
        await asyncio.wait(waiting, return_when=asyncio.FIRST_COMPLETED)
    finally:
        for task in waiting:
            task.cancel()


routes = [
    claim_job,
    report_run,
    cancel_job,
    retry_job,
    list_stages,
    list_attempts,
    match_job,
    stream_orders,
]
