"""Nobody sees another team's accounts and labs, with policies alone and with checks alone.

Who may do what is in tests/conformance/contract.
"""

from collections.abc import AsyncIterator
from uuid import uuid4

import asyncpg
import pytest

from ringtest.control.accounts import api as accounts_api
from ringtest.control.db.pool import Database
from ringtest.control.identity import api as identity_api
from ringtest.control.kernel.tenant import Tenant
from ringtest.control.labs import api as labs_api
from tests.control.people import World, open_world


@pytest.fixture
async def world(db: Database) -> AsyncIterator[World]:
    async with open_world(db, [identity_api, accounts_api, labs_api]) as opened:
        yield opened


def names(world: World) -> dict[str, str]:
    found = {
        "red_user": world.users["red user"],
        "blue_user": world.users["blue user"],
        "epm": world.users["epm"],
        "red": world.teams["red"],
        "admin": world.teams["admin"],
        "epm_team": world.teams["EPM"],
        "red_hat": world.teams["Red Hat"],
        "red_lab": world.machines["red lab"],
        "feeder": world.machines["feeder"],
    }
    return {name: str(value) for name, value in found.items()}


async def test_ids_of_nothing_are_404(world: World) -> None:
    ids = ["nonsense", str(uuid4()), "0", "%00", "a" * 300, "%2e%2e"]
    for path in (f"/{table}/{id_}" for table in ("users", "teams", "remotecis") for id_ in ids):
        for method in ("GET", "PUT", "DELETE"):
            answer = await world["super admin"].request(
                method, path, headers={"If-match": "x"}, json={}
            )
            assert answer.status_code == 404, (method, path)


async def test_another_team_sees_nothing(world: World) -> None:
    for who in ("blue user", "blue lab", "feeder"):
        for path in ("teams", "remotecis", "feeders"):
            text = (await world[who].get(f"/{path}")).text
            assert "red" not in text, f"{who} {path}"


async def test_policies_alone_hide_another_team(world: World) -> None:
    """The same tables with no condition of our own."""
    blue = Tenant(teams=frozenset({world.teams["blue"]}))
    for table in ("teams", "remotecis", "users", "credentials", "users_teams"):
        async with world.db.transaction(blue) as tx:
            found = await tx.fetch(f"SELECT * FROM {table}")
        text = str([dict(row) for row in found])
        for secret in (
            "red user",
            "red lab",
            str(world.teams["red"]),
            str(world.users["red user"]),
        ):
            assert secret not in text, table


async def test_checks_alone_hide_another_team(world: World) -> None:
    """The same requests with policies switched off."""
    owner = await asyncpg.connect(world.db.dsn)
    try:
        for table in ("teams", "remotecis", "feeders", "users", "users_teams", "user_remotecis"):
            await owner.execute(f"ALTER TABLE {table} DISABLE ROW LEVEL SECURITY")
    finally:
        await owner.close()
    for path in ("/teams", "/remotecis", "/feeders", "/users/me"):
        text = (await world["blue user"].get(path)).text
        assert "red" not in text, path
    ids = names(world)
    for path in ("/teams/{red}", "/teams/{red}/users", "/remotecis/{red_lab}", "/feeders/{feeder}"):
        assert (await world["blue user"].get(path.format(**ids))).status_code == 401, path
    assert (await world["blue user"].get(f"/users/{ids['red_user']}")).status_code == 401
