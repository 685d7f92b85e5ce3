"""Routes of pipelines: /pipelines."""

from typing import Any

from litestar import Request, Response, delete, get, post, put
from litestar.di import NamedDependency as Injected
from litestar.params import FromPath

from ringtest.control.accounts.model import Caller
from ringtest.control.db import lists
from ringtest.control.db.pool import Database
from ringtest.control.jobs import service as jobs
from ringtest.control.kernel.ids import parse_id
from ringtest.control.pipelines import service
from ringtest.control.pipelines.model import CreatePipeline, UpdatePipeline
from ringtest.control.wire import answers, bodies, requests

Http = Request[Any, Any, Any]


@post("/pipelines", summary="Add a pipeline to a team")
async def create_pipeline(
    request: Http, db: Injected[Database], caller: Injected[Caller]
) -> Response[bytes]:
    body = bodies.closed(CreatePipeline, await request.body())
    async with db.transaction(caller.tenant) as tx:
        text, _ = await service.create_pipeline(tx, caller=caller, body=body)
    return answers.one("pipeline", text, status=201)


@get("/pipelines", summary="Pipelines with their teams")
async def list_pipelines(
    request: Http, db: Injected[Database], caller: Injected[Caller]
) -> Response[bytes]:
    return await lists.answer(
        request,
        db,
        caller,
        "pipelines",
        lambda tx, query: service.list_pipelines(tx, caller=caller, query=query),
    )


@get("/pipelines/{pipeline_id:str}", summary="One pipeline with its team")
async def get_pipeline(
    pipeline_id: FromPath[str], request: Http, db: Injected[Database], caller: Injected[Caller]
) -> Response[bytes]:
    async with db.reading(caller.tenant) as tx:
        text, _ = await service.get_pipeline(
            tx, caller=caller, pipeline_id=parse_id(pipeline_id, "pipeline")
        )
    return answers.one("pipeline", text, fields=requests.fields(request))


@get("/pipelines/{pipeline_id:str}/jobs", summary="Jobs of a pipeline, oldest first")
async def list_jobs(
    pipeline_id: FromPath[str], request: Http, db: Injected[Database], caller: Injected[Caller]
) -> Response[bytes]:
    """All of them up to 1,000, unless a `limit` is asked; `_meta.next` leads on beyond."""
    return await lists.answer(
        request,
        db,
        caller,
        "jobs",
        lambda tx, query: service.list_jobs(
            tx,
            caller=caller,
            pipeline_id=parse_id(pipeline_id, "pipeline"),
            query=query,
            memory=jobs.memory_of(db),
        ),
        default=service.MOST_JOBS,
    )


@put("/pipelines/{pipeline_id:str}", summary="Change a pipeline")
async def update_pipeline(
    pipeline_id: FromPath[str], request: Http, db: Injected[Database], caller: Injected[Caller]
) -> Response[bytes]:
    etag = requests.if_match(request)
    body = bodies.open_(UpdatePipeline, await request.body())
    async with db.transaction(caller.tenant) as tx:
        text, fresh = await service.update_pipeline(
            tx,
            caller=caller,
            pipeline_id=parse_id(pipeline_id, "pipeline"),
            etag=etag,
            values=bodies.given(body),
        )
    return answers.one("pipeline", text, etag=fresh)


@delete("/pipelines/{pipeline_id:str}", status_code=204, summary="Archive a pipeline")
async def delete_pipeline(
    pipeline_id: FromPath[str], request: Http, db: Injected[Database], caller: Injected[Caller]
) -> Response[None]:
    etag = requests.if_match(request)
    async with db.transaction(caller.tenant) as tx:
        await service.update_pipeline(
            tx,
            caller=caller,
            pipeline_id=parse_id(pipeline_id, "pipeline"),
            etag=etag,
            values={"state": "archived"},
        )
    return answers.nothing()


routes = [
    create_pipeline,
    list_pipelines,
    get_pipeline,
    list_jobs,
    update_pipeline,
    delete_pipeline,
]
