"""Routes of controllers: /ci_controllers. Secrets go in and never come out."""

from typing import Any

from litestar import Request, Response, delete, get, post, put
from litestar.di import NamedDependency as Injected
from litestar.params import FromPath

from ringtest.control.accounts.model import Caller
from ringtest.control.controllers import service
from ringtest.control.controllers.model import CreateController, UpdateController
from ringtest.control.db import lists
from ringtest.control.db.pool import Database
from ringtest.control.kernel.ids import parse_id
from ringtest.control.ports.secret_box import SecretBox
from ringtest.control.wire import answers, bodies, requests

Http = Request[Any, Any, Any]
_NOUN = "ci_controller"
_WORDS = "controller"


@post("/ci_controllers", summary="Let a Jenkins controller stand for a lab")
async def create_controller(
    request: Http,
    db: Injected[Database],
    caller: Injected[Caller],
    secrets: Injected[SecretBox],
) -> Response[bytes]:
    """Body: name, url, remoteci_id, kind? (jenkins), username?, secret? (an API token), ca?
    (certificates in PEM form to trust as well), state?. Administrators only."""
    body = bodies.closed(CreateController, await request.body())
    async with db.transaction(caller.tenant) as tx:
        text, etag = await service.create_controller(tx, caller=caller, body=body, secrets=secrets)
    return answers.one(_NOUN, text, etag=etag, status=201)


@get("/ci_controllers", summary="Controllers that stand for labs")
async def list_controllers(
    request: Http, db: Injected[Database], caller: Injected[Caller]
) -> Response[bytes]:
    return await lists.answer(
        request,
        db,
        caller,
        "ci_controllers",
        lambda tx, query: service.list_controllers(tx, caller=caller, query=query),
    )


@get("/ci_controllers/{controller_id:str}", summary="One controller")
async def get_controller(
    controller_id: FromPath[str], request: Http, db: Injected[Database], caller: Injected[Caller]
) -> Response[bytes]:
    async with db.transaction(caller.tenant) as tx:
        text, etag = await service.get_controller(
            tx, caller=caller, controller_id=parse_id(controller_id, _WORDS)
        )
    return answers.one(_NOUN, text, etag=etag, fields=requests.fields(request))


@put("/ci_controllers/{controller_id:str}", summary="Change a controller, or let it rest")
async def update_controller(
    controller_id: FromPath[str],
    request: Http,
    db: Injected[Database],
    caller: Injected[Caller],
    secrets: Injected[SecretBox],
) -> Response[bytes]:
    """A secret that is not given stays, unless the address changes; null removes it."""
    etag = requests.if_match(request)
    body = bodies.open_(UpdateController, await request.body())
    async with db.transaction(caller.tenant) as tx:
        text, fresh = await service.update_controller(
            tx,
            caller=caller,
            controller_id=parse_id(controller_id, _WORDS),
            etag=etag,
            values=bodies.given(body),
            secrets=secrets,
        )
    return answers.one(_NOUN, text, etag=fresh)


@delete("/ci_controllers/{controller_id:str}", status_code=204, summary="Remove a controller")
async def delete_controller(
    controller_id: FromPath[str], request: Http, db: Injected[Database], caller: Injected[Caller]
) -> Response[None]:
    """Builds that run are followed to their end."""
    etag = requests.if_match(request)
    async with db.transaction(caller.tenant) as tx:
        await service.delete_controller(
            tx, caller=caller, controller_id=parse_id(controller_id, _WORDS), etag=etag
        )
    return answers.nothing()


routes = [
    create_controller,
    list_controllers,
    get_controller,
    update_controller,
    delete_controller,
]
