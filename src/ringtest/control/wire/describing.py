"""The OpenAPI 3.1 document: paths from the routes, bodies from their structs, the shapes of
resources and examples from `resources.json`.

`resources.json` holds `resources` (schema by noun), `answers` (schema of what is no resource,
by `METHOD /path`), `parameters` (query parameters that are a route's own) and `examples`
(`body` and `answer` by `METHOD /path`). Tests hold every real answer against it.
"""

import inspect
import re
from collections.abc import Iterable
from functools import cache
from importlib import resources
from typing import Any

import msgspec
from litestar.handlers import HTTPRouteHandler

from ringtest.control.wire.handlers import Answer, Doing, doing

Json = dict[str, Any]

_PATH_PARAMETER = re.compile(r"\{(\w+)(?::(\w+))?\}")
_REASONS = {200: "Done", 201: "Made", 202: "Taken on", 204: "Done; no body"}
_LIST_PARAMETERS = {
    "limit": ("integer", "How many, 1 to 200; with offset or after."),
    "offset": ("integer", "How many to leave out; with limit."),
    "sort": ("string", "Columns, separated by commas; -column for descending."),
    "where": ("string", "column:value, separated by commas."),
    "query": ("string", "A filter in words: status:failure since:7d name:ring*."),
    "embed": ("string", "Accepted and ignored: what is embedded is fixed."),
    "created_after": ("string", "ISO time or epoch milliseconds."),
    "updated_after": ("string", "ISO time or epoch milliseconds."),
    "after": ("string", "Cursor: `_meta.next` of the page before."),
    "fields": ("string", "Names of what to show, separated by commas."),
}
_ERROR: Json = {
    "type": "object",
    "required": ["status_code", "message", "payload"],
    "additionalProperties": False,
    "properties": {
        "status_code": {"type": "integer"},
        "message": {"type": "string"},
        "payload": {"type": "object"},
    },
}
_META: Json = {
    "type": "object",
    "properties": {
        "count": {"type": "integer", "minimum": 0},
        "next": {"type": ["string", "integer", "null"]},
    },
}


@cache
def _known() -> Json:
    text = (resources.files("ringtest.control.wire") / "resources.json").read_text()
    known: Json = msgspec.json.decode(text)
    return known


def describe(
    routes: Iterable[tuple[str, HTTPRouteHandler]], *, title: str, version: str, summary: str
) -> Json:
    """The document of these routes, each below its prefix."""
    paths: dict[str, Json] = {}
    kinds: dict[str, type[msgspec.Struct]] = {}
    for prefix, handler in routes:
        done = doing(handler)
        kinds |= {kind.__name__: kind for kind in done.bodies}
        for path in sorted(handler.paths):
            shown = prefix + _PATH_PARAMETER.sub(r"{\1}", path)
            for method in sorted(handler.http_methods):
                operation = _operation(handler, done, str(method), path)
                paths.setdefault(shown, {})[str(method).lower()] = operation
    return {
        "openapi": "3.1.0",
        "info": {"title": title, "version": version, "description": summary},
        "servers": [{"url": "/"}],
        "security": [{"password": []}, {"token": []}, {"signature": []}, {"session": []}],
        "paths": dict(sorted(paths.items())),
        "components": {
            "schemas": dict(sorted(_schemas(list(kinds.values())).items())),
            "securitySchemes": _SECURITY,
            "responses": {
                "Refused": {
                    "description": "Refused; the message says why and what to do",
                    "content": {"application/json": {"schema": _ref("Error")}},
                }
            },
        },
    }


_SECURITY: Json = {
    "password": {"type": "http", "scheme": "basic"},
    "token": {"type": "http", "scheme": "bearer"},
    "signature": {
        "type": "apiKey",
        "in": "header",
        "name": "Authorization",
        "description": "DCI2-HMAC-SHA256 or AWS4-HMAC-SHA256: remote CIs and feeders.",
    },
    "session": {"type": "apiKey", "in": "cookie", "name": "ringtest_session"},
}


def _ref(name: str) -> Json:
    return {"$ref": f"#/components/schemas/{name}"}


def _resource_name(noun: str) -> str:
    """The schema's name of a resource, told apart from bodies.

    >>> _resource_name("job_definition")
    'JobDefinitionResource'
    """
    return "".join(word.capitalize() for word in noun.split("_")) + "Resource"


def _schemas(kinds: list[type[msgspec.Struct]]) -> Json:
    _, bodies = msgspec.json.schema_components(kinds, ref_template="#/components/schemas/{name}")
    named = {_resource_name(noun): schema for noun, schema in _known()["resources"].items()}
    return {**bodies, **named, "Error": _ERROR, "Meta": _META}


def _operation(handler: HTTPRouteHandler, done: Doing, method: str, path: str) -> Json:
    key = method + " " + _PATH_PARAMETER.sub(r"{\1}", path)
    examples = _known()["examples"].get(key, {})
    words = re.findall(r"\w+", _PATH_PARAMETER.sub(r"by_\1", path))
    operation: Json = {
        "operationId": "_".join([method.lower(), *words]),
        "summary": handler.summary or "",
        "parameters": _parameters(done, method, path, key),
        "responses": _responses(handler, done, method, path, key, examples.get("answer")),
    }
    text = inspect.getdoc(handler.fn)
    if text:
        operation["description"] = " ".join(text.split())
    body = _body(done, examples.get("body"))
    if body:
        operation["requestBody"] = body
    return operation


_UUID: Json = {
    "type": "string", "format": "uuid", "examples": ["3fa85f64-5717-4562-b3fc-2c963f66afa6"],
}  # fmt: skip
_WORD: Json = {"type": "string", "minLength": 1}
_PATH_SCHEMAS: dict[str, Json] = {
    "test_id": {
        "type": "string", "pattern": "^[0-9a-fA-F]{16}$", "examples": ["82bb5807d3dc87b6"],
    },
    "file_path": {"type": "string", "minLength": 1, "examples": ["compose/metadata.json"]},
}  # fmt: skip
"""Of parameters whose name does not tell."""
_ETAG: Json = {"type": "string", "examples": ["37bfdbd8131e40a5641543701c6e70e3"]}


def _parameters(done: Doing, method: str, path: str, key: str) -> list[Json]:
    found: list[Json] = [
        {
            "name": name,
            "in": "path",
            "required": True,
            "schema": _PATH_SCHEMAS.get(name, _UUID if name.endswith("_id") else _WORD),
        }
        for name, _ in _PATH_PARAMETER.findall(path)
    ]
    names = _LIST_PARAMETERS if done.is_list else {}
    if done.has_fields:
        names = names | {"fields": _LIST_PARAMETERS["fields"]}
    own = _known()["parameters"].get(key, {})
    for name, (kind, text) in {**names, **{k: tuple(v) for k, v in own.items()}}.items():
        found.append({"name": name, "in": "query", "description": text, "schema": {"type": kind}})
    headers = {"X-Dci-Team-Id": ("Act as a member of this team alone.", "uuid")}
    if method == "POST":
        headers["Idempotency-Key"] = ("The same key and body again get the first answer.", "")
    if done.is_list and method == "GET":
        headers["If-None-Match"] = ("The ETag the caller has: 304 when it still holds.", "")
    for name, (text, form) in headers.items():
        schema = {"type": "string"} | ({"format": form} if form else {})
        found.append({"name": name, "in": "header", "description": text, "schema": schema})
    if done.needs_etag:
        found.append({
            "name": "If-match", "in": "header", "required": True,
            "description": "The ETag the caller last saw.", "schema": _ETAG,
        })  # fmt: skip
    return found


def _body(done: Doing, example: Any) -> Json | None:
    if done.takes_bytes:
        return {"content": {"application/octet-stream": {"schema": {}}}, "required": True}
    if not done.bodies:
        return None
    shapes = [_ref(kind.__name__) for kind in dict.fromkeys(done.bodies)]
    content: Json = {"schema": shapes[0] if len(shapes) == 1 else {"anyOf": shapes}}
    if example is not None:
        content["example"] = example
    return {"content": {"application/json": content}, "required": True}


def _responses(
    handler: HTTPRouteHandler, done: Doing, method: str, path: str, key: str, example: Any
) -> Json:
    told: Json = {}
    found = done.answers or [Answer("raw", int(handler.status_code))]
    # what a stream calls on its way answers nobody
    found = [one for one in found if one.kind == "events"] or found
    for answer in found:
        told[str(answer.status)] = _response(answer, method, path, key, example)
    if any(answer.kind == "bytes" for answer in found):
        told["206"] = {"description": "The part that Range asks for", **_BYTES}
        told["302"] = {"description": "The bytes are there"}
        told["416"] = {"$ref": "#/components/responses/Refused"}
    if done.is_list and method == "GET":
        told["304"] = {"description": "What the caller has is what there is"}
    told["4XX"] = told["5XX"] = {"$ref": "#/components/responses/Refused"}
    return told


_BYTES: Json = {"content": {"*/*": {"schema": {}}}}


def _response(answer: Answer, method: str, path: str, key: str, example: Any) -> Json:
    response: Json = {"description": _REASONS.get(answer.status, "Done")}
    if answer.kind in ("events", "text"):
        form = "text/event-stream" if answer.kind == "events" else answer.noun or "text/plain"
        told: Json = {"schema": {"type": "string"} if form.startswith("text/") else {}}
        if isinstance(example, str):
            told["example"] = example
        return response | {"content": {form: told}}
    if method == "HEAD" or answer.kind == "nothing":
        return response
    if answer.kind == "bytes":
        return response | _BYTES
    content: Json = {"schema": _schema_of(answer, path, key)}
    if example is not None:
        content["example"] = example
    return response | {"content": {"application/json": content}}


def _schema_of(answer: Answer, path: str, key: str) -> Json:
    own = _known()["answers"].get(key)
    if own is not None:
        return dict(own)
    noun = answer.noun or _noun_of(path, plural=answer.kind == "many")
    known = _known()["resources"]
    if answer.kind == "one" and noun in known:
        return _wrapped(noun, _ref(_resource_name(noun)))
    single = _singular(noun)
    if answer.kind == "many" and single in known:
        items = {"type": "array", "items": _ref(_resource_name(single))}
        return _wrapped(noun, items, _meta=_ref("Meta"))
    return {"type": "object"}


def _wrapped(noun: str, inner: Json, **more: Json) -> Json:
    properties = {noun: inner, **more}
    return {
        "type": "object",
        "required": list(properties),
        "additionalProperties": False,
        "properties": properties,
    }


def _noun_of(path: str, *, plural: bool) -> str:
    first = path.strip("/").split("/")[0]
    return first if plural else _singular(first)


def _singular(noun: str) -> str:
    """One of them.

    >>> _singular("deliveries"), _singular("remotecis"), _singular("keys_values")
    ('delivery', 'remoteci', 'keys_value')
    """
    return f"{noun[:-3]}y" if noun.endswith("ies") else noun.removesuffix("s")
