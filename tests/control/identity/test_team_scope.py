"""X-Dci-Team-Id narrows a user to one of its teams."""

from collections.abc import AsyncIterator
from uuid import uuid4

import pytest

from ringtest.control.accounts import api as accounts_api
from ringtest.control.db.pool import Database
from ringtest.control.identity import api as identity_api
from ringtest.control.identity import service
from ringtest.control.kernel.settings import Settings
from tests.control.people import World, open_world


@pytest.fixture
async def world(db: Database) -> AsyncIterator[World]:
    async with open_world(db, [identity_api, accounts_api]) as opened:
        await opened.sql(
            "INSERT INTO users_teams SELECT $1, id FROM teams WHERE name IN ('red', 'blue')",
            opened.users["super admin"],
        )
        yield opened


async def identity(world: World, who: str, team: object) -> dict[str, object]:
    answer = await world[who].get("/identity", headers={"X-Dci-Team-Id": str(team)})
    assert answer.status_code == 200, answer.text
    found: dict[str, object] = answer.json()["identity"]
    return found


async def test_only_the_named_team_is_left_and_the_role_with_it(world: World) -> None:
    narrowed = await identity(world, "super admin", world.teams["red"])
    assert list(narrowed["teams"]) == [str(world.teams["red"])]  # type: ignore[call-overload]
    assert narrowed["is_super_admin"] is False
    kept = await identity(world, "super admin", world.teams["admin"])
    assert kept["is_super_admin"] is True


async def test_a_team_one_is_not_in_is_401_for_super_admins_too(world: World) -> None:
    for who, team in (
        ("red user", world.teams["blue"]),
        ("super admin", world.teams["EPM"]),
        ("red user", uuid4()),
    ):
        answer = await world[who].get("/identity", headers={"X-Dci-Team-Id": str(team)})
        assert answer.status_code == 401


async def test_what_is_no_id_is_400(world: World) -> None:
    answer = await world["red user"].get("/identity", headers={"X-Dci-Team-Id": "red"})
    assert answer.status_code == 400


async def test_machines_have_one_team_anyway(world: World) -> None:
    scoped = await identity(world, "red lab", world.teams["blue"])
    assert list(scoped["teams"]) == [str(world.teams["red"])]  # type: ignore[call-overload]


async def test_grants_of_other_teams_do_not_come_along(world: World) -> None:
    """The caller sees feeders' components through red, not through blue."""
    await world.sql(
        "INSERT INTO teams_components_access VALUES ($1, $2)",
        world.teams["red"],
        world.teams["feeders"],
    )
    for team, grants in (("red", {world.teams["feeders"]}), ("blue", set())):
        caller = await service.authenticate(
            world.db,
            await _request_of(world, world.teams[team]),
            desk=service.Desk(world.secrets, Settings()),
        )
        assert caller.component_teams == grants


async def _request_of(world: World, team: object) -> service.Request:
    async def no_body() -> str:
        raise AssertionError("Basic needs no body")

    request = world["super admin"].build_request("GET", "/identity")
    auth = world["super admin"].auth
    assert auth is not None
    signed = next(auth.auth_flow(request))
    headers = {**signed.headers, "x-dci-team-id": str(team)}
    return service.Request("GET", "/api/v1/identity", "/identity", [], headers, "here", no_body)
