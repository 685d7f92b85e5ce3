"""Nobody sees what is not theirs: every route, with policies alone and with checks alone."""

from typing import Any
from uuid import UUID

import asyncpg
import httpx

from ringtest.control.accounts import model as accounts
from ringtest.control.accounts.model import Caller
from tests.isolation.addresses import body_of, fill, handlers
from tests.isolation.neighbours import Neighbours
from tests.isolation.two_teams import MARK, SECRET, Estate

LIVE = {"/events/stream", "/agent/stream"}
"""Streams of the caller's own: the first has a test below, the second is the agents'."""
_ALL_HEAR = {"audits", "request_keys", "failures", "allowances"}
"""Tables in which an attempt leaves its trace, and should."""


async def _snapshot(owner: asyncpg.Connection, first: Estate) -> dict[str, Any]:
    """Every row that holds text or an id of the first team, by table."""
    tables = await owner.fetch(
        "SELECT relname FROM pg_class WHERE relkind = 'r' AND relnamespace = 'public'::regnamespace"
    )
    theirs = [f"%{text}%" for text in (MARK, *first.uuids.values())]
    return {
        name: await owner.fetch(
            f"SELECT md5(t::text) FROM {name} t WHERE t::text LIKE ANY ($1) ORDER BY 1", theirs
        )
        for (name,) in tables
        if name not in _ALL_HEAR
    }


async def test_a_second_team_sees_and_changes_nothing(neighbours: Neighbours) -> None:
    before = await _snapshot(neighbours.owner, neighbours.first)
    failures = []
    for handler in handlers():
        for path in sorted(handler.paths):
            if path in LIVE:
                continue
            for method in sorted(handler.http_methods):
                for who, client in neighbours.clients.items():
                    failures += await _ask(neighbours, client, who, method, path)
    assert failures == []
    assert await _snapshot(neighbours.owner, neighbours.first) == before


async def _ask(
    neighbours: Neighbours, client: httpx.AsyncClient, who: str, method: str, path: str
) -> list[str]:
    filled = fill(path, neighbours.first.ids)
    url = filled or path
    if url.endswith("/stream"):
        return await _ask_stream(neighbours, client, who, url)
    body = {} if method in ("GET", "DELETE", "HEAD") else body_of(path, neighbours.first.ids)
    answer = await client.request(
        method,
        url,
        json=body or None,
        headers={"If-Match": "0" * 32, "X-Ringtest-Lease": "stolen"},
    )
    name = f"{who}: {method} {path} -> {answer.status_code}"
    problems = []
    if answer.status_code >= 500:
        problems.append(f"{name}: {answer.text[:200]}")
    shown = f"{answer.headers} {answer.text}"
    if MARK in shown or SECRET in shown:
        problems.append(f"{name} shows the first team's text: {answer.text[:300]}")
    refused = answer.status_code in (400, 401, 404, 405, 409, 412)
    if filled and not refused and not _is_harmless(path, answer):
        problems.append(f"{name} was not refused: {answer.text[:200]}")
    is_hidden = answer.status_code in (401, 404) or _is_harmless(path, answer)
    if filled and method == "GET" and not is_hidden:
        problems.append(f"{name} must be 401 or 404: {answer.text[:200]}")
    return problems


def _is_harmless(path: str, answer: httpx.Response) -> bool:
    """A list under an object of somebody else may be empty instead of refused."""
    if answer.status_code != 200 or not answer.content:
        return False
    content = answer.json()
    return all(not value or key == "_meta" for key, value in content.items())


async def _ask_stream(
    neighbours: Neighbours, client: httpx.AsyncClient, who: str, url: str
) -> list[str]:
    """A stream of somebody else's job is refused before it begins."""
    answer = await client.get(url)
    if answer.status_code in (401, 404):
        return []
    return [f"{who}: GET {url} -> {answer.status_code} {answer.text[:200]}"]


async def test_a_second_team_hears_nothing_in_the_event_stream(neighbours: Neighbours) -> None:
    identity = (await neighbours.clients["user"].get("/identity")).json()["identity"]
    team_id = UUID(neighbours.second.ids["team_id"])
    caller = Caller(
        kind="user",
        id=UUID(identity["id"]),
        name="second",
        etag="",
        teams=(accounts.Team(team_id, "two"),),
    )
    told = []
    stream = neighbours.hub.stream(caller, last_id=0)
    own_end = neighbours.second.ids["job_id"]
    async for message in stream:
        told.append(message.json)
        if message.type == "job.finished" and own_end in message.json:
            break
    text = "".join(told)
    theirs = [name for name, value in neighbours.first.uuids.items() if value in text]
    assert theirs == []
