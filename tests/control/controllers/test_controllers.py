"""Controllers: who may name an address that the server calls, and what becomes of the secret."""

from collections.abc import AsyncIterator
from typing import Any

import httpx
import pytest

from ringtest.control.controllers import api, service
from ringtest.control.db.pool import Database
from ringtest.control.kernel.tenant import SYSTEM
from tests.control.people import World, open_world

SECRET = "a token of the controller"


@pytest.fixture
async def world(clocked_db: Database) -> AsyncIterator[World]:
    async with open_world(clocked_db, [api]) as opened:
        yield opened


async def create(world: World, who: str = "super admin", **more: Any) -> httpx.Response:
    body = {
        "name": "ci",
        "url": "https://ci.example/jenkins",
        "username": "ringtest",
        "secret": SECRET,
        "remoteci_id": str(world.machines["red lab"]),
        **more,
    }
    return await world[who].post("/ci_controllers", json=body)


async def made(world: World, **more: Any) -> dict[str, Any]:
    answer = await create(world, **more)
    assert answer.status_code == 201, answer.text
    shown: dict[str, Any] = answer.json()["ci_controller"]
    return shown


async def change(world: World, shown: dict[str, Any], **body: Any) -> dict[str, Any]:
    path, tag = f"/ci_controllers/{shown['id']}", {"If-match": shown["etag"]}
    answer = await world["epm"].put(path, json=body, headers=tag)
    assert answer.status_code == 200, answer.text
    fresh: dict[str, Any] = answer.json()["ci_controller"]
    return fresh


async def kept_secret(world: World) -> str:
    controller_id = await world.sql("SELECT id FROM ci_controllers")
    async with world.db.transaction(SYSTEM) as tx:
        place = await service.place_of(tx, controller_id=controller_id, secrets=world.secrets)
    return place.site.secret


async def test_secret_is_sealed_and_never_shown(world: World) -> None:
    shown = await made(world)
    assert shown["has_secret"] and SECRET not in str(shown)
    assert SECRET.encode() not in await world.sql("SELECT secret FROM ci_controllers")
    assert await kept_secret(world) == SECRET


@pytest.mark.parametrize("who", ["red user", "red lab", "read-only", "feeder", "blue user"])
async def test_only_administrators_name_addresses(world: World, who: str) -> None:
    assert (await create(world, who)).status_code == 401


async def test_team_of_the_lab_sees_its_controller_and_no_other_team(world: World) -> None:
    shown = await made(world)
    assert (await world.get("red user", "/ci_controllers"))["ci_controllers"] == [shown]
    assert (await world.get("blue user", "/ci_controllers"))["ci_controllers"] == []
    answer = await world["blue user"].get(f"/ci_controllers/{shown['id']}")
    assert answer.status_code == 404


async def test_secret_does_not_follow_to_another_address(world: World) -> None:
    """Else whoever may change the address could read the secret of who set it."""
    shown = await change(world, await made(world), username="other")
    assert await kept_secret(world) == SECRET
    shown = await change(world, shown, url="https://elsewhere.example/")
    assert not shown["has_secret"] and await kept_secret(world) == ""


async def test_lab_has_one_controller_until_that_is_gone(world: World) -> None:
    shown = await made(world)
    assert (await create(world, name="second")).status_code == 409
    gone = await world["super admin"].delete(
        f"/ci_controllers/{shown['id']}", headers={"If-match": shown["etag"]}
    )
    assert gone.status_code == 204
    await made(world, name="second")


@pytest.mark.parametrize(
    "more",
    [
        {"url": "ftp://ci.example"},
        {"url": "https://me:word@ci.example"},
        {"url": "https://ci.example:99999"},
        {"url": "https://ci.example/?a=b"},
        {"url": "https://ci.exa mple"},
        {"url": "https://"},
        {"ca": "no certificate"},
        {"kind": "other"},
    ],
)
async def test_what_is_no_controller_is_refused(world: World, more: dict[str, str]) -> None:
    assert (await create(world, **more)).status_code == 400
