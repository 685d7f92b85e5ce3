"""A server with something of everything in it, and what no answer to bad input may show."""

import json
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

import httpx
from litestar.handlers import HTTPRouteHandler

from ringtest.control.app import ROOMS
from tests.isolation.two_teams import Estate

CALLERS = ("super admin", "user", "lab", "nobody")
HEADERS = {"If-Match": "0" * 32, "X-Ringtest-Lease": "no such lease"}
"""What some routes ask for before they look at anything else."""


def raw_headers(headers: Mapping[str, str | bytes]) -> list[tuple[bytes, bytes]]:
    """Headers as bytes: what a client may send is more than text."""
    return [
        (name.encode(), value if isinstance(value, bytes) else value.encode())
        for name, value in headers.items()
    ]


_STREAMED = ("/uploads/{", "/components/{component_id:str}/files/{")
"""Addresses to which bytes are put."""
_INSIDES = re.compile(
    r"Traceback|File \"|\.py\b|asyncpg|msgspec|litestar|postgres|pg_\w+|\brt_\w+|SQLSTATE"
    r"|SELECT |INSERT INTO|UPDATE \w+ SET|DELETE FROM|::\w+\[?|syntax error|relation \"|column \""
    r"|object at |/src/|/tmp/|/home/|/root/|site-packages",
    re.IGNORECASE,
)
_OF_THEIR_SQL = ("syntax error", "select ", 'column "')
"""Who asks in SQL is told in its words what is wrong with the question."""


@dataclass(frozen=True, slots=True)
class Route:
    """One method of one path of the server, relative to the version prefix."""

    method: str
    path: str

    def __str__(self) -> str:
        return f"{self.method} {self.path}"

    @property
    def parameters(self) -> list[str]:
        """Names of the path's parameters in their order."""
        return re.findall(r"{(\w+):", self.path)

    @property
    def is_stream(self) -> bool:
        """Answers until somebody leaves: only what it refuses can be asked for."""
        return self.path.endswith("/stream")

    @property
    def is_upload(self) -> bool:
        """The body is a file's content, not JSON."""
        posts = self.method == "POST" and self.path.endswith(("/files", "/uploads"))
        return posts or (self.method in ("PUT", "PATCH") and self.path.startswith(_STREAMED))


def all_routes() -> Iterator[Route]:
    """Every route of every room."""
    handlers: list[HTTPRouteHandler] = [route for room in ROOMS for route in room.routes]
    for handler in handlers:
        for path in sorted(handler.paths):
            for method in sorted(handler.http_methods):
                yield Route(method, path)


@dataclass(slots=True)
class Ground:
    """The server, what is in it by name, its callers, and secrets that must stay inside."""

    estate: Estate
    callers: dict[str, httpx.AsyncClient]
    secrets: list[str]

    def __getitem__(self, who: str) -> httpx.AsyncClient:
        return self.callers[who]

    def url(self, route: Route, **instead: str) -> str:
        """The route's path with ids of things that there are, or with what `instead` says."""
        noun = route.path.split("/")[1]
        ids = self.estate.ids
        known = ids | {
            "machine_id": ids["remoteci_id" if noun == "remotecis" else "feeder_id"],
            "file_id": ids["component_file_id" if noun == "components" else "file_id"],
            "file_path": ids["component_file_id"],
        }
        values = known | instead
        return re.sub(r"{(\w+):\w+}", lambda found: values[found[1]], route.path)

    def complaints(self, answer: httpx.Response) -> list[str]:
        """What is wrong with an answer to bad input; nothing, if all is well."""
        asked = answer.request.url.raw_path.decode("latin-1")[:120]
        name = f"{answer.request.method} {asked} -> {answer.status_code}"
        wrong = [f"{name} shows a secret" for secret in self.secrets if secret in answer.text]
        if answer.status_code >= 500:
            wrong.append(f"{name}: {answer.text[:300]}")
        if answer.status_code >= 400 and answer.request.method != "HEAD":
            wrong += [f"{name}: {one}" for one in _error_complaints(answer)]
        if answer.headers.get("x-content-type-options") != "nosniff":
            wrong.append(f"{name} may be taken for another type")
        return wrong


def _error_complaints(answer: httpx.Response) -> Iterator[str]:
    if answer.headers.get("content-type") != "application/json":
        yield f"an error of type {answer.headers.get('content-type')}"
        return
    error: dict[str, Any] = json.loads(answer.content)
    if set(error) != {"status_code", "message", "payload"}:
        yield f"not the error form: {answer.text[:200]}"
        return
    if error["status_code"] != answer.status_code or len(error["message"]) < 5:
        yield f"says nothing: {answer.text[:200]}"
    if len(answer.content) > 10_000:
        yield f"an error of {len(answer.content)} bytes"
    inside = _INSIDES.search(answer.text)
    is_theirs = answer.request.url.path.endswith("/archive/query")
    if inside and not (is_theirs and inside[0].lower() in _OF_THEIR_SQL):
        yield f"shows the server's insides ({inside[0]!r}): {answer.text[:300]}"
