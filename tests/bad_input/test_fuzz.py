"""Requests of any kind, made from the API's own description and from what its routes read."""

import asyncio
import json
import os
import re
from collections import Counter
from dataclasses import dataclass
from types import UnionType
from typing import Any, Literal, Union, get_args, get_origin
from urllib.parse import quote
from uuid import UUID

import httpx
import msgspec
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tests.bad_input.ground import CALLERS, HEADERS, Ground, Route, all_routes, raw_headers
from tests.bad_input.samples import ODD, Kinds, body_kinds, sample

SOAK = "RINGTEST_SOAK" in os.environ
EXAMPLES = 6_000 if SOAK else 400
QUERY = [
    "limit", "offset", "sort", "where", "query", "embed", "created_after", "updated_after",
    "after", "topic_id", "types", "attempt", "from_line", "q", "keys", "outcome", "state",
]  # fmt: skip
WORDS = ["0", "1", "-1", "name", "-created_at", "id:x", "name:x*", "2026-01-01", "", "\0", "{}"]
LASTING = {"state", "team_id", "password", "component_types"}
"""Keys whose change would leave little to ask: an archived team has no lab."""


@dataclass(frozen=True, slots=True)
class Ask:
    """One request."""

    who: str
    route: Route
    url: str
    query: dict[str, str]
    headers: dict[str, bytes]
    body: bytes


async def test_the_description_has_every_route(ground: Ground) -> None:
    described = await _described(ground)
    assert described == {Route(one.method, _shape(one.path)) for one in all_routes()}


async def _described(ground: Ground) -> set[Route]:
    served = await ground["nobody"].get("http://ringtest/schema/openapi.json")
    prefix = "/api/v1"
    return {
        Route(method.upper(), path.removeprefix(prefix))
        for path, methods in served.json()["paths"].items()
        for method in methods
        if path.startswith(f"{prefix}/")
    }


def _shape(path: str) -> str:
    return re.sub(r":\w+}", "}", path)


def _values(kind: Any, name: str, ids: dict[str, str]) -> st.SearchStrategy[Any]:
    """JSON values of a struct's field, most of them of the right type."""
    junk = st.sampled_from(ODD) | st.text(max_size=20)
    return st.one_of(_typed(kind, name, ids), _typed(kind, name, ids), junk)


def _typed(kind: Any, name: str, ids: dict[str, str]) -> st.SearchStrategy[Any]:
    origin, arguments = get_origin(kind), get_args(kind)
    if origin is Literal:
        return st.sampled_from(arguments)
    if origin in (Union, UnionType):
        known = [one for one in arguments if one is not msgspec.UnsetType]
        return st.one_of([_typed(one, name, ids) for one in known])
    if origin is list:
        return st.lists(_typed(arguments[0], name, ids), max_size=3)
    if origin is dict:
        return st.dictionaries(st.text(max_size=5), st.integers() | st.text(max_size=5), max_size=3)
    if arguments:  # Annotated
        return _typed(arguments[0], name, ids)
    if kind is UUID:
        return st.sampled_from([ids.get(name, ids["component_id"]), *ids.values()])
    simple = {bool: st.booleans(), float: st.floats(allow_nan=False), int: st.integers()}
    return simple.get(kind, st.none() if kind is type(None) else st.text(max_size=30))


@st.composite
def requests(draw: st.DrawFn, ground: Ground, kinds: Kinds, routes: list[Route]) -> Ask:
    """A request of anyone to any route."""
    ids = ground.estate.ids
    route = draw(st.sampled_from(routes))
    some_id = st.sampled_from(sorted(ids.values())) | st.text(min_size=1, max_size=10)
    lost = draw(st.dictionaries(st.sampled_from(route.parameters or ["-"]), some_id, max_size=1))
    query = st.dictionaries(
        st.sampled_from(QUERY) | st.text(max_size=5),
        st.sampled_from(WORDS) | st.text(max_size=20),
        max_size=3 if draw(st.booleans()) else 0,
    )
    body = st.binary(max_size=30)
    if route in kinds and draw(st.integers(0, 9)):
        fields = {
            field.encode_name: _values(field.type, field.name, ids)
            for field in msgspec.structs.fields(kinds[route])
            if route.method == "POST" or field.name not in LASTING
        }
        good = st.just(sample(kinds[route], ids))
        some = st.fixed_dictionaries({}, optional=fields)
        body = st.builds(lambda one, two: json.dumps(one | two).encode(), good, some)
    header = st.binary(min_size=1, max_size=20).filter(lambda text: not set(text) & set(b"\r\n\0"))
    names = ["If-Match", "X-Dci-Team-Id", "DCI-NAME", "DCI-JOB-ID", "DCI-MIME", "Range", "Accept"]
    return Ask(
        who=draw(st.sampled_from(CALLERS)),
        route=route,
        url=ground.url(route, **{name: quote(value, safe="") for name, value in lost.items()}),
        query=draw(query),
        headers={name: text.encode() for name, text in HEADERS.items()}
        | {"DCI-JOB-ID": ids["job_id"].encode(), "DCI-NAME": b"fuzz"}
        | draw(st.dictionaries(st.sampled_from(names), header, max_size=1)),
        body=draw(body) if route.method != "GET" else b"",
    )


async def test_no_request_breaks_the_server(
    scratch: Ground, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Whoever asks, whatever for: an answer below 500 that shows nothing of the inside."""
    kinds = await body_kinds(scratch, monkeypatch)
    routes = [route for route in all_routes() if not route.is_stream]
    loop = asyncio.get_running_loop()
    answered: Counter[int] = Counter()

    @settings(
        max_examples=EXAMPLES,
        deadline=None,
        database=None,
        derandomize=not SOAK,
        suppress_health_check=list(HealthCheck),
    )
    @given(ask=requests(scratch, kinds, routes))
    def ask_anything(ask: Ask) -> None:
        answer = asyncio.run_coroutine_threadsafe(_send(scratch, ask), loop).result()
        answered[answer.status_code] += 1
        assert scratch.complaints(answer) == []

    await asyncio.to_thread(ask_anything)
    print(answered)
    assert {200, 201, 400, 401, 404} <= set(answered), answered


async def _send(ground: Ground, ask: Ask) -> httpx.Response:
    return await ground[ask.who].request(
        ask.route.method,
        ask.url,
        params=ask.query,
        headers=raw_headers(ask.headers),
        content=ask.body,
    )
