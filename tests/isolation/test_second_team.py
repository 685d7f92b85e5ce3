"""Nobody sees what is not theirs: every route, with policies alone and with checks alone."""

import sys
from collections.abc import AsyncIterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from uuid import UUID

import asyncpg
import httpx
import pytest
from litestar.handlers import HTTPRouteHandler

from ringtest.client.auth import HmacAuth
from ringtest.control.accounts import model as accounts
from ringtest.control.accounts.model import Caller
from ringtest.control.app import ROOMS, all_loops, create_app
from ringtest.control.db.pool import Database
from ringtest.control.feed.service import Hub
from ringtest.control.kernel.tenant import Tenant
from tests.isolation.two_teams import MARK, SECRET, Estate, build_estate, run_job, run_loops
from tests.parts import ADMIN, connect, first_start, make_parts

PUBLIC = {"/session", "/identity", "/users/me", "/events/stream", "/agent/stream"}
"""Routes about the caller itself, or live: the streams have tests of their own below."""


@dataclass(slots=True)
class Neighbours:
    """The first team's estate, the second team's, and clients of the second."""

    first: Estate
    second: Estate
    clients: dict[str, httpx.AsyncClient]
    hub: Hub
    owner: asyncpg.Connection


@pytest.fixture(params=["both", "policies alone", "checks alone"])
async def neighbours(
    request: pytest.FixtureRequest,
    db: Database,
    database_url: str,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> AsyncIterator[Neighbours]:
    """Both estates, built while both lines of defence stand; then one may be taken away."""
    parts = make_parts(db, tmp_path, notifiers={})
    await first_start(parts)
    app = httpx.ASGITransport(app=create_app(parts))
    admin = connect(parts, ADMIN, app)
    estates = []
    for name, mark in (("one", MARK), ("two", "beta")):
        estate = await build_estate(admin, name, mark)
        await run_loops(all_loops(parts)[:-1])
        await run_job(connect(parts, HmacAuth(*estate.machine), app), estate, mark)
        await run_loops(all_loops(parts)[:-1])
        await _learn_late_ids(admin, estate)
        estates.append(estate)
    first, second = estates
    owner = await asyncpg.connect(database_url)
    if request.param == "policies alone":
        _switch_checks_off(monkeypatch, second)
    elif request.param == "checks alone":
        await _switch_policies_off(owner)
    clients = {
        "user": connect(parts, second.user, app),
        "lab": connect(parts, HmacAuth(*second.machine), app),
    }
    yield Neighbours(first, second, clients, Hub(db, parts.notifications), owner)
    await owner.close()


async def _learn_late_ids(admin: httpx.AsyncClient, estate: Estate) -> None:
    """Ids of what the loops made of the job: groups and deliveries."""
    query = {"limit": 50, "offset": 0}
    groups = await admin.get("/failure_groups", params=query | {"topic_id": estate.ids["topic_id"]})
    estate.ids["group_id"] = groups.json()["failure_groups"][0]["id"]
    deliveries = (await admin.get("/deliveries", params=query)).json()["deliveries"]
    estate.ids["delivery_id"] = next(
        d["id"] for d in deliveries if d["topic_id"] == estate.ids["topic_id"]
    )


def _switch_checks_off(monkeypatch: pytest.MonkeyPatch, second: Estate) -> None:
    """Every permission check says yes and no query filters; tenants stay as they are."""
    team = frozenset({UUID(second.ids["team_id"])})
    for module in list(sys.modules.values()):
        if getattr(module, "permit", None) is accounts.permit:
            monkeypatch.setattr(module, "permit", lambda allowed, message="": None)
    yes, every = property(lambda self: True), property(lambda self: None)
    for name in ("reads_all", "writes_all", "reads_catalog", "writes_catalog"):
        monkeypatch.setattr(Caller, name, yes)
    for name in ("visible_teams", "visible_component_teams"):
        monkeypatch.setattr(Caller, name, every)
    monkeypatch.setattr(Caller, "is_member", lambda self, team_id: True)
    monkeypatch.setattr(
        Caller,
        "tenant",
        property(lambda self: Tenant(teams=team, user=self.id if self.kind == "user" else None)),
    )


async def _switch_policies_off(owner: asyncpg.Connection) -> None:
    tables = await owner.fetch("SELECT relname FROM pg_class WHERE relrowsecurity")
    assert tables
    for table in tables:
        await owner.execute(f"ALTER TABLE {table['relname']} DISABLE ROW LEVEL SECURITY")


def _handlers() -> list[HTTPRouteHandler]:
    return [route for room in ROOMS for route in room.routes]


def _fill(path: str, ids: dict[str, str]) -> str | None:
    """The path with the estate's ids; None when it has no parameter."""
    if "{" not in path:
        return None
    filled = []
    noun = ""
    for part in path.strip("/").split("/"):
        if not part.startswith("{"):
            noun = noun or part
            filled.append(part)
            continue
        name = part.strip("{}").partition(":")[0]
        if name == "machine_id":
            name = "remoteci_id" if noun == "remotecis" else "feeder_id"
        if name == "file_id" and noun == "components":
            name = "component_file_id"
        assert name in ids, f"teach this test what {{{name}}} of {path} is"
        filled.append(ids[name])
    return "/" + "/".join(filled)


async def _snapshot(owner: asyncpg.Connection) -> dict[str, Any]:
    """Every row of the first team, by table."""
    tables = await owner.fetch(
        "SELECT table_name FROM information_schema.columns"
        " WHERE table_schema = 'public' AND column_name = 'team_id'"
    )
    return {
        row["table_name"]: await owner.fetch(
            f"SELECT md5(t::text) FROM {row['table_name']} t WHERE t::text LIKE $1 ORDER BY 1",
            f"%{MARK}%",
        )
        for row in tables
    }


async def test_a_second_team_sees_and_changes_nothing(neighbours: Neighbours) -> None:
    before = await _snapshot(neighbours.owner)
    failures = []
    for handler in _handlers():
        for path in sorted(handler.paths):
            if path in PUBLIC:
                continue
            for method in sorted(handler.http_methods):
                for who, client in neighbours.clients.items():
                    failures += await _ask(neighbours, client, who, method, path)
    assert failures == []
    assert await _snapshot(neighbours.owner) == before


async def _ask(
    neighbours: Neighbours, client: httpx.AsyncClient, who: str, method: str, path: str
) -> list[str]:
    filled = _fill(path, neighbours.first.ids)
    url = filled or path
    if url.endswith("/stream"):
        return await _ask_stream(neighbours, client, who, url)
    body = {} if method in ("GET", "DELETE", "HEAD") else _body(path, neighbours.first.ids)
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
    if MARK in answer.text or SECRET in answer.text:
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


def _body(path: str, ids: dict[str, str]) -> dict[str, Any]:
    """A body that names the first team's things wherever the route takes ids."""
    bodies: dict[str, dict[str, Any]] = {
        "/remotecis": {"name": "x", "team_id": ids["team_id"]},
        "/feeders": {"name": "x", "team_id": ids["team_id"]},
        "/pipelines": {"name": "x", "team_id": ids["team_id"]},
        "/tokens": {
            "name": "x",
            "scopes": ["all"],
            "expires_at": "2999-01-01T00:00:00",
            "remoteci_id": ids["remoteci_id"],
        },
        "/topics": {"name": "x", "product_id": ids["product_id"]},
        "/components": {
            "type": "build",
            "topic_id": ids["topic_id"],
            "display_name": "x",
            "version": "1",
        },
        "/jobs": {"components": [ids["component_id"]], "topic_id": ids["topic_id"]},
        "/jobs/schedule": {"topic_id": ids["topic_id"]},
        "/jobs/upgrade": {"job_id": ids["job_id"]},
        "/jobstates": {"job_id": ids["job_id"], "status": "success"},
        "/jobs/{job_id:str}/claim": {"agent": "thief"},
        "/jobs/{job_id:str}/records": {"records": []},
        "/jobs/{job_id:str}/components": {"id": ids["component_id"]},
        "/jobs/{job_id:str}/kv": {"key": "k", "value": 1},
        "/job_definitions": {"name": "x", "topic_id": ids["topic_id"], "spec": {"stages": {}}},
        "/trigger_rules": {
            "name": "x",
            "topic_id": ids["topic_id"],
            "definition_id": ids["definition_id"],
        },
        "/remotecis/{remoteci_id:str}/topics": {"topic_id": ids["topic_id"]},
        "/products/{product_id:str}/teams": {"team_id": ids["team_id"]},
        "/report_targets": {
            "name": "x",
            "channel": "webhook",
            "address": "http://127.0.0.1:9/",
            "topic_id": ids["topic_id"],
            "team_id": ids["team_id"],
        },
        "/teams/{team_id:str}/permissions/components": {"teams_ids": [ids["team_id"]]},
    }
    return bodies.get(path, {"name": "stolen"})


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
    theirs = [name for name, value in neighbours.first.ids.items() if value in text]
    assert theirs == []
