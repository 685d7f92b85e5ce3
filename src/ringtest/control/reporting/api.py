"""Routes of reporting: /report_targets and /deliveries. Secrets go in and never come out."""

from typing import Any

from litestar import Request, Response, delete, get, post, put
from litestar.di import NamedDependency as Injected
from litestar.params import FromPath

from ringtest.control.accounts.model import Caller
from ringtest.control.db.pool import Database
from ringtest.control.kernel.ids import parse_id
from ringtest.control.ports.secret_box import SecretBox
from ringtest.control.reporting import service
from ringtest.control.reporting.model import CreateTarget, UpdateTarget
from ringtest.control.wire import answers, bodies, requests

Http = Request[Any, Any, Any]
_NOUN = "report_target"
_WORDS = "report target"


@post("/report_targets", summary="Tell a webhook or a mail address of new failures")
async def create_target(
    request: Http, db: Injected[Database], caller: Injected[Caller], secrets: Injected[SecretBox]
) -> Response[bytes]:
    """Body: name, channel (webhook, mail), address, team_id, topic_id?, secret?, state?."""
    body = bodies.closed(CreateTarget, await request.body())
    async with db.transaction(caller.tenant) as tx:
        text, etag = await service.create_target(tx, caller=caller, body=body, secrets=secrets)
    return answers.one(_NOUN, text, etag=etag, status=201)


@get("/report_targets", summary="Receivers of reports")
async def list_targets(
    request: Http, db: Injected[Database], caller: Injected[Caller]
) -> Response[bytes]:
    query = requests.list_query(request)
    async with db.transaction(caller.tenant) as tx:
        items, count = await service.list_targets(tx, caller=caller, query=query)
    return answers.many("report_targets", items, count)


@get("/report_targets/{target_id:str}", summary="One receiver")
async def get_target(
    target_id: FromPath[str], db: Injected[Database], caller: Injected[Caller]
) -> Response[bytes]:
    async with db.transaction(caller.tenant) as tx:
        text, etag = await service.get_target(
            tx, caller=caller, target_id=parse_id(target_id, _WORDS)
        )
    return answers.one(_NOUN, text, etag=etag)


@put("/report_targets/{target_id:str}", summary="Change a receiver, or let it rest")
async def update_target(
    target_id: FromPath[str],
    request: Http,
    db: Injected[Database],
    caller: Injected[Caller],
    secrets: Injected[SecretBox],
) -> Response[bytes]:
    """A secret that is not given stays; null removes it."""
    etag = requests.if_match(request)
    body = bodies.open_(UpdateTarget, await request.body())
    async with db.transaction(caller.tenant) as tx:
        text, fresh = await service.update_target(
            tx,
            caller=caller,
            target_id=parse_id(target_id, _WORDS),
            etag=etag,
            values=bodies.given(body),
            secrets=secrets,
        )
    return answers.one(_NOUN, text, etag=fresh)


@delete("/report_targets/{target_id:str}", status_code=204, summary="Remove a receiver")
async def delete_target(
    target_id: FromPath[str], request: Http, db: Injected[Database], caller: Injected[Caller]
) -> Response[None]:
    etag = requests.if_match(request)
    async with db.transaction(caller.tenant) as tx:
        await service.delete_target(
            tx, caller=caller, target_id=parse_id(target_id, _WORDS), etag=etag
        )
    return answers.nothing()


@get("/deliveries", summary="Reports to your teams' receivers; where=status:failed")
async def list_deliveries(
    request: Http, db: Injected[Database], caller: Injected[Caller]
) -> Response[bytes]:
    query = requests.list_query(request)
    async with db.transaction(caller.tenant) as tx:
        items, count = await service.list_deliveries(tx, query=query)
    return answers.many("deliveries", items, count)


@post("/deliveries/{delivery_id:str}/retry", status_code=202, summary="Send a report again, now")
async def retry_delivery(
    delivery_id: FromPath[str], db: Injected[Database], caller: Injected[Caller]
) -> Response[bytes]:
    """409 when it was delivered."""
    async with db.transaction(caller.tenant) as tx:
        text = await service.retry_delivery(
            tx, caller=caller, delivery_id=parse_id(delivery_id, "delivery")
        )
    return answers.one("delivery", text, status=202)


routes = [
    create_target,
    list_targets,
    get_target,
    update_target,
    delete_target,
    list_deliveries,
    retry_delivery,
]
