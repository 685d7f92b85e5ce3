"""Routes of tokens: /tokens."""

from typing import Any

from litestar import Request, Response, delete, get, post
from litestar.di import NamedDependency as Injected
from litestar.params import FromPath

from ringtest.control.accounts.model import Caller
from ringtest.control.db import lists
from ringtest.control.db.pool import Database
from ringtest.control.kernel.ids import parse_id
from ringtest.control.kernel.settings import Settings
from ringtest.control.tokens import service
from ringtest.control.tokens.model import CreateToken
from ringtest.control.wire import answers, bodies, requests

Http = Request[Any, Any, Any]


@post("/tokens", summary="Make a token; the answer holds it, and nothing shows it again")
async def create_token(
    request: Http, db: Injected[Database], caller: Injected[Caller], settings: Injected[Settings]
) -> Response[bytes]:
    body = bodies.closed(CreateToken, await request.body())
    async with db.transaction(caller.tenant) as tx:
        text, etag, token = await service.create_token(
            tx, caller=caller, body=body, max_days=settings.token_max_days
        )
    shown = f'{text.removesuffix("}")},"token":"{token}"}}'
    return answers.one("token", shown, etag=etag, status=201)


@get("/tokens", summary="Tokens of the caller, and of the machines of its teams")
async def list_tokens(
    request: Http, db: Injected[Database], caller: Injected[Caller]
) -> Response[bytes]:
    return await lists.answer(
        request,
        db,
        caller,
        "tokens",
        lambda tx, query: service.list_tokens(tx, caller=caller, query=query),
    )


@get("/tokens/{token_id:str}", summary="One token: what it may, until when, when last used")
async def get_token(
    token_id: FromPath[str], request: Http, db: Injected[Database], caller: Injected[Caller]
) -> Response[bytes]:
    async with db.transaction(caller.tenant) as tx:
        text, etag = await service.get_token(
            tx, caller=caller, token_id=parse_id(token_id, "token")
        )
    return answers.one("token", text, etag=etag, fields=requests.fields(request))


@delete("/tokens/{token_id:str}", status_code=204, summary="Revoke a token")
async def revoke_token(
    token_id: FromPath[str], request: Http, db: Injected[Database], caller: Injected[Caller]
) -> Response[None]:
    etag = requests.if_match(request)
    async with db.transaction(caller.tenant) as tx:
        await service.revoke_token(
            tx, caller=caller, token_id=parse_id(token_id, "token"), etag=etag
        )
    return answers.nothing()


routes = [create_token, list_tokens, get_token, revoke_token]
