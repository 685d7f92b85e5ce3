"""What a route's handler does, read from its own code: the description cannot drift from it.

A handler reads its body with `bodies.closed(Kind, …)` or `bodies.open_`, its etag with
`requests.if_match`, and answers with `answers.one("noun", …)`, `answers.many`, `lists.answer`,
`answers.nothing`, a stream or a download. Where it does something of its own, its decorator
says so: `body=Kind`.
"""

import ast
import inspect
import sys
import textwrap
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from typing import Any, Literal

import msgspec
from litestar.handlers import HTTPRouteHandler

Kind = Literal["one", "many", "nothing", "raw", "events", "bytes", "text"]
_DEEPEST = 3


@dataclass(frozen=True, slots=True)
class Answer:
    """A successful answer. `noun` None: named by the path; of text it is the media type."""

    kind: Kind
    status: int
    noun: str | None = None


@dataclass(slots=True)
class Doing:
    """What a handler reads and answers."""

    bodies: list[type[msgspec.Struct]] = field(default_factory=list)
    is_closed: bool = False
    takes_bytes: bool = False
    needs_etag: bool = False
    is_list: bool = False
    has_fields: bool = False
    parameters: list[str] = field(default_factory=list)
    answers: list[Answer] = field(default_factory=list)


def doing(handler: HTTPRouteHandler) -> Doing:
    """What the handler does."""
    found = Doing()
    function: Callable[..., Any] = inspect.unwrap(handler.fn)
    for call, module in _calls(function, set(), 0):
        _note(found, call, module)
    body = handler.opt.get("body")
    if body is not None:
        found.bodies.append(body)
    return found


def _calls(
    function: Callable[..., Any], seen: set[Any], depth: int
) -> Iterator[tuple[ast.Call, Any]]:
    """Calls in a function and in those of its module that it calls."""
    seen.add(function)
    module = sys.modules[function.__module__]
    tree = ast.parse(textwrap.dedent(inspect.getsource(function)))
    for node in ast.walk(tree):
        if not isinstance(node, ast.Call):
            continue
        yield node, module
        name = node.func.id if isinstance(node.func, ast.Name) else ""
        inner: Any = getattr(module, name, None)
        own = inspect.isfunction(inner) and inner.__module__ == module.__name__
        if own and inner not in seen and depth < _DEEPEST:
            yield from _calls(inner, seen, depth + 1)


def _note(found: Doing, call: ast.Call, module: Any) -> None:
    match ast.unparse(call.func):
        case "bodies.closed" | "bodies.open_" as name:
            found.is_closed = found.is_closed or name == "bodies.closed"
            found.bodies += [kind for kind in _kinds(call.args[0], module)]
        case "request.stream" | "spool.stream":
            found.takes_bytes = True
        case "requests.if_match":
            found.needs_etag = True
        case "requests.fields":
            found.has_fields = True
        case "requests.list_query":
            found.is_list = True
        case "lists.answer":
            found.is_list = True
            found.answers.append(Answer("many", 200, _text(call.args[3], module)))
        case "answers.one":
            found.answers.append(Answer("one", _status(call, 200), _text(call.args[0], module)))
        case "answers.many":
            found.answers.append(Answer("many", 200, _text(call.args[0], module)))
        case "answers.nothing":
            found.answers.append(Answer("nothing", _status(call, 204)))
        case "answers.raw":
            found.answers.append(Answer("raw", _status(call, 200)))
        case "sse.stream":
            found.answers.append(Answer("events", 200))
        case "downloads.send":
            found.answers.append(Answer("bytes", 200))
        case "Stream" | "Response":
            found.answers.append(Answer("text", 200, _media_type(call)))
        case _:
            pass


def _media_type(call: ast.Call) -> str | None:
    """What a call says of the bytes that it sends, if it says so there."""
    told = [one.value for one in call.keywords if one.arg == "media_type"]
    return str(told[0].value) if told and isinstance(told[0], ast.Constant) else None


def _kinds(node: ast.expr, module: Any) -> list[type[msgspec.Struct]]:
    """The structs that an expression may mean."""
    if isinstance(node, ast.IfExp):
        return [*_kinds(node.body, module), *_kinds(node.orelse, module)]
    value = module
    for part in ast.unparse(node).split("."):
        value = getattr(value, part, None)
    return [value] if isinstance(value, type) and issubclass(value, msgspec.Struct) else []


def _text(node: ast.expr, module: Any) -> str | None:
    if isinstance(node, ast.Constant):
        return str(node.value)
    value = getattr(module, node.id, None) if isinstance(node, ast.Name) else None
    return value if isinstance(value, str) else None


def _status(call: ast.Call, default: int) -> int:
    for keyword in call.keywords:
        if keyword.arg == "status" and isinstance(keyword.value, ast.Constant):
            return int(str(keyword.value.value))
    return default
