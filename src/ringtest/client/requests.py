"""How requests are put together and answers read, the same for both clients. No network."""

import uuid
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

import httpx
import msgspec

from ringtest.client.connection import Connection
from ringtest.client.errors import error_from

PAGE_SIZE = 200
CHUNK = 256 * 1024


@dataclass(frozen=True, slots=True)
class Call:
    """One request, kept in a form that can be sent again. `body` becomes JSON."""

    method: str
    path: str
    params: Mapping[str, str] = field(default_factory=dict)
    headers: Mapping[str, str] = field(default_factory=dict)
    body: Any = None
    content: bytes | None = None

    def arguments(self, connection: Connection) -> dict[str, Any]:
        """Keyword arguments for httpx's `build_request`."""
        headers = dict(self.headers)
        content = self.content
        if self.body is not None:
            content = msgspec.json.encode(self.body)
            headers["Content-Type"] = "application/json"
        return {
            "method": self.method,
            "url": connection.url(self.path),
            "params": dict(self.params) or None,
            "headers": headers,
            "content": content,
        }


def get(path: str, params: Mapping[str, str] | None = None) -> Call:
    """Read something."""
    return Call("GET", path, params or {})


def post(path: str, body: Any = None, *, key: str | None = None, **headers: str) -> Call:
    """Create or do something. Each call has a key of its own, so that sending it again after
    a lost answer is safe; `key` is one that the caller keeps, "" none at all."""
    named = {name.replace("_", "-"): value for name, value in headers.items()}
    key = uuid.uuid4().hex if key is None else key
    if key:
        named["Idempotency-Key"] = key
    return Call("POST", path, headers=named, body=body)


def put(path: str, body: Any, *, etag: str) -> Call:
    """Change something as it was when `etag` was read."""
    return Call("PUT", path, headers={"If-match": etag}, body=body)


def delete(path: str, *, etag: str | None = None) -> Call:
    """Remove something."""
    return Call("DELETE", path, headers={"If-match": etag} if etag else {})


def decode(response: httpx.Response) -> Any:
    """The JSON of an answer, None when it is empty; a refusal is raised as ApiError."""
    if response.status_code >= 300:
        raise error_from(response)
    return msgspec.json.decode(response.content) if response.content else None


def page_params(params: Mapping[str, str], *, offset: int, limit: int) -> dict[str, str]:
    """The parameters of one page; the wire wants limit and offset together."""
    return {**params, "limit": str(limit), "offset": str(offset)}
