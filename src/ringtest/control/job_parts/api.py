"""Routes of a job's components and numbers."""

from typing import Any

from litestar import Request, Response, delete, get, post
from litestar.di import NamedDependency as Injected
from litestar.params import FromPath

from ringtest.control.accounts.model import Caller
from ringtest.control.db import lists
from ringtest.control.db.pool import Database
from ringtest.control.job_parts import service
from ringtest.control.job_parts.model import ComponentOf, Key, KeyValue
from ringtest.control.kernel.ids import parse_id
from ringtest.control.wire import answers, bodies

Http = Request[Any, Any, Any]


@get("/jobs/{job_id:str}/components", summary="Components of a job")
async def list_components(
    job_id: FromPath[str], request: Http, db: Injected[Database], caller: Injected[Caller]
) -> Response[bytes]:
    return await lists.answer(
        request,
        db,
        caller,
        "components",
        lambda tx, query: service.list_components(
            tx, caller=caller, job_id=parse_id(job_id, "job"), query=query
        ),
    )


@post("/jobs/{job_id:str}/components", summary="Add a component to a job")
async def add_component(
    job_id: FromPath[str], request: Http, db: Injected[Database], caller: Injected[Caller]
) -> Response[None]:
    body = bodies.closed(ComponentOf, await request.body())
    async with db.transaction(caller.tenant) as tx:
        await service.add_component(
            tx, caller=caller, job_id=parse_id(job_id, "job"), component_id=body.id
        )
    return answers.nothing(status=201)


@delete("/jobs/{job_id:str}/components/{component_id:str}", status_code=201, summary="Take it out")
async def remove_component(
    job_id: FromPath[str],
    component_id: FromPath[str],
    db: Injected[Database],
    caller: Injected[Caller],
) -> Response[None]:
    async with db.transaction(caller.tenant) as tx:
        await service.remove_component(
            tx,
            caller=caller,
            job_id=parse_id(job_id, "job"),
            component_id=parse_id(component_id, "component"),
        )
    return answers.nothing(status=201)


@post("/jobs/{job_id:str}/kv", summary="Note a number about a job")
async def put_key(
    job_id: FromPath[str], request: Http, db: Injected[Database], caller: Injected[Caller]
) -> Response[bytes]:
    body = bodies.closed(KeyValue, await request.body())
    the_id = parse_id(job_id, "job")
    async with db.transaction(caller.tenant) as tx:
        await service.put_key(tx, caller=caller, job_id=the_id, key=body.key, value=body.value)
    noted = {"job_id": the_id, "key": body.key, "value": body.value}
    return answers.one("kv", answers.encode(noted).decode(), status=201)


@delete("/jobs/{job_id:str}/kv", status_code=204, summary="Forget a number")
async def delete_key(
    job_id: FromPath[str], request: Http, db: Injected[Database], caller: Injected[Caller]
) -> Response[None]:
    body = bodies.closed(Key, await request.body())
    async with db.transaction(caller.tenant) as tx:
        await service.delete_key(tx, caller=caller, job_id=parse_id(job_id, "job"), key=body.key)
    return answers.nothing()


routes = [list_components, add_component, remove_component, put_key, delete_key]
