"""Who may do what in accounts and labs: every verb, asked by every role."""

from collections.abc import AsyncIterator
from typing import Any
from uuid import uuid4

import asyncpg
import pytest

from ringtest.control.accounts import api as accounts_api
from ringtest.control.db.pool import Database
from ringtest.control.identity import api as identity_api
from ringtest.control.kernel.tenant import SYSTEM, Tenant
from ringtest.control.labs import api as labs_api
from tests.control.people import World, add_keys, add_memberships, open_world

WHO = ["super admin", "epm", "read-only", "red user", "blue user", "red lab", "feeder", "nobody"]

# For each verb the status by role, in the order of WHO. `{x}` is replaced by ids of
# the world: red's things where nothing else is said.
TABLE = """
GET    /identity                                  200 200 200 200 200 200 200 401
GET    /users                                     200 200 401 401 401 401 401 401
POST   /users                                     201 201 401 401 401 401 401 401
GET    /users/{red_user}                          200 200 401 200 401 401 401 401
GET    /users/{red_user}/teams                    200 200 401 200 401 401 401 401
GET    /users/{red_user}/remotecis                200 200 401 200 401 401 401 401
PUT    /users/{red_user}                          200 401 401 401 401 401 401 401
DELETE /users/{red_user}                          204 401 401 401 401 401 401 401
GET    /users/me                                  200 200 200 200 200 404 404 401
POST   /teams                                     201 201 401 401 401 401 401 401
GET    /teams                                     200 200 200 200 200 200 200 401
GET    /teams/{red}                               200 200 200 200 404 200 404 401
PUT    /teams/{red}                               200 200 401 401 404 401 404 401
PUT    /teams/{admin}                             200 401 401 404 404 404 404 401
DELETE /teams/{red}                               204 401 401 401 404 401 404 401
GET    /teams/{red}/users                         200 200 401 200 404 200 404 401
POST   /teams/{red}/users/{blue_user}             201 201 401 401 401 401 401 401
POST   /teams/{admin}/users/{blue_user}           201 401 401 401 401 401 401 401
POST   /teams/{epm_team}/users/{blue_user}        201 401 401 401 401 401 401 401
POST   /teams/{red_hat}/users/{blue_user}         201 401 401 401 401 401 401 401
DELETE /teams/{red}/users/{red_user}              204 204 401 401 401 401 401 401
GET    /teams/{red}/remotecis                     200 200 401 200 404 200 404 401
GET    /teams/{red}/permissions/components        200 200 401 401 401 401 401 401
POST   /teams/{red}/permissions/components        201 201 401 401 401 401 401 401
DELETE /teams/{red}/permissions/components        204 204 401 401 401 401 401 401
GET    /remotecis                                 200 200 200 200 200 200 200 401
POST   /remotecis                                 201 201 401 201 401 201 401 401
GET    /remotecis/{red_lab}                       200 200 200 200 404 200 404 401
GET    /remotecis/{red_lab}/data                  200 200 200 200 404 200 404 401
PUT    /remotecis/{red_lab}                       200 200 401 200 404 200 404 401
PUT    /remotecis/{red_lab}/api_secret            200 200 401 200 404 200 404 401
DELETE /remotecis/{red_lab}                       204 204 401 204 404 204 404 401
GET    /remotecis/{red_lab}/users                 200 200 401 200 404 200 404 401
POST   /remotecis/{red_lab}/users                 201 409 401 201 404 401 401 401
DELETE /remotecis/{red_lab}/users/{epm}           204 204 401 204 404 204 404 401
GET    /feeders                                   200 200 200 200 200 200 200 401
POST   /feeders                                   201 201 401 401 401 401 401 401
GET    /feeders/{feeder}                          200 200 404 404 404 404 200 401
PUT    /feeders/{feeder}                          200 200 404 404 404 404 200 401
PUT    /feeders/{feeder}/api_secret               200 200 404 404 404 404 200 401
DELETE /feeders/{feeder}                          204 204 404 404 404 404 204 401
GET    /audits                                    200 401 401 401 401 401 401 401
"""
ROWS = [line.split() for line in TABLE.strip().splitlines()]


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


def body_of(world: World, method: str, path: str) -> dict[str, Any] | None:
    if path.endswith("permissions/components"):
        return {"teams_ids": [str(world.teams["blue"])]}
    bodies: dict[tuple[str, str], dict[str, Any]] = {
        ("POST", "/users"): {"email": "new@ring"},
        ("POST", "/teams"): {"name": "new"},
        ("POST", "/remotecis"): {"name": "new", "team_id": str(world.teams["red"])},
        ("POST", "/feeders"): {"name": "new", "team_id": str(world.teams["red"])},
    }
    return bodies.get((method, path)) or ({"etag": "ignored"} if method == "PUT" else None)


async def etag_of(world: World, path: str) -> str:
    found = await world["super admin"].get(path.removesuffix("/api_secret"))
    return found.headers.get("etag", "") if found.status_code == 200 else ""


@pytest.mark.parametrize("row", ROWS, ids=[" ".join(row[:2]) for row in ROWS])
async def test_status_by_role(world: World, row: list[str]) -> None:
    method, template, *expected = row
    path = template.format(**names(world))
    got = []
    for who in WHO:
        if method != "GET":
            await renew(world)
        etag = await etag_of(world, path) if method in ("PUT", "DELETE") else ""
        headers = {"If-match": etag} if method != "GET" else {}
        body = body_of(world, method, template)
        answer = await world[who].request(method, path, json=body, headers=headers)
        got.append(str(answer.status_code))
        assert answer.headers["content-type"] == "application/json"
    assert dict(zip(WHO, got, strict=True)) == dict(zip(WHO, expected, strict=True))


async def renew(world: World) -> None:
    """Let every role find the same world."""
    async with world.db.transaction(SYSTEM) as tx:
        for table in ("users", "teams", "remotecis", "feeders"):
            await tx.execute(f"DELETE FROM {table} WHERE name IN ('new', 'new@ring')")
            await tx.execute(f"UPDATE {table} SET state = 'active' WHERE state <> 'active'")
        for table in ("teams_components_access", "user_remotecis", "users_teams", "credentials"):
            await tx.execute(f"DELETE FROM {table}")
        await tx.execute(
            "INSERT INTO teams_components_access VALUES ($1, $2)",
            world.teams["red"],
            world.teams["feeders"],
        )
        await tx.execute(
            "INSERT INTO user_remotecis (user_id, remoteci_id) VALUES ($1, $2)",
            world.users["epm"],
            world.machines["red lab"],
        )
        await add_memberships(tx, world)
        await add_keys(tx, world)


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
        assert (await world["blue user"].get(path.format(**ids))).status_code == 404, path
    assert (await world["blue user"].get(f"/users/{ids['red_user']}")).status_code == 401
