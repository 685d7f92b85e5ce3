"""What every request passes through: its context, its headers, its key, its trace.

From outside in: preflight answers; a context with an id; the key's transaction, which ends
with the answer; headers that every answer has; measures and the access log.
"""

import time
from collections.abc import Awaitable, Callable, MutableMapping
from contextvars import ContextVar
from dataclasses import dataclass
from typing import Any

from ringtest.control.ports.secret_box import SecretBox
from ringtest.control.wire import answers, context
from ringtest.control.wire.claims import Claim
from ringtest.control.wire.context import RequestContext

Message = MutableMapping[str, Any]
Receive = Callable[[], Awaitable[Message]]
Send = Callable[[Message], Awaitable[None]]

_NAMES = (
    b"Authorization, Content-Type, If-Match, ETag, X-Requested-With, X-Dci-Team-Id,"
    b" Idempotency-Key, X-Request-Id"
)
_ALWAYS = [
    (b"access-control-allow-origin", b"*"),
    (b"access-control-expose-headers", _NAMES),
    (b"x-content-type-options", b"nosniff"),
    (b"referrer-policy", b"same-origin"),
]
_PREFLIGHT = [
    (b"access-control-allow-methods", b"GET, POST, PUT, DELETE"),
    (b"access-control-allow-headers", _NAMES),
    (b"content-type", b"application/json"),
    (b"content-length", b"0"),
]


@dataclass(frozen=True, slots=True)
class Around:
    """What the middleware needs of the server. `leaving` is true once it is being stopped."""

    count: ContextVar[list[int]]
    secrets: SecretBox
    max_body: int
    refused: Callable[[RequestContext], Awaitable[None]]
    answered: Callable[[RequestContext, int, int, float], None]
    leaving: Callable[[], bool]


class Surround:
    """Wraps the application."""

    def __init__(self, app: Callable[..., Awaitable[None]], around: Around) -> None:
        self._app = app
        self._around = around

    async def __call__(self, scope: Message, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        if scope["method"] == "OPTIONS":
            headers = [*_ALWAYS, *_PREFLIGHT]
            await send({"type": "http.response.start", "status": 200, "headers": headers})
            await send({"type": "http.response.body", "body": b""})
            return
        headers_in = dict(scope["headers"])
        request = RequestContext(context.request_id(headers_in), scope)
        counting = self._around.count.set(request.sql)
        asking = context.current.set(request)
        try:
            await self._answer(request, headers_in, receive, _Passing(request, send, self._around))
        finally:
            context.current.reset(asking)
            self._around.count.reset(counting)

    async def _answer(
        self,
        request: RequestContext,
        headers: dict[bytes, bytes],
        receive: Receive,
        passing: "_Passing",
    ) -> None:
        key = headers.get(b"idempotency-key")
        scope = request.scope
        if key is None or scope["method"] != "POST":
            await self._pass(passing, scope, receive, passing.send)
            return
        about, around = _about(scope, headers), self._around
        claim = Claim(key.decode("latin-1"), about, around.secrets, around.max_body)
        request.claim = claim
        watched = claim.watch(receive, lambda: context.keeps_keys_itself(scope))
        try:
            await self._pass(passing, scope, watched, _Settling(claim, passing).send)
        finally:
            if claim.held is not None:
                await claim.held.abandon()

    async def _pass(
        self, passing: "_Passing", scope: Message, receive: Receive, send: Send
    ) -> None:
        try:
            await self._app(scope, receive, send)
        finally:
            passing.ended()


def _about(scope: Message, headers: dict[bytes, bytes]) -> str:
    """What must be the same besides the body for two requests to be one."""
    parts = (
        scope["method"],
        scope["path"].rstrip("/"),
        scope["query_string"].decode("latin-1"),
        headers.get(b"x-dci-team-id", b"").decode("latin-1"),
    )
    return "\n".join([*parts, ""])


class _Passing:
    """An answer on its way out: gets its headers, is measured."""

    __slots__ = ("_around", "_began", "_bytes", "_send", "_status", "request")

    def __init__(self, request: RequestContext, send: Send, around: Around) -> None:
        self.request = request
        self._send = send
        self._around = around
        self._began = time.perf_counter()
        self._status = 0
        self._bytes = 0

    async def send(self, message: Message) -> None:
        if message["type"] == "http.response.start":
            request = self.request
            self._status = message["status"]
            if self._status == 401 and request.is_audited:
                await self._around.refused(request)
            headers = [
                *message.get("headers", []),
                *_ALWAYS,
                *request.headers,
                (b"server-timing", b"sql;desc=%d" % request.sql[0]),
                (b"x-request-id", request.id.encode()),
            ]
            if self._around.leaving():
                headers.append((b"connection", b"close"))
            message["headers"] = headers
        else:
            self._bytes += len(message.get("body", b""))
        await self._send(message)

    def ended(self) -> None:
        seconds = time.perf_counter() - self._began
        self._around.answered(self.request, self._status, self._bytes, seconds)


class _Settling:
    """Holds an answer back until it is committed together with what it tells of."""

    __slots__ = ("_claim", "_out", "_start")

    def __init__(self, claim: Claim, out: _Passing) -> None:
        self._claim = claim
        self._out = out
        self._start: Message | None = None

    async def send(self, message: Message) -> None:
        if message["type"] == "http.response.start":
            self._start = message
            return
        start, self._start = self._start, None
        if start is None:  # the rest of an answer that comes in pieces
            await self._out.send(message)
            return
        if not await self._settled(start, message):
            start, message = _sorry()
        await self._out.send(start)
        await self._out.send(message)

    async def _settled(self, start: Message, body: Message) -> bool:
        """Commit; False when it could not be, and nothing happened."""
        held = self._claim.held
        if held is None:
            return True
        if start["status"] >= 500:
            await held.abandon()
            return True
        whole = None if body.get("more_body") else body.get("body", b"")
        self._out.request.sql[0] += 1
        sealed = self._claim.seal(start["status"], dict(start["headers"]), whole)
        return await held.finish(sealed)


def _sorry() -> tuple[Message, Message]:
    text = "the database is not reachable; try again"
    body = answers.encode({"status_code": 503, "message": text, "payload": {}})
    headers = [
        (b"content-type", b"application/json"),
        (b"content-length", str(len(body)).encode()),
    ]
    return (
        {"type": "http.response.start", "status": 503, "headers": headers},
        {"type": "http.response.body", "body": body},
    )
