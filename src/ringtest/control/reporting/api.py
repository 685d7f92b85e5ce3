"""Routes of reporting: /report_targets and /deliveries. Secrets go in and never come out."""

from typing import Any

from litestar import Request, Response, delete, get, post, put
from litestar.di import NamedDependency as Injected
from litestar.params import FromPath

from ringtest.control.accounts.model import Caller
from ringtest.control.db import lists
from ringtest.control.db.pool import Database
from ringtest.control.kernel.ids import parse_id
from ringtest.control.kernel.settings import Settings
from ringtest.control.ports.secret_box import SecretBox
from ringtest.control.reporting import service
from ringtest.control.reporting.model import CreateTarget, UpdateTarget, read_networks
from ringtest.control.wire import answers, bodies, requests

Http = Request[Any, Any, Any]
_NOUN = "report_target"
_WORDS = "report target"


@post("/report_targets", summary="Tell a webhook or a mail address of what happens")
async def create_target(
    request: Http,
    db: Injected[Database],
    caller: Injected[Caller],
    secrets: Injected[SecretBox],
    settings: Injected[Settings],
) -> Response[bytes]:
    """Body: name, channel (webhook, mail), address, team_id, topic_id?, secret?, state?, events?
    (new failure groups). Members of a team may add webhooks for it."""
    body = bodies.closed(CreateTarget, await request.body())
    networks = read_networks(settings.webhook_networks)
    async with db.transaction(caller.tenant) as tx:
        text, etag = await service.create_target(
            tx, caller=caller, body=body, secrets=secrets, networks=networks
        )
    return answers.one(_NOUN, text, etag=etag, status=201)


@get("/report_targets", summary="Receivers of reports")
async def list_targets(
    request: Http, db: Injected[Database], caller: Injected[Caller]
) -> Response[bytes]:
    return await lists.answer(
        request,
        db,
        caller,
        "report_targets",
        lambda tx, query: service.list_targets(tx, caller=caller, query=query),
    )


@get("/report_targets/{target_id:str}", summary="One receiver")
async def get_target(
    target_id: FromPath[str], request: Http, db: Injected[Database], caller: Injected[Caller]
) -> Response[bytes]:
    async with db.transaction(caller.tenant) as tx:
        text, etag = await service.get_target(
            tx, caller=caller, target_id=parse_id(target_id, _WORDS)
        )
    return answers.one(_NOUN, text, etag=etag, fields=requests.fields(request))


@put("/report_targets/{target_id:str}", summary="Change a receiver, or let it rest")
async def update_target(
    target_id: FromPath[str],
    request: Http,
    db: Injected[Database],
    caller: Injected[Caller],
    secrets: Injected[SecretBox],
    settings: Injected[Settings],
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
            networks=read_networks(settings.webhook_networks),
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


@post("/report_targets/{target_id:str}/ping", status_code=202, summary="Send a receiver a test")
async def ping_target(
    target_id: FromPath[str], db: Injected[Database], caller: Injected[Caller]
) -> Response[bytes]:
    """No body. The delivery says whether it arrived; 409 while one is on its way."""
    async with db.transaction(caller.tenant) as tx:
        text = await service.ping_target(tx, caller=caller, target_id=parse_id(target_id, _WORDS))
    return answers.one("delivery", text, status=202)


@get("/report_targets/{target_id:str}/deliveries", summary="What a receiver got, and what waits")
async def list_target_deliveries(
    target_id: FromPath[str], request: Http, db: Injected[Database], caller: Injected[Caller]
) -> Response[bytes]:
    return await lists.answer(
        request,
        db,
        caller,
        "deliveries",
        lambda tx, query: service.list_target_deliveries(
            tx, caller=caller, target_id=parse_id(target_id, _WORDS), query=query
        ),
    )


@get("/deliveries", summary="Reports to your teams' receivers; where=status:failed")
async def list_deliveries(
    request: Http, db: Injected[Database], caller: Injected[Caller]
) -> Response[bytes]:
    return await lists.answer(
        request,
        db,
        caller,
        "deliveries",
        lambda tx, query: service.list_deliveries(tx, query=query),
    )


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
    ping_target,
    list_target_deliveries,
    list_deliveries,
    retry_delivery,
]
