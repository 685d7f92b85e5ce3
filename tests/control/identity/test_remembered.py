"""Callers are remembered: no SQL for one who is known, and never for longer than it is true."""

import asyncio
from collections.abc import AsyncIterator
from datetime import timedelta

import httpx
import pytest

from ringtest.control.accounts import api as accounts_api
from ringtest.control.db.notify import LIVE, Notifications
from ringtest.control.db.pool import Database
from ringtest.control.identity import api as identity_api
from ringtest.control.identity import service
from ringtest.control.kernel.clock import VirtualClock
from ringtest.control.labs import api as labs_api
from ringtest.control.tokens import api as tokens_api
from tests.control.people import PASSWORD, World, count_statements, open_world

ROOMS = [identity_api, accounts_api, labs_api, tokens_api]


@pytest.fixture
async def notifications(clocked_db: Database) -> AsyncIterator[Notifications]:
    listening = Notifications(clocked_db.dsn)
    await listening.start()
    clocked_db.changes.follow(listening)
    yield listening
    await listening.stop()


@pytest.fixture
async def world(
    clocked_db: Database, notifications: Notifications, monkeypatch: pytest.MonkeyPatch
) -> AsyncIterator[World]:
    monkeypatch.setattr(service, "_GATE", service.Gate())
    async with open_world(clocked_db, ROOMS) as opened:
        end = (clocked_db.clock.now() + timedelta(days=1)).isoformat()
        body = {"name": "t", "scopes": ["read"], "expires_at": end}
        made = await opened["red user"].post("/tokens", json=body)
        bearer = {"Authorization": f"Bearer {made.json()['token']['token']}"}
        opened.clients["token"] = opened.client()
        opened.clients["token"].headers.update(bearer)
        opened.clients["session"] = opened.client()
        log_in = {"name": "red user", "password": PASSWORD}
        await opened["session"].post("/session", json=log_in)
        yield opened


async def statements(world: World, who: str) -> tuple[int, int]:
    """Status of GET /identity and its SQL statements."""
    counter = count_statements()
    answer = await world[who].get("/identity")
    return answer.status_code, counter[0]


CALLERS = ["red user", "red lab", "feeder", "token", "session"]


async def settled(world: World, notifications: Notifications) -> None:
    """Everything that was told so far was heard: what follows is not forgotten because of it."""
    heard = asyncio.Event()
    stop = notifications.subscribe(lambda _, payload: heard.set() if payload == "mark" else None)
    await world.sql("SELECT pg_notify($1, 'mark')", LIVE)
    await heard.wait()
    stop()


@pytest.mark.parametrize("who", CALLERS)
async def test_a_known_caller_costs_no_statement(
    world: World, notifications: Notifications, who: str
) -> None:
    await settled(world, notifications)
    await statements(world, who)
    assert await statements(world, who) == (200, 0)


@pytest.mark.parametrize("who", CALLERS)
async def test_while_nobody_listens_nobody_is_remembered(
    world: World, notifications: Notifications, who: str
) -> None:
    await statements(world, who)
    await notifications.stop()
    assert (await statements(world, who))[1] >= 1
    await world.sql("UPDATE teams SET name = 'crimson' WHERE name = 'red'")
    teams = (await world.get(who, "/identity"))["identity"]["teams"].values()
    assert who == "feeder" or [team["name"] for team in teams] == ["crimson"]


@pytest.mark.parametrize(
    ("who", "change"),
    [
        ("red user", "UPDATE users SET state = 'inactive', etag = 'x' WHERE name = 'red user'"),
        ("red user", "UPDATE users SET password = NULL, etag = 'x' WHERE name = 'red user'"),
        ("red lab", "UPDATE remotecis SET state = 'archived' WHERE name = 'red lab'"),
        ("red lab", "DELETE FROM credentials"),
        ("feeder", "UPDATE feeders SET state = 'inactive'"),
        ("token", "UPDATE api_tokens SET state = 'archived'"),
        ("token", "DELETE FROM users WHERE name = 'red user'"),
        ("session", "DELETE FROM sessions"),
    ],
)
async def test_whoever_is_shut_out_is_out_at_once(world: World, who: str, change: str) -> None:
    assert (await statements(world, who))[0] == 200
    await world.sql(change)
    assert (await statements(world, who))[0] in (400, 401)


async def test_a_lost_membership_shows_at_once(world: World) -> None:
    for who in ("red user", "token", "session"):
        await statements(world, who)
    await world.sql("DELETE FROM users_teams WHERE user_id = $1", world.users["red user"])
    for who in ("red user", "token", "session"):
        assert (await world.get(who, "/identity"))["identity"]["teams"] == {}


async def test_what_is_remembered_ends_at_its_time(world: World, clock: VirtualClock) -> None:
    for who in CALLERS:
        await statements(world, who)
    await world.sql("UPDATE credentials SET retires_at = $1", clock.now() + timedelta(days=8))
    await statements(world, "red lab")
    clock.advance(8 * 86400)
    for who in ("token", "session"):
        assert (await statements(world, who))[0] == 401
    assert (await statements(world, "red lab"))[0] == 400


async def test_presence_of_labs_makes_nobody_be_asked_for_again(
    world: World, notifications: Notifications
) -> None:
    await settled(world, notifications)
    await statements(world, "red lab")
    await world.sql("UPDATE remotecis SET last_seen_at = now(), agent_version = '2'")
    await settled(world, notifications)
    assert await statements(world, "red lab") == (200, 0)


async def test_a_team_scope_of_a_known_caller_costs_nothing_either(
    world: World, notifications: Notifications
) -> None:
    await settled(world, notifications)
    team = {"X-Dci-Team-Id": str(world.teams["red"])}
    await world["red user"].get("/identity", headers=team)
    counter = count_statements()
    answer: httpx.Response = await world["red user"].get("/identity", headers=team)
    assert (answer.status_code, counter[0]) == (200, 0)
