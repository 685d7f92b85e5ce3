"""Routes of holds: below /jobs/:id/hold."""

from typing import Any

from litestar import Request, Response, get, post
from litestar.di import NamedDependency as Injected
from litestar.params import FromPath

from ringtest.control.accounts.model import Caller
from ringtest.control.db.pool import Database
from ringtest.control.holds import service
from ringtest.control.holds.model import CreateHold, ExtendHold
from ringtest.control.kernel.ids import parse_id
from ringtest.control.wire import answers, bodies

Http = Request[Any, Any, Any]


@post("/jobs/{job_id:str}/hold", summary="A lab keeps what a job left")
async def hold_job(
    job_id: FromPath[str], request: Http, db: Injected[Database], caller: Injected[Caller]
) -> Response[bytes]:
    body = bodies.closed(CreateHold, await request.body())
    async with db.transaction(caller.tenant) as tx:
        text = await service.hold_job(tx, caller=caller, job_id=parse_id(job_id, "job"), body=body)
    return answers.one("hold", text, status=201)


@get("/jobs/{job_id:str}/holds", summary="What a job left, and until when it is kept")
async def list_holds(
    job_id: FromPath[str], db: Injected[Database], caller: Injected[Caller]
) -> Response[bytes]:
    async with db.transaction(caller.tenant) as tx:
        items, count = await service.list_holds(tx, caller=caller, job_id=parse_id(job_id, "job"))
    return answers.many("holds", items, count)


@post("/jobs/{job_id:str}/hold/extend", status_code=200, summary="Keep what a job left longer")
async def extend_hold(
    job_id: FromPath[str], request: Http, db: Injected[Database], caller: Injected[Caller]
) -> Response[bytes]:
    body = bodies.closed(ExtendHold, await request.body())
    async with db.transaction(caller.tenant) as tx:
        text = await service.extend_hold(
            tx, caller=caller, job_id=parse_id(job_id, "job"), hours=body.hours
        )
    return answers.one("hold", text)


@post("/jobs/{job_id:str}/hold/release", status_code=200, summary="Let go what a job left")
async def release_hold(
    job_id: FromPath[str], db: Injected[Database], caller: Injected[Caller]
) -> Response[bytes]:
    async with db.transaction(caller.tenant) as tx:
        text = await service.release_hold(tx, caller=caller, job_id=parse_id(job_id, "job"))
    return answers.one("hold", text)


routes = [hold_job, list_holds, extend_hold, release_hold]
