"""What every request passes through: cross-origin headers, statement count, server name."""

from collections.abc import Awaitable, Callable, MutableMapping
from typing import Any

Message = MutableMapping[str, Any]
Receive = Callable[[], Awaitable[Message]]
Send = Callable[[Message], Awaitable[None]]

_NAMES = b"Authorization, Content-Type, If-Match, ETag, X-Requested-With, X-Dci-Team-Id"
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


class Surround:
    """Wraps the application. `count_statements` starts a counter and returns its reader."""

    def __init__(
        self, app: Callable[..., Awaitable[None]], count_statements: Callable[[], Callable[[], int]]
    ) -> None:
        self._app = app
        self._count_statements = count_statements

    async def __call__(self, scope: Message, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        if scope["method"] == "OPTIONS":
            headers = [*_ALWAYS, *_PREFLIGHT]
            await send({"type": "http.response.start", "status": 200, "headers": headers})
            await send({"type": "http.response.body", "body": b""})
            return
        statements = self._count_statements()

        async def send_with_headers(message: Message) -> None:
            if message["type"] == "http.response.start":
                timing = b"sql;desc=%d" % statements()
                message["headers"] = [
                    *message.get("headers", []),
                    *_ALWAYS,
                    (b"server-timing", timing),
                ]
            await send(message)

        await self._app(scope, receive, send_with_headers)
