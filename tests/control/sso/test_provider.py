"""Bearer tokens of a real provider: discovery, keys, rotation, users made of claims."""

from collections.abc import AsyncIterator
from contextlib import AbstractAsyncContextManager
from dataclasses import replace
from datetime import datetime
from pathlib import Path

import httpx
import pytest

from examples.jinja2.free_port import free_ports
from ringtest.control.accounts import api as accounts_api
from ringtest.control.connectors import oidc
from ringtest.control.db.pool import Database
from ringtest.control.identity import api as identity_api
from ringtest.control.kernel.clock import SystemClock
from ringtest.control.kernel.settings import Settings
from ringtest.control.sso import model
from tests.control.people import World, open_world
from tests.control.sso.provider import running_provider, token_of

GOOD_FORM = "eyJhbGciOiJSUzI1NiJ9.e30.c2lnbmF0dXJl"
"""The header of an RS256 token, and nothing that anybody signed."""
SETTINGS = Settings(data=Path("/nonexistent"))


class Ahead(SystemClock):
    """The machine's clock, half a minute later."""

    def now(self) -> datetime:
        return super().now() + model.ASK_AGAIN


@pytest.fixture(scope="module")
async def issuer() -> AsyncIterator[str]:
    async with running_provider(free_ports(1)[0]) as address:
        yield address


@pytest.fixture
async def world(db: Database, issuer: str) -> AsyncIterator[World]:
    async with believing(db, replace(SETTINGS, sso_issuer=issuer)) as opened:
        yield opened


def believing(db: Database, settings: Settings) -> AbstractAsyncContextManager[World]:
    """A server that believes the provider of the settings."""
    rooms = [identity_api, accounts_api]
    return open_world(db, rooms, settings=settings, provider=oidc.create(settings))


async def ask(world: World, token: str) -> httpx.Response:
    return await world["nobody"].get("/identity", headers={"Authorization": f"Bearer {token}"})


async def test_a_person_of_the_provider_becomes_a_user_with_the_team_of_the_claim(
    world: World, issuer: str
) -> None:
    answer = await ask(world, await token_of(issuer, "7f0c"))
    assert answer.status_code == 200, answer.text
    identity = answer.json()["identity"]
    assert (identity["name"], identity["fullname"]) == ("jo", "Jo of the provider")
    assert identity["email"] == "jo@provider.example"
    assert identity["is_read_only"] is True
    assert [team["name"] for team in identity["teams"].values()] == ["Red Hat"]
    again = await ask(world, await token_of(issuer, "7f0c"))
    assert again.json()["identity"]["id"] == identity["id"]
    without = (await ask(world, await token_of(issuer, "81aa"))).json()["identity"]
    assert (without["name"], without["teams"]) == ("sam", {})


async def test_a_user_of_that_sso_name_is_known_and_gets_the_address(
    world: World, issuer: str
) -> None:
    await world.sql("UPDATE users SET sso_username = 'jo' WHERE name = 'red user'")
    identity = (await ask(world, await token_of(issuer, "7f0c"))).json()["identity"]
    assert identity["id"] == str(world.users["red user"])
    assert identity["email"] == "jo@provider.example"
    assert [team["name"] for team in identity["teams"].values()] == ["red"]


async def test_a_token_for_somebody_else_is_401(world: World, issuer: str) -> None:
    answer = await ask(world, await token_of(issuer, "7f0c", audience="another service"))
    assert answer.status_code == 401
    assert "audience" in answer.json()["message"]


async def test_a_token_that_names_nobody_is_401(world: World, issuer: str) -> None:
    answer = await ask(world, await token_of(issuer, "nobody"))
    assert answer.status_code == 401
    assert "preferred_username" in answer.json()["message"]


async def test_when_no_users_are_made_strangers_are_401(db: Database, issuer: str) -> None:
    settings = replace(SETTINGS, sso_issuer=issuer, sso_create_users=0)
    async with believing(db, settings) as world:
        answer = await ask(world, await token_of(issuer, "7f0c"))
    assert answer.status_code == 401
    assert "jo is not known here" in answer.json()["message"]


async def test_a_provider_with_new_keys_is_asked_again(
    db: Database,
) -> None:
    """A restarted provider makes new keys; half a minute must pass between two questions."""
    port = free_ports(1)[0]
    settings = replace(SETTINGS, sso_issuer=f"http://127.0.0.1:{port}")
    async with believing(db, settings) as world:
        async with running_provider(port) as issuer:
            old = await token_of(issuer, "7f0c")
            assert (await ask(world, old)).status_code == 200
        assert (await ask(world, old)).status_code == 200, "its keys are known for a while"
        async with running_provider(port) as issuer:
            new = await token_of(issuer, "7f0c")
            db.clock = Ahead()
            assert (await ask(world, new)).status_code == 200
            assert (await ask(world, old)).status_code == 401, "that key is gone"


async def test_a_provider_that_is_away_is_503_not_500(db: Database) -> None:
    settings = replace(SETTINGS, sso_issuer=f"http://127.0.0.1:{free_ports(1)[0]}")
    async with believing(db, settings) as world:
        answer = await ask(world, GOOD_FORM)
        assert answer.status_code == 503
        assert (await world.get("red user", "/identity"))["identity"]["name"] == "red user"
