"""Routes of job definitions: /job_definitions."""

from typing import Any

from litestar import Request, Response, delete, get, post, put
from litestar.di import NamedDependency as Injected
from litestar.params import FromPath

from ringtest.control.accounts.model import Caller
from ringtest.control.db import lists
from ringtest.control.db.pool import Database
from ringtest.control.definitions import service
from ringtest.control.definitions.model import CreateDefinition, UpdateDefinition
from ringtest.control.kernel.ids import parse_id
from ringtest.control.wire import answers, bodies, requests

Http = Request[Any, Any, Any]
_NOUN = "job_definition"


@post("/job_definitions", summary="Say what a job of a topic does")
async def create_definition(
    request: Http, db: Injected[Database], caller: Injected[Caller]
) -> Response[bytes]:
    body = bodies.closed(CreateDefinition, await request.body())
    async with db.transaction(caller.tenant) as tx:
        text, etag = await service.create_definition(tx, caller=caller, body=body)
    return answers.one(_NOUN, text, etag=etag, status=201)


@get("/job_definitions", summary="Job definitions")
async def list_definitions(
    request: Http, db: Injected[Database], caller: Injected[Caller]
) -> Response[bytes]:
    return await lists.answer(
        request,
        db,
        caller,
        "job_definitions",
        lambda tx, query: service.list_definitions(tx, caller=caller, query=query),
    )


@get("/job_definitions/{definition_id:str}", summary="One job definition")
async def get_definition(
    definition_id: FromPath[str], request: Http, db: Injected[Database], caller: Injected[Caller]
) -> Response[bytes]:
    async with db.transaction(caller.tenant) as tx:
        text, etag = await service.get_definition(
            tx, caller=caller, definition_id=parse_id(definition_id, _NOUN)
        )
    return answers.one(_NOUN, text, etag=etag, fields=requests.fields(request))


@put("/job_definitions/{definition_id:str}", summary="Change a job definition")
async def update_definition(
    definition_id: FromPath[str], request: Http, db: Injected[Database], caller: Injected[Caller]
) -> Response[bytes]:
    etag = requests.if_match(request)
    body = bodies.open_(UpdateDefinition, await request.body())
    async with db.transaction(caller.tenant) as tx:
        text, fresh = await service.update_definition(
            tx,
            caller=caller,
            definition_id=parse_id(definition_id, _NOUN),
            etag=etag,
            values=bodies.given(body),
        )
    return answers.one(_NOUN, text, etag=fresh)


@delete("/job_definitions/{definition_id:str}", status_code=204, summary="Archive a definition")
async def delete_definition(
    definition_id: FromPath[str], request: Http, db: Injected[Database], caller: Injected[Caller]
) -> Response[None]:
    async with db.transaction(caller.tenant) as tx:
        await service.delete_definition(
            tx,
            caller=caller,
            definition_id=parse_id(definition_id, _NOUN),
            etag=requests.if_match(request),
        )
    return answers.nothing()


routes = [
    create_definition,
    list_definitions,
    get_definition,
    update_definition,
    delete_definition,
]
