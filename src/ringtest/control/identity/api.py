"""Routes of identity, and the dependency `caller` of every other route."""

from collections.abc import Awaitable, Callable
from typing import Annotated, Any
from urllib.parse import unquote

import msgspec
from litestar import Request, Response, delete, get, post
from litestar.datastructures import Cookie
from litestar.di import NamedDependency as Injected

from ringtest.control.accounts.model import Caller
from ringtest.control.db.pool import Database
from ringtest.control.identity import model, service
from ringtest.control.kernel.settings import Settings
from ringtest.control.limits.model import network_of
from ringtest.control.ports.identity_provider import IdentityProvider
from ringtest.control.ports.secret_box import SecretBox
from ringtest.control.wire import answers, bodies, context, requests, spool


class LogIn(msgspec.Struct):
    """Body of POST /session."""

    name: Annotated[str, msgspec.Meta(max_length=model.MAX_CREDENTIAL)]
    password: Annotated[str, msgspec.Meta(max_length=model.MAX_CREDENTIAL)]


def caller_provider(
    secrets: SecretBox, settings: Settings, provider: IdentityProvider | None = None
) -> Callable[[Request[Any, Any, Any], Database], Awaitable[Caller]]:
    """The dependency `caller` of routes: who sent the request; 401 when nobody we know, 429
    when the address or the identity sends too many.

    A signature covers the body: it is read for signed requests alone, and only once the
    machine is known and its clock is right. Of the server's parts only `db` is injected:
    whatever is resolved beside another dependency costs a task of its own.
    """
    desk = service.Desk(secrets, settings, provider)
    folder = settings.data if settings.data.is_dir() else None
    most, most_from = settings.rate_limit, settings.rate_limit_address

    async def provide_caller(request: Request[Any, Any, Any], db: Injected[Database]) -> Caller:
        async def body_digest() -> str:
            limit = request.route_handler.resolve_request_max_body_size() or settings.max_file
            return await spool.digest_body(request, limit=limit, folder=folder)

        scope = request.scope
        address = _address(request)
        if most_from:
            desk.allowances.take(db, address, most_from)
        raw_path: bytes = scope.get("raw_path") or scope["path"].encode()
        asked = service.Request(
            method=request.method,
            path=unquote(raw_path.decode("latin-1")),
            route=scope["path_template"][_PREFIX:],
            query=requests.query_pairs(request),
            headers=requests.headers(scope),
            address=address,
            body_digest=body_digest,
        )
        caller = await service.authenticate(db, asked, desk=desk)
        context.act_as(caller.kind, caller.id)
        if most:
            left = desk.allowances.take(db, f"{caller.kind} {caller.id}", most)
            context.add_header(b"ratelimit-policy", b'"identity";q=%d;w=60' % most)
            context.add_header(b"ratelimit", b'"identity";r=%d' % left)
        return caller

    return provide_caller


_PREFIX = len("/api/v1")


def _address(request: Request[Any, Any, Any]) -> str:
    client = request.scope["client"]
    return network_of(client[0] if client else None)


@get("/identity", summary="Who am I, and in which teams?")
async def get_identity(caller: Injected[Caller]) -> Response[bytes]:
    text = answers.encode(model.identity_json(caller)).decode()
    return answers.one("identity", text, etag=caller.etag)


@post("/session", summary="Log in: opens a browser session")
async def open_session(
    request: Request[Any, Any, Any],
    db: Injected[Database],
    settings: Injected[Settings],
    secrets: Injected[SecretBox],
) -> Response[bytes]:
    """Body `{"name", "password"}`. Sets the cookie `ringtest_session`; requests with it that
    are not GET or HEAD must send the header `X-Requested-With: ringtest`."""
    body = bodies.closed(LogIn, await request.body())
    desk = service.Desk(secrets, settings)
    caller = await service.log_in(
        db, body.name, body.password, desk=desk, address=_address(request)
    )
    async with db.transaction(caller.tenant) as tx:
        token = await service.open_session(tx, caller=caller)
    text = answers.encode(model.identity_json(caller)).decode()
    answer = answers.one("identity", text, status=201)
    answer.set_cookie(_cookie(request, token, int(model.SESSION_LIFE.total_seconds())))
    return answer


@delete("/session", status_code=204, summary="Log out: ends the session of the cookie")
async def close_session(
    request: Request[Any, Any, Any], db: Injected[Database], caller: Injected[Caller]
) -> Response[None]:
    token = model.cookie(request.headers.get("cookie", ""), service.SESSION_COOKIE)
    if token is not None:
        async with db.transaction(caller.tenant) as tx:
            await service.close_session(tx, token=token)
    answer = answers.nothing()
    answer.set_cookie(_cookie(request, "", 0))
    return answer


def _cookie(request: Request[Any, Any, Any], value: str, seconds: int) -> Cookie:
    return Cookie(
        key=service.SESSION_COOKIE,
        value=value,
        path="/",
        max_age=seconds,
        secure=request.url.scheme == "https",
        httponly=True,
        samesite="strict",
    )


routes = [get_identity, open_session, close_session]
