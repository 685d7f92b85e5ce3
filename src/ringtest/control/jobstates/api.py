"""Routes of jobstates: /jobstates and /jobs/:id/jobstates."""

from typing import Any

from litestar import Request, Response, delete, get, post
from litestar.di import NamedDependency as Injected
from litestar.params import FromPath

from ringtest.control.accounts.model import Caller
from ringtest.control.db import lists
from ringtest.control.db.pool import Database
from ringtest.control.jobstates import service
from ringtest.control.jobstates.model import CreateJobstate
from ringtest.control.kernel.ids import parse_id
from ringtest.control.wire import answers, bodies, requests

Http = Request[Any, Any, Any]


@post("/jobstates", summary="Say how a job is")
async def create_jobstate(
    request: Http, db: Injected[Database], caller: Injected[Caller]
) -> Response[bytes]:
    """For jobs that a DCI client runs; a job in an agent's hands answers 409."""
    body = bodies.closed(CreateJobstate, await request.body())
    text = await service.create_jobstate(db, caller=caller, body=body)
    return answers.one("jobstate", text, status=201)


@get("/jobstates/{jobstate_id:str}", summary="One jobstate with its files")
async def get_jobstate(
    jobstate_id: FromPath[str], request: Http, db: Injected[Database], caller: Injected[Caller]
) -> Response[bytes]:
    async with db.reading(caller.tenant) as tx:
        text = await service.get_jobstate(
            tx, caller=caller, jobstate_id=parse_id(jobstate_id, "jobstate")
        )
    return answers.one("jobstate", text, fields=requests.fields(request))


@get("/jobs/{job_id:str}/jobstates", summary="Jobstates of a job with their files")
async def list_jobstates(
    job_id: FromPath[str], request: Http, db: Injected[Database], caller: Injected[Caller]
) -> Response[bytes]:
    return await lists.answer(
        request,
        db,
        caller,
        "jobstates",
        lambda tx, query: service.list_jobstates(
            tx, caller=caller, job_id=parse_id(job_id, "job"), query=query
        ),
    )


@delete("/jobstates/{jobstate_id:str}", status_code=204, summary="Remove a jobstate for good")
async def delete_jobstate(
    jobstate_id: FromPath[str], db: Injected[Database], caller: Injected[Caller]
) -> Response[None]:
    async with db.transaction(caller.tenant) as tx:
        await service.delete_jobstate(
            tx, caller=caller, jobstate_id=parse_id(jobstate_id, "jobstate")
        )
    return answers.nothing()


routes = [create_jobstate, get_jobstate, list_jobstates, delete_jobstate]
