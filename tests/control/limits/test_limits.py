"""Limits that several processes keep together, here two servers on one database."""

from collections.abc import AsyncIterator, Callable
from contextlib import AbstractAsyncContextManager
from dataclasses import replace
from pathlib import Path

import httpx
import pytest
from hypothesis import given
from hypothesis import strategies as st

from ringtest.control.accounts import api as accounts_api
from ringtest.control.app import create_app
from ringtest.control.db.pool import Database
from ringtest.control.identity import api as identity_api
from ringtest.control.identity import service as identity
from ringtest.control.kernel.clock import VirtualClock
from ringtest.control.kernel.errors import TooManyRequests
from ringtest.control.kernel.settings import Settings
from ringtest.control.limits import service
from ringtest.control.limits.model import Buckets, network_of
from ringtest.control.tokens import api as tokens_api
from tests.control.people import PASSWORD, SignedBy, World, open_world, small_app
from tests.parts import ADMIN, connect, first_start, make_parts

SETTINGS = Settings(data=Path("/nonexistent"))
ROOMS = [identity_api, accounts_api, tokens_api]
Open = Callable[[Settings], AbstractAsyncContextManager[World]]


@pytest.fixture
async def world(clocked_db: Database, monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[World]:
    monkeypatch.setattr(identity, "_GATE", identity.Gate())
    async with open_world(clocked_db, ROOMS, settings=SETTINGS) as opened:
        yield opened


def another_process(world: World, monkeypatch: pytest.MonkeyPatch, settings: Settings) -> World:
    """A server that shares the database with the first one, and nothing else."""
    monkeypatch.setattr(identity, "_GATE", identity.Gate())
    parts = {"db": world.db, "settings": settings, "secrets": world.secrets}
    app = small_app(ROOMS, parts)
    return World(world.db, app, world.secrets, world.teams, world.users, world.machines)


async def log_in(world: World, name: str, password: str) -> httpx.Response:
    async with world.client(httpx.BasicAuth(name, password)) as client:
        return await client.get("/identity")


async def test_failed_logins_count_for_every_process(
    world: World, monkeypatch: pytest.MonkeyPatch, clock: VirtualClock
) -> None:
    other = another_process(world, monkeypatch, SETTINGS)
    for guess in range(10):
        answer = await log_in(world if guess % 2 else other, "red user", f"guess {guess}")
        assert "wrong" in answer.json()["message"]
    for server in (world, other):
        closed = await log_in(server, "red user", PASSWORD)
        assert (closed.status_code, closed.json()["payload"]) == (401, {"retry_after": 301})
    clock.advance(301)
    assert (await log_in(other, "red user", PASSWORD)).status_code == 200


async def test_an_address_that_tries_many_names_is_closed(clocked_db: Database) -> None:
    settings = replace(SETTINGS, login_failures_address=5)
    async with open_world(clocked_db, ROOMS, settings=settings) as world:
        for guess in range(5):
            await log_in(world, f"user {guess}", "x")
        closed = await log_in(world, "blue user", PASSWORD)
        assert closed.json()["payload"] == {"retry_after": 301}


async def test_wrong_signatures_close_the_machine_at_that_address_alone(
    clocked_db: Database,
) -> None:
    settings = replace(SETTINGS, login_failures_address=3)
    async with open_world(clocked_db, ROOMS, settings=settings) as world:
        wrong = SignedBy("remoteci", world.machines["red lab"], "guess", world.db.clock)
        async with world.client(wrong) as client:
            answers = [(await client.get("/identity")).status_code for _ in range(5)]
        assert answers == [400, 400, 400, 429, 429]
        assert (await world["red lab"].get("/identity")).status_code == 429
        assert (await world["blue lab"].get("/identity")).status_code == 200
        assert (await log_in(world, "red user", PASSWORD)).status_code == 200
        transport = httpx.ASGITransport(app=world.app, client=("192.0.2.9", 1))
        auth = world["red lab"].auth
        async with httpx.AsyncClient(
            transport=transport, base_url="http://ring/api/v1", auth=auth
        ) as elsewhere:
            assert (await elsewhere.get("/identity")).status_code == 200


async def test_a_wrong_current_password_counts_too(world: World) -> None:
    body = {"current_password": "guess", "fullname": "x"}
    for _ in range(10):
        answer = await world["red user"].put("/identity", json=body, headers={"If-match": "x"})
        assert answer.status_code == 400
    answer = await world["red user"].put("/identity", json=body, headers={"If-match": "x"})
    assert answer.status_code == 401
    assert "retry_after" in answer.json()["payload"]


async def test_a_signature_of_a_change_counts_once_where_that_is_wanted(
    clocked_db: Database, clock: VirtualClock
) -> None:
    settings = replace(SETTINGS, refuse_replays=1, signature_seconds=60)
    async with open_world(clocked_db, ROOMS, settings=settings) as world:
        auth = world["red lab"].auth
        assert isinstance(auth, SignedBy)
        client = world["nobody"]
        for method, path, statuses in (
            ("POST", "/tokens", [400, 400]),
            ("GET", "/identity", [200, 200]),
        ):
            request = client.build_request(method, path, json={} if method == "POST" else None)
            signed = next(auth.auth_flow(request))
            answers = [await client.send(signed) for _ in range(2)]
            assert [answer.status_code for answer in answers] == statuses
            if method == "POST":
                assert answers[0].json()["message"] == "Request malformed"
                assert "used already" in answers[1].json()["message"]
        clock.advance(61)
        assert "expired" in (await client.send(signed)).json()["message"]


async def test_too_many_requests_are_429_and_say_when(db: Database, tmp_path: Path) -> None:
    parts = make_parts(db, tmp_path)
    parts.settings = replace(parts.settings, rate_limit=3)
    await first_start(parts)
    async with connect(parts, ADMIN, httpx.ASGITransport(app=create_app(parts))) as admin:
        answers = [await admin.get("/identity") for _ in range(4)]
    assert [answer.status_code for answer in answers] == [200, 200, 200, 429]
    assert answers[0].headers["ratelimit"] == '"identity";r=2'
    assert answers[0].headers["ratelimit-policy"] == '"identity";q=3;w=60'
    assert 1 <= int(answers[3].headers["retry-after"]) <= 21
    assert answers[3].json()["payload"]["limit_per_minute"] == 3


async def test_an_address_has_an_allowance_too(clocked_db: Database) -> None:
    settings = replace(SETTINGS, rate_limit_address=2)
    async with open_world(clocked_db, ROOMS, settings=settings) as world:
        answers = [(await world["nobody"].get("/identity")).status_code for _ in range(3)]
    assert answers == [401, 401, 429]


async def test_processes_settle_what_they_gave_out(clocked_db: Database) -> None:
    """Two processes, 100 requests a minute: what one spent the other does not have."""
    first, second = service.Allowances(), service.Allowances()
    for _ in range(60):
        first.take(clocked_db, "key", 100)
    await first.settle(clocked_db)
    for _ in range(5):
        second.take(clocked_db, "key", 100)
    await second.settle(clocked_db)
    given = 65
    with pytest.raises(TooManyRequests):
        for _ in range(100):
            second.take(clocked_db, "key", 100)
            given += 1
    assert given <= 101
    for process in (first, second):
        await process.settle(clocked_db)


async def test_what_is_over_is_forgotten(world: World, clock: VirtualClock) -> None:
    await log_in(world, "red user", "guess")
    clock.advance(3601)
    assert await service.forget(world.db, SETTINGS) >= 2
    assert await world.db.ask("SELECT rt_failures(ARRAY['x'], '2000-01-01')") == "{}"


@given(st.lists(st.floats(0, 5), max_size=200), st.integers(1, 1000))
def test_a_bucket_never_gives_more_than_it_gains(gaps: list[float], per_minute: int) -> None:
    buckets, now, given_out = Buckets(), 0.0, 0
    for gap in gaps:
        now += gap
        _, wait = buckets.take("key", per_minute, now)
        given_out += not wait
    assert given_out <= per_minute + now * per_minute / 60 + 1e-6


def test_memory_of_buckets_is_bounded(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("ringtest.control.limits.model.KEYS", 3)
    buckets = Buckets()
    for number in range(10):
        buckets.take(f"key {number}", 10, 0)
    assert len(buckets) == 3


@pytest.mark.parametrize(
    ("host", "network"),
    [
        ("::1", "::/64"),
        ("::ffff:192.0.2.1", "192.0.2.1"),
        ("fe80::1%eth0", "fe80::/64"),
        ("testclient", "unknown"),
        ("", "unknown"),
    ],
)
def test_addresses_are_counted_by_their_network(host: str, network: str) -> None:
    assert network_of(host) == network
