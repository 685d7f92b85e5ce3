"""Requests made up from the description: no mistake of the server, no answer out of its shape.

Bounded: the same few examples of each operation every time. `RINGTEST_SOAK=1` makes up more.
"""

import os
from collections.abc import AsyncIterator, Callable
from contextlib import AbstractAsyncContextManager
from dataclasses import dataclass
from typing import Any

import httpx
import pytest
import schemathesis
from hypothesis import HealthCheck, Phase, given, settings
from schemathesis.core.result import Ok

from ringtest.client.auth import HmacAuth
from ringtest.control.db.pool import Database
from tests.described import document, faults
from tests.isolation.two_teams import build_estate
from tests.parts import ADMIN, connect, first_start, make_parts

EXAMPLES = 40 if os.environ.get("RINGTEST_SOAK") else 3
SCHEMA = schemathesis.openapi.from_dict(document())
OPERATIONS = [
    found.ok()
    for found in SCHEMA.get_all_operations()
    if isinstance(found, Ok) and not found.ok().path.endswith("/stream")
]
"""All but event streams: they answer for as long as somebody listens, and have their own tests."""


@dataclass(slots=True)
class Ground:
    """A server with something in it, a super administrator and a lab."""

    ids: dict[str, str]
    callers: list[httpx.AsyncClient]


@pytest.fixture(scope="module")
async def ground(
    fresh_database: Callable[[], AbstractAsyncContextManager[str]],
    tmp_path_factory: pytest.TempPathFactory,
) -> AsyncIterator[Ground]:
    async with fresh_database() as url:
        db = await Database.connect(url)
        parts = make_parts(db, tmp_path_factory.mktemp("objects"), notifiers={})
        await first_start(parts)
        admin = connect(parts, ADMIN)
        estate = await build_estate(admin, "one", "made up")
        lab = connect(parts, HmacAuth(*estate.machine))
        yield Ground(estate.ids, [admin, lab])
        await admin.aclose()
        await lab.aclose()
        await db.close()


def _cases(operation: Any) -> list[Any]:
    """A few requests that fit the description, the same ones each time."""
    made: list[Any] = []

    @settings(
        max_examples=EXAMPLES, derandomize=True, database=None, deadline=None,
        phases=[Phase.generate], suppress_health_check=[*HealthCheck],
    )  # fmt: skip
    @given(case=operation.as_strategy())
    def collect(case: Any) -> None:
        made.append(case)

    collect()
    return made


@pytest.mark.parametrize("operation", OPERATIONS, ids=[one.label for one in OPERATIONS])
async def test_requests_made_up_get_answers_as_described(operation: Any, ground: Ground) -> None:
    wrong = []
    for number, case in enumerate(_cases(operation)):
        if number % 2 and operation.method.upper() != "DELETE":  # of something that is there
            known = {name: ground.ids.get(name, one) for name, one in case.path_parameters.items()}
            case.path_parameters = known
        for caller in ground.callers:
            wrong += await _ask(caller, case.as_transport_kwargs(base_url="http://ringtest"))
    assert wrong == []


async def _ask(caller: httpx.AsyncClient, sent: dict[str, Any]) -> list[str]:
    own = {"authorization", "cookie", "user-agent"}  # the caller's, not made up ones
    headers = {n: v for n, v in (sent.get("headers") or {}).items() if n.lower() not in own}
    request = caller.build_request(
        sent["method"], sent["url"], params=sent.get("params"), json=sent.get("json"),
        content=sent["data"] if isinstance(sent.get("data"), bytes) else None,
        headers={name: value.encode("utf-8", "replace") for name, value in headers.items()},
    )  # fmt: skip
    answer = await caller.send(request)
    kind = answer.headers.get("content-type", "")
    shown = f"{request.method} {request.url} {request.content[:300]!r}"
    if answer.status_code >= 500 and answer.status_code != 503:
        return [f"{answer.status_code} {answer.text} to {shown}"]
    return [
        f"{fault} to {shown}"
        for fault in faults(
            request.method, request.url.path, answer.status_code, kind, answer.content
        )
    ]
