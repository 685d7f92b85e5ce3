"""Every answer that a test gets is held against the description of the API.

Importing this module teaches httpx's ASGITransport, through which tests reach a server in
their own process, to raise when an answer is not as the OpenAPI document says.
"""

import re
from functools import cache
from typing import Any

import httpx
import jsonschema_rs
import msgspec

from ringtest.control.app import described

_PREFIX = re.compile(r"^/api/v[12](?=/|$)")
_ask = httpx.ASGITransport.handle_async_request


@cache
def document() -> dict[str, Any]:
    """The description, as plain JSON."""
    plain: dict[str, Any] = msgspec.json.decode(msgspec.json.encode(described()))
    return plain


@cache
def _operations() -> list[tuple[str, re.Pattern[str], str]]:
    """(method, path, template), those without parameters first."""
    found = []
    for template, methods in document()["paths"].items():
        pattern = re.sub(r"\\\{file_path\\\}", ".+", re.escape(template))
        compiled = re.compile(re.sub(r"\\\{\w+\\\}", "[^/]+", pattern) + "/?", re.S)
        found += [(method.upper(), compiled, template) for method in methods]
    return sorted(found, key=lambda one: one[2].count("{"))


def operation_of(method: str, path: str) -> tuple[str, dict[str, Any]] | None:
    """The template and the operation that describe a request, if any do."""
    # slashes too many are nothing, to the server too
    shown = re.sub("/{2,}", "/", _PREFIX.sub("/api/v1", path))
    for known, pattern, template in _operations():
        if known == method and pattern.fullmatch(shown):
            return template, document()["paths"][template][method.lower()]
    return None


@cache
def _validator(method: str, template: str, status: str) -> Any:
    responses = document()["paths"][template][method.lower()]["responses"]
    told = responses.get(status) or responses.get(f"{status[0]}XX")
    if told is None:
        return None
    if "$ref" in told:
        told = document()["components"]["responses"][told["$ref"].rpartition("/")[2]]
    content = told.get("content", {})
    if "application/json" not in content:
        return content
    schema = content["application/json"]["schema"]
    return jsonschema_rs.validator_for({**schema, "components": document()["components"]})


def faults(method: str, path: str, status: int, kind: str, body: bytes) -> list[str]:
    """What of an answer is not as it is described."""
    found = operation_of(method, path)
    if found is None:
        return [] if status in (404, 405) else [f"{method} {path} is not described"]
    validator = _validator(method, found[0], str(status))
    if validator is None:
        return [f"{method} {found[0]} is not said to answer {status}"]
    if isinstance(validator, dict):
        return [f"{method} {found[0]} {status} has a body"] if body and not validator else []
    if kind != "application/json":
        return [f"{method} {found[0]} {status} is {kind}"]
    if method == "HEAD":
        return []
    return [
        f"{method} {found[0]} {status}: {'/'.join(map(str, error.instance_path))}: {error.message}"
        for error in validator.iter_errors(msgspec.json.decode(body))
    ][:5]


async def _ask_and_look(transport: httpx.ASGITransport, request: httpx.Request) -> httpx.Response:
    answer = await _ask(transport, request)
    kind = answer.headers.get("content-type", "")
    if _PREFIX.match(request.url.path) and request.method != "OPTIONS" and kind:
        body = await answer.aread() if kind == "application/json" else b""
        wrong = faults(request.method, request.url.path, answer.status_code, kind, body)
        assert not wrong, "\n".join(["an answer is not as it is described:", *wrong])
    return answer


def look_at_every_answer() -> None:
    """From now on."""
    httpx.ASGITransport.handle_async_request = _ask_and_look  # type: ignore[assignment,method-assign]
