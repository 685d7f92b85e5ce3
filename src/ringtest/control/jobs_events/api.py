"""Routes of the list of ends: /jobs_events."""

from typing import Any

from litestar import Request, Response, delete, get, put
from litestar.di import NamedDependency as Injected
from litestar.params import FromPath

from ringtest.control.accounts.model import Caller
from ringtest.control.db import lists
from ringtest.control.db.pool import Database
from ringtest.control.jobs_events import service
from ringtest.control.jobs_events.model import PutSequence, read_number
from ringtest.control.wire import answers, bodies, requests

Http = Request[Any, Any, Any]


@get("/jobs_events/{number:str}", summary="Ends of jobs from a number on")
async def list_ends(
    number: FromPath[str], request: Http, db: Injected[Database], caller: Injected[Caller]
) -> Response[bytes]:
    """A verdict each: success, failure or error. Numbers come in the order of commits: who
    has seen one never misses a smaller one."""
    return await lists.answer(
        request,
        db,
        caller,
        "jobs_events",
        lambda tx, query: service.list_ends(
            tx, caller=caller, number=read_number(number), query=query
        ),
    )


@delete("/jobs_events/{number:str}", status_code=204, summary="Forget them from a number on")
async def delete_ends(
    number: FromPath[str], db: Injected[Database], caller: Injected[Caller]
) -> Response[None]:
    async with db.transaction(caller.tenant) as tx:
        await service.delete_ends(tx, caller=caller, number=read_number(number))
    return answers.nothing()


@get("/jobs_events/sequence", summary="How far the reader of job events is")
async def get_sequence(
    request: Http, db: Injected[Database], caller: Injected[Caller]
) -> Response[bytes]:
    async with db.transaction(caller.tenant) as tx:
        sequence, etag = await service.get_sequence(tx, caller=caller)
    text = answers.encode({"sequence": sequence, "etag": etag}).decode()
    return answers.one("sequence", text, etag=etag, fields=requests.fields(request))


@put("/jobs_events/sequence", status_code=204, summary="Note how far the reader is")
async def put_sequence(
    request: Http, db: Injected[Database], caller: Injected[Caller]
) -> Response[None]:
    etag = requests.if_match(request)
    body = bodies.open_(PutSequence, await request.body())
    async with db.transaction(caller.tenant) as tx:
        await service.put_sequence(tx, caller=caller, etag=etag, body=body)
    return answers.nothing()


routes = [list_ends, delete_ends, get_sequence, put_sequence]
