"""What is known of the request that is being answered, for whoever works on it.

The middleware makes a `RequestContext` for each request; identity tells it the actor, the
router its route; the database reads whose key and which note of the change it should keep.
Outside of a request there is none, and nobody minds.
"""

import os
import re
from collections.abc import Callable, Mapping, MutableMapping
from contextvars import ContextVar
from dataclasses import dataclass, field
from typing import Any
from uuid import UUID

from ringtest.control.wire.claims import Claim

_REQUEST_ID = re.compile(r"[A-Za-z0-9._-]{1,64}", re.ASCII)
_READING = frozenset({"GET", "HEAD", "OPTIONS"})


@dataclass(frozen=True, slots=True)
class Actor:
    """Who sent a request: kind is user, remoteci or feeder."""

    kind: str
    id: UUID

    def __str__(self) -> str:
        return f"{self.kind}/{self.id}"


@dataclass(slots=True)
class RequestContext:
    """One request. `scope` is ASGI's, to which the router adds its route and its parameters."""

    id: str
    scope: MutableMapping[str, Any]
    claim: Claim | None = None
    actor: Actor | None = None
    is_stream: bool = False
    is_noted: bool = False  # a service said itself what it did
    sql: list[int] = field(default_factory=lambda: [0])  # statements so far
    headers: list[tuple[bytes, bytes]] = field(default_factory=list)  # of any answer to it

    @property
    def method(self) -> str:
        word: str = self.scope["method"]
        return word

    @property
    def route(self) -> str:
        """The route's template, version prefix included; `-` for an address that is none."""
        template: str = self.scope.get("path_template") or "-"
        return template.replace(":str}", "}")

    @property
    def action(self) -> str:
        """Verb and noun: the name of the route's handler."""
        handler = self.scope.get("route_handler")
        return str(handler.handler_name) if handler else "-"

    @property
    def subject(self) -> UUID | None:
        """What the address names: its first id."""
        for text in self.scope.get("path_params", {}).values():
            try:
                return UUID(str(text))
            except ValueError:
                continue
        return None

    @property
    def is_audited(self) -> bool:
        """A change by somebody, on a route that is not a machine's telemetry."""
        if self.actor is None or self.method in _READING:
            return False
        handler = self.scope.get("route_handler")
        return handler is not None and bool(handler.opt.get("audited", True))

    def claim_now(self) -> Claim | None:
        """The claim, once the actor is known. An upload that is passed on as it comes has
        none before its end: a transaction must not wait for a sender."""
        if self.claim is None or self.actor is None:
            return None
        handler = self.scope.get("route_handler")
        if handler is None or keeps_keys_itself(self.scope):
            return None
        if handler.resolve_request_max_body_size() is None and not self.claim.is_whole:
            return None
        self.claim.actor = str(self.actor)
        return self.claim


current: ContextVar[RequestContext | None] = ContextVar("request", default=None)
"""The request of the running task."""

__all__ = ["Actor", "Claim", "RequestContext", "act_as", "add_header", "current", "request_id"]


def keeps_keys_itself(scope: Mapping[str, Any]) -> bool:
    """Whether a route remembers keys with what it makes (`keyed="itself"`)."""
    handler = scope.get("route_handler")
    return handler is not None and handler.opt.get("keyed") == "itself"


def act_as(kind: str, actor_id: UUID) -> None:
    """Note who sent the request that is being answered."""
    request = current.get()
    if request is not None:
        request.actor = Actor(kind, actor_id)


def add_header(name: bytes, value: bytes) -> None:
    """Have the answer, whichever it will be, carry a header."""
    request = current.get()
    if request is not None:
        request.headers.append((name, value))


def request_id(headers: Mapping[bytes, bytes], make: Callable[[int], bytes] = os.urandom) -> str:
    """The caller's X-Request-Id if it is a plain word, else one of our own.

    >>> request_id({b"x-request-id": b"build-7"})
    'build-7'
    >>> request_id({b"x-request-id": b"no good"}, make=bytes)
    '0000000000000000'
    """
    given = headers.get(b"x-request-id", b"").decode("latin-1")
    return given if _REQUEST_ID.fullmatch(given) else make(8).hex()
