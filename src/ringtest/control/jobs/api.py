"""Routes of jobs: /jobs, their components and numbers."""

from typing import Any

from litestar import Request, Response, delete, get, post, put
from litestar.di import NamedDependency as Injected
from litestar.params import FromPath

from ringtest.control.accounts.model import Caller
from ringtest.control.db import lists
from ringtest.control.db.pool import Database
from ringtest.control.jobs import service
from ringtest.control.jobs.model import (
    Client,
    CreateJob,
    JobOf,
    ScheduleJob,
    UpdateJob,
)
from ringtest.control.kernel.ids import parse_id
from ringtest.control.wire import answers, bodies, requests

Http = Request[Any, Any, Any]


def _client(request: Http) -> Client:
    headers = request.headers
    return Client(headers.get("user-agent"), headers.get("client-version"))


@post("/jobs", summary="Create a job of components that the lab chose")
async def create_job(
    request: Http, db: Injected[Database], caller: Injected[Caller]
) -> Response[bytes]:
    body = bodies.closed(CreateJob, await request.body())
    async with db.transaction(caller.tenant) as tx:
        text, etag = await service.create_job(tx, caller=caller, body=body, client=_client(request))
    return answers.one("job", text, etag=etag, status=201)


@post("/jobs/schedule", summary="Create a job of a topic's newest components")
async def schedule_job(
    request: Http, db: Injected[Database], caller: Injected[Caller]
) -> Response[bytes]:
    body = bodies.closed(ScheduleJob, await request.body())
    async with db.transaction(caller.tenant) as tx:
        text, etag = await service.schedule_job(
            tx, caller=caller, body=body, client=_client(request)
        )
    return answers.one("job", text, etag=etag, status=201)


@post("/jobs/upgrade", summary="Create a job in the topic that follows a job's")
async def upgrade_job(
    request: Http, db: Injected[Database], caller: Injected[Caller]
) -> Response[bytes]:
    body = bodies.closed(JobOf, await request.body())
    async with db.transaction(caller.tenant) as tx:
        text, etag = await service.upgrade_job(
            tx, caller=caller, job_id=body.job_id, client=_client(request)
        )
    return answers.one("job", text, etag=etag, status=201)


@post("/jobs/{job_id:str}/update", summary="Create a job like this with the newest components")
async def update_components(
    job_id: FromPath[str], request: Http, db: Injected[Database], caller: Injected[Caller]
) -> Response[bytes]:
    async with db.transaction(caller.tenant) as tx:
        text, etag = await service.update_job_components(
            tx, caller=caller, job_id=parse_id(job_id, "job"), client=_client(request)
        )
    return answers.one("job", text, etag=etag, status=201)


@get("/jobs", summary="Jobs, newest first, with their embeds")
async def list_jobs(
    request: Http, db: Injected[Database], caller: Injected[Caller]
) -> Response[bytes]:
    """`_meta.next` is the cursor of the next page, for `after`: as cheap on the last page
    as on the first, which `offset` is not."""
    memory = service.memory_of(db)
    return await lists.answer(
        request,
        db,
        caller,
        "jobs",
        lambda tx, query: service.list_jobs(tx, caller=caller, query=query, memory=memory),
    )


@get("/jobs/{job_id:str}", summary="One job with its embeds, data, jobstates and files")
async def get_job(
    job_id: FromPath[str], request: Http, db: Injected[Database], caller: Injected[Caller]
) -> Response[bytes]:
    async with db.reading(caller.tenant) as tx:
        text, etag = await service.get_job(tx, caller=caller, job_id=parse_id(job_id, "job"))
    return answers.one("job", text, etag=etag, fields=requests.fields(request))


@put("/jobs/{job_id:str}", summary="Edit a job")
async def update_job(
    job_id: FromPath[str], request: Http, db: Injected[Database], caller: Injected[Caller]
) -> Response[bytes]:
    etag = requests.if_match(request)
    body = bodies.open_(UpdateJob, await request.body())
    async with db.transaction(caller.tenant) as tx:
        text, fresh = await service.update_job(
            tx,
            caller=caller,
            job_id=parse_id(job_id, "job"),
            etag=etag,
            values=bodies.given(body),
        )
    return answers.one("job", text, etag=fresh)


@delete("/jobs/{job_id:str}", status_code=204, summary="Archive a job and its files")
async def delete_job(
    job_id: FromPath[str], request: Http, db: Injected[Database], caller: Injected[Caller]
) -> Response[None]:
    etag = requests.if_match(request)
    async with db.transaction(caller.tenant) as tx:
        await service.delete_job(tx, caller=caller, job_id=parse_id(job_id, "job"), etag=etag)
    return answers.nothing()


routes = [
    create_job,
    schedule_job,
    upgrade_job,
    update_components,
    list_jobs,
    get_job,
    update_job,
    delete_job,
]
