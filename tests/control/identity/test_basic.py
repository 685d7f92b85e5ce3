"""Basic authentication: who gets in, how often one may try, what a warm request costs."""

import asyncio
from base64 import b64encode
from collections import Counter
from collections.abc import AsyncIterator
from datetime import timedelta
from pathlib import Path

import httpx
import pytest

from ringtest.control.accounts import api as accounts_api
from ringtest.control.accounts.model import NO_PASSWORD, Logins, check_password, hash_password
from ringtest.control.db.pool import Database
from ringtest.control.identity import api as identity_api
from ringtest.control.identity import service
from ringtest.control.kernel.clock import VirtualClock
from ringtest.control.kernel.settings import Settings
from tests.control.people import PASSWORD, World, count_statements, open_world
from tests.passwords import REAL_COST


@pytest.fixture
async def world(clocked_db: Database, monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[World]:
    monkeypatch.setattr(service, "_GATE", service.Gate())
    async with open_world(clocked_db, [identity_api, accounts_api]) as opened:
        yield opened


def test_a_password_costs_16_mib_five_times_and_one_that_is_not_there_the_same() -> None:
    real = hash_password(PASSWORD, cost=REAL_COST)
    assert REAL_COST == 14
    assert real.split("$")[:4] == NO_PASSWORD.split("$")[:4] == ["scrypt", "14", "8", "5"]


@pytest.fixture
def checks(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """Passwords that were hashed to be checked, which is what costs."""
    seen: list[str] = []

    def check(password: str, hashed: str) -> bool:
        seen.append(password)
        return check_password(password, hashed)

    monkeypatch.setattr(service, "check_password", check)
    return seen


async def ask(world: World, login: str, password: str) -> httpx.Response:
    async with world.client(httpx.BasicAuth(login, password)) as client:
        return await client.get("/identity")


async def test_a_user_is_recognised_by_name_and_by_mail_address(world: World) -> None:
    for login in ("red user", "red.user@ring"):
        answer = await ask(world, login, PASSWORD)
        assert answer.status_code == 200, answer.text
        identity = answer.json()["identity"]
        assert identity["id"] == str(world.users["red user"])
        assert identity["name"] == "red user"
        assert answer.headers["etag"] == identity["etag"]
        assert answer.headers["content-type"] == "application/json"
        team = str(world.teams["red"])
        assert identity["teams"] == {
            team: {"id": team, "name": "red", "has_pre_release_access": False}
        }


@pytest.mark.parametrize(
    ("login", "password"),
    [
        ("red user", "wrong"),
        ("red user", ""),
        ("stranger", PASSWORD),
        ("", ""),
        ("red\0user", PASSWORD),
        ("red user", "pass\0word"),
    ],
)
async def test_wrong_credentials_are_401(
    world: World, checks: list[str], login: str, password: str
) -> None:
    answer = await ask(world, login, password)
    assert answer.status_code == 401
    assert answer.json()["status_code"] == 401
    assert len(checks) == 1, "an unknown name costs as much as a known one"


@pytest.mark.parametrize(
    "header",
    [
        None,
        "",
        "Basic",
        "Basic !!!",
        "Basic /w==",
        "Basic " + "A" * 5000,
        "Basic " + b64encode(b"x" * 1001 + b":y").decode(),
        "Basic " + b64encode(b"y:" + b"x" * 1001).decode(),
        "Bearer a.b.c",
        "Digest x",
        "NTLM",
    ],
)
async def test_no_or_unusable_authorization_is_401(world: World, header: str | None) -> None:
    headers = {} if header is None else {"Authorization": header}
    answer = await world["nobody"].get("/identity", headers=headers)
    assert answer.status_code == 401
    assert answer.json()["payload"] == {}


async def test_an_inactive_or_archived_user_is_401(world: World) -> None:
    for state in ("inactive", "archived"):
        assert (await ask(world, "red user", PASSWORD)).status_code == 200
        await world.sql("UPDATE users SET state = $1::row_state WHERE name = 'red user'", state)
        assert (await ask(world, "red user", PASSWORD)).status_code == 401
        await world.sql("UPDATE users SET state = 'active' WHERE name = 'red user'")


async def test_a_user_without_a_password_cannot_log_in(world: World) -> None:
    await world.sql("UPDATE users SET password = NULL WHERE name = 'red user'")
    for password in ("", PASSWORD):
        assert (await ask(world, "red user", password)).status_code == 401


async def test_a_warm_request_checks_no_password_and_is_one_statement(
    world: World, checks: list[str]
) -> None:
    await ask(world, "red user", PASSWORD)
    assert len(checks) == 1
    counter = count_statements()
    assert (await ask(world, "red user", PASSWORD)).status_code == 200
    assert len(checks) == 1
    assert counter == [1]


async def test_a_verified_password_is_remembered_for_five_minutes(
    world: World, checks: list[str], clock: VirtualClock
) -> None:
    await ask(world, "red user", PASSWORD)
    clock.advance(299)
    await ask(world, "red user", PASSWORD)
    assert len(checks) == 1
    clock.advance(2)
    await ask(world, "red user", PASSWORD)
    assert len(checks) == 2


async def test_any_change_of_the_user_forgets_the_password(world: World, checks: list[str]) -> None:
    await ask(world, "red user", PASSWORD)
    await world.sql("UPDATE users SET etag = 'other', password = $1 WHERE name = 'red user'", None)
    assert (await ask(world, "red user", PASSWORD)).status_code == 401


async def test_many_requests_at_once_share_one_check(world: World, checks: list[str]) -> None:
    answers = await asyncio.gather(*(ask(world, "red user", PASSWORD) for _ in range(30)))
    assert {answer.status_code for answer in answers} == {200}
    assert len(checks) == 1


async def test_ten_failures_in_five_minutes_close_the_login_for_a_while(
    world: World, checks: list[str], clock: VirtualClock
) -> None:
    for guess in range(10):
        answer = await ask(world, "red user", f"guess {guess}")
        assert "wrong" in answer.json()["message"]
    closed = await ask(world, "red user", PASSWORD)
    assert closed.status_code == 401
    assert closed.json()["payload"] == {"retry_after": 301}
    assert len(checks) == 10, "a closed login costs nothing"
    assert (await ask(world, "blue user", PASSWORD)).status_code == 200
    clock.advance(301)
    assert (await ask(world, "red user", PASSWORD)).status_code == 200


async def test_guesses_sent_at_once_count_too(world: World, checks: list[str]) -> None:
    await asyncio.gather(*(ask(world, "red user", f"guess {n}") for n in range(40)))
    assert len(checks) == 10


async def test_checks_do_not_pile_up_without_end(db: Database, checks: list[str]) -> None:
    settings = Settings(data=Path("/nonexistent"), login_failures_address=0)
    async with open_world(db, [identity_api], settings=settings) as world:
        await _flood(world, checks)


async def _flood(world: World, checks: list[str]) -> None:
    answers = await asyncio.gather(*(ask(world, f"stranger {n}", "x") for n in range(130)))
    counted = Counter(answer.status_code for answer in answers)
    assert set(counted) <= {401, 503}
    assert len(checks) == counted[401]
    assert (await ask(world, "red user", PASSWORD)).status_code == 200


async def test_who_is_known_already_is_not_locked_out_by_others(
    world: World, checks: list[str]
) -> None:
    assert (await ask(world, "red user", PASSWORD)).status_code == 200
    for guess in range(12):
        await ask(world, "red user", f"guess {guess}")
    assert (await ask(world, "red user", PASSWORD)).status_code == 200


async def test_success_forgives_failures(world: World, checks: list[str]) -> None:
    for _ in range(3):
        for guess in range(9):
            await ask(world, "red user", f"guess {guess}")
        await world.sql("UPDATE users SET etag = md5(etag) WHERE name = 'red user'")
        assert (await ask(world, "red user", PASSWORD)).status_code == 200


def test_memory_of_logins_is_bounded(clock: VirtualClock) -> None:
    logins = Logins()
    logins.SIZE = 3
    for number in range(10):
        logins.remember(b"%d" % number, "etag", clock.now())
    assert len(logins._verified) == 3
    assert logins.remembers(b"9", "etag", clock.now() + timedelta(minutes=4))
    assert not logins.remembers(b"0", "etag", clock.now())


async def test_roles_come_from_teams(world: World) -> None:
    expected = {
        "super admin": (True, False, False),
        "epm": (False, True, False),
        "read-only": (False, False, True),
        "red user": (False, False, False),
        "red lab": (False, False, False),
        "feeder": (False, False, False),
    }
    for who, roles in expected.items():
        identity = (await world.get(who, "/identity"))["identity"]
        shown = (identity["is_super_admin"], identity["is_epm"], identity["is_read_only"])
        assert shown == roles, who


FOREIGN = (
    "$6$rounds=1000$0123456789abcdef$nGgnPPNaVM9/SIbx8Fugnip25rS/XpCQ59aYLp8cdFShdxDfqU"
    "teVK7QZMy9J7ecvDU.6Eah3hqFnPFtY4WDf0"
)
"""The password as passlib's sha512-crypt writes it."""


async def test_a_password_hashed_by_the_server_before_still_opens_and_is_hashed_anew(
    world: World, clock: VirtualClock
) -> None:
    await world.sql("UPDATE users SET password = $1 WHERE name = 'red user'", FOREIGN)
    assert (await ask(world, "red user", "wrong")).status_code == 401
    assert await world.sql("SELECT password FROM users WHERE name = 'red user'") == FOREIGN
    assert (await ask(world, "red user", PASSWORD)).status_code == 200
    kept = await world.sql("SELECT password FROM users WHERE name = 'red user'")
    assert kept.startswith("scrypt$")
    clock.advance(301)
    assert (await ask(world, "red user", PASSWORD)).status_code == 200
