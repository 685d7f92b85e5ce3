"""Routes of triggers: /trigger_rules."""

from typing import Any

from litestar import Request, Response, delete, get, post, put
from litestar.di import NamedDependency as Injected
from litestar.params import FromPath

from ringtest.control.accounts.model import Caller
from ringtest.control.db import lists
from ringtest.control.db.pool import Database
from ringtest.control.kernel.ids import parse_id
from ringtest.control.triggers import service
from ringtest.control.triggers.model import CreateRule, UpdateRule
from ringtest.control.wire import answers, bodies, requests

Http = Request[Any, Any, Any]
_NOUN = "trigger_rule"
_WORDS = "trigger rule"


@post("/trigger_rules", summary="Test what a published component makes testable")
async def create_rule(
    request: Http, db: Injected[Database], caller: Injected[Caller]
) -> Response[bytes]:
    """Body: name, topic_id, definition_id, component_types (empty: any of the topic), state."""
    body = bodies.closed(CreateRule, await request.body())
    async with db.transaction(caller.tenant) as tx:
        text, etag = await service.create_rule(tx, caller=caller, body=body)
    return answers.one(_NOUN, text, etag=etag, status=201)


@get("/trigger_rules", summary="Rules of the topics you see")
async def list_rules(
    request: Http, db: Injected[Database], caller: Injected[Caller]
) -> Response[bytes]:
    return await lists.answer(
        request,
        db,
        caller,
        "trigger_rules",
        lambda tx, query: service.list_rules(tx, query=query),
    )


@get("/trigger_rules/{rule_id:str}", summary="One rule")
async def get_rule(
    rule_id: FromPath[str], request: Http, db: Injected[Database], caller: Injected[Caller]
) -> Response[bytes]:
    async with db.transaction(caller.tenant) as tx:
        text, etag = await service.get_rule(tx, rule_id=parse_id(rule_id, _WORDS))
    return answers.one(_NOUN, text, etag=etag, fields=requests.fields(request))


@put("/trigger_rules/{rule_id:str}", summary="Change a rule, or let it rest (state inactive)")
async def update_rule(
    rule_id: FromPath[str], request: Http, db: Injected[Database], caller: Injected[Caller]
) -> Response[bytes]:
    etag = requests.if_match(request)
    body = bodies.open_(UpdateRule, await request.body())
    async with db.transaction(caller.tenant) as tx:
        text, fresh = await service.update_rule(
            tx,
            caller=caller,
            rule_id=parse_id(rule_id, _WORDS),
            etag=etag,
            values=bodies.given(body),
        )
    return answers.one(_NOUN, text, etag=fresh)


@delete("/trigger_rules/{rule_id:str}", status_code=204, summary="Remove a rule")
async def delete_rule(
    rule_id: FromPath[str], request: Http, db: Injected[Database], caller: Injected[Caller]
) -> Response[None]:
    etag = requests.if_match(request)
    async with db.transaction(caller.tenant) as tx:
        await service.delete_rule(tx, caller=caller, rule_id=parse_id(rule_id, _WORDS), etag=etag)
    return answers.nothing()


routes = [create_rule, list_rules, get_rule, update_rule, delete_rule]
