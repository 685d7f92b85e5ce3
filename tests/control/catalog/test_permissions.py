"""Who may do what in the catalog: every verb, asked by every role."""

from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any
from uuid import UUID

import asyncpg
import pytest

from ringtest.control.accounts import api as accounts_api
from ringtest.control.catalog import api as catalog_api
from ringtest.control.component_files import api as component_files_api
from ringtest.control.connectors.disk import DiskStore
from ringtest.control.db import rows
from ringtest.control.db.pool import Database, Transaction
from ringtest.control.identity import api as identity_api
from ringtest.control.kernel.tenant import SYSTEM, Tenant
from tests.control.people import World, open_world

WHO = ["super admin", "epm", "read-only", "red user", "blue user", "red lab", "feeder", "nobody"]

# Red has the product; its topic `open` is under export control, `closed` is not. Component
# `common` is everyone's, `red's` is red's own. By verb the status for each of WHO.
TABLE = """
GET    /products                                  200 200 200 200 200 200 200 401
POST   /products                                  201 401 401 401 401 401 401 401
GET    /products/{product}                        200 200 200 200 404 200 200 401
PUT    /products/{product}                        200 401 401 401 404 401 401 401
DELETE /products/{product}                        204 401 401 401 404 401 401 401
GET    /products/{product}/teams                  200 200 401 401 401 401 401 401
POST   /products/{product}/teams                  201 201 401 401 401 401 401 401
DELETE /products/{product}/teams/{red}            204 204 401 401 401 401 401 401
GET    /teams/{red}/products                      200 200 401 200 404 200 404 401
GET    /topics                                    200 200 200 200 200 200 200 401
POST   /topics                                    201 201 401 401 401 401 201 401
GET    /topics/{open}                             200 200 200 200 404 200 200 401
GET    /topics/{closed}                           200 200 200 404 404 404 200 401
PUT    /topics/{open}                             200 200 401 401 404 401 200 401
DELETE /topics/{open}                             204 204 401 401 404 401 401 401
GET    /topics/{open}/components                  200 200 200 200 404 200 200 401
GET    /topics/{closed}/components                200 200 200 404 404 404 200 401
GET    /components                                200 200 200 200 200 200 200 401
POST   /components                                201 201 401 401 401 401 201 401
POST   /components?team=red                       201 201 401 201 401 201 401 401
GET    /components/{common}                       200 200 200 200 404 200 200 401
GET    /components/{reds}                         200 200 200 200 404 200 404 401
GET    /components/{secret}                       200 200 200 404 404 404 200 401
PUT    /components/{common}                       200 200 401 401 404 401 200 401
PUT    /components/{reds}                         200 200 401 200 404 200 404 401
DELETE /components/{common}                       204 204 401 401 404 401 204 401
DELETE /components/{reds}                         204 204 401 204 404 204 404 401
GET    /components/{common}/files                 200 200 200 200 404 200 200 401
POST   /components/{common}/files                 201 201 401 401 404 401 201 401
POST   /components/{reds}/files                   201 201 401 201 404 201 404 401
GET    /components/{common}/files/{file}          200 200 200 200 404 200 200 401
GET    /components/{common}/files/{file}/content  200 200 200 200 404 200 200 401
GET    /components/{common}/files/a.txt           200 200 200 200 404 200 200 401
HEAD   /components/{common}/files/a.txt           200 200 200 200 404 200 200 401
DELETE /components/{common}/files/{file}          204 204 401 401 404 401 204 401
"""
ROWS = [line.split() for line in TABLE.strip().splitlines()]
_EVERYTHING = ("component_files", "components", "topics", "products_teams", "products")


@pytest.fixture
async def world(db: Database, tmp_path: Path) -> AsyncIterator[World]:
    rooms = [identity_api, accounts_api, catalog_api, component_files_api]
    async with open_world(db, rooms, objects=DiskStore(tmp_path)) as opened:
        yield opened


async def furnish(world: World, tmp_path: Path) -> dict[str, str]:
    """The same catalog for every role; ids by name."""
    async with world.db.transaction(SYSTEM) as tx:
        for table in _EVERYTHING:
            await tx.execute(f"DELETE FROM {table}")
        found = await _furnish(tx, world)
    (tmp_path / "one").write_bytes(b"hello")
    return {name: str(value) for name, value in found.items()}


async def _furnish(tx: Transaction, world: World) -> dict[str, UUID]:
    found = {"red": world.teams["red"]}
    found["product"] = product = await rows.insert(tx, "products", {"name": "p", "label": "P"})
    await tx.execute("INSERT INTO products_teams VALUES ($1, $2)", product, found["red"])
    for name, export in (("open", True), ("closed", False)):
        values = {"name": name, "product_id": product, "export_control": export}
        found[name] = await rows.insert(tx, "topics", values)
    for name, topic, team in (
        ("common", "open", None),
        ("reds", "open", world.teams["red"]),
        ("secret", "closed", None),
    ):
        values = {"type": "rpm", "display_name": name, "released_at": tx.now, "team_id": team}
        found[name] = await rows.insert(tx, "components", {**values, "topic_id": found[topic]})
    file = {"name": "a.txt", "sha256": "x", "size": 5, "object_key": "one"}
    found["file"] = await rows.insert(
        tx, "component_files", {**file, "component_id": found["common"]}
    )
    return found


def body_of(ids: dict[str, str], method: str, path: str) -> dict[str, Any] | None:
    component = {"type": "rpm", "topic_id": ids["open"], "name": "new"}
    bodies: dict[tuple[str, str], dict[str, Any]] = {
        ("POST", "/products"): {"name": "new"},
        ("POST", "/products/{product}/teams"): {"team_id": ids["blue"]},
        ("POST", "/topics"): {"name": "new", "product_id": ids["product"]},
        ("POST", "/components"): component,
        ("POST", "/components?team=red"): {**component, "team_id": ids["red"]},
    }
    return bodies.get((method, path), {} if method in ("PUT", "POST") else None)


@pytest.mark.parametrize("row", ROWS, ids=[" ".join(row[:2]) for row in ROWS])
async def test_status_by_role(world: World, tmp_path: Path, row: list[str]) -> None:
    method, template, *expected = row
    got = []
    ids: dict[str, str] = {}
    for who in WHO:
        if method != "GET" or not ids:
            ids = await furnish(world, tmp_path)
            ids["blue"] = str(world.teams["blue"])
        path = template.format(**ids).partition("?")[0]
        found = await world["super admin"].get(path)
        answer = await world[who].request(
            method,
            path,
            json=body_of(ids, method, template),
            headers={"If-match": found.headers.get("etag", "")} if method != "GET" else {},
        )
        got.append(str(answer.status_code))
    assert dict(zip(WHO, got, strict=True)) == dict(zip(WHO, expected, strict=True))


async def test_another_team_sees_nothing(world: World, tmp_path: Path) -> None:
    await furnish(world, tmp_path)
    for path in ("products", "topics", "components"):
        assert (await world.get("blue user", f"/{path}"))["_meta"] == {"count": 0}


async def test_policies_alone_hide_another_team(world: World, tmp_path: Path) -> None:
    await furnish(world, tmp_path)
    for table in _EVERYTHING:
        async with world.db.transaction(Tenant(teams=frozenset({world.teams["blue"]}))) as tx:
            assert await tx.fetchval(f"SELECT count(*) FROM {table}") == 0, table


async def test_checks_alone_hide_another_team(world: World, tmp_path: Path) -> None:
    """The same requests with policies switched off."""
    ids = await furnish(world, tmp_path)
    owner = await _without_policies(world)
    try:
        for path in ("products", "topics", "components"):
            assert (await world.get("blue user", f"/{path}"))["_meta"] == {"count": 0}
            reached = (await world.get("red user", f"/{path}"))["_meta"]["count"]
            assert reached == {"products": 1, "topics": 1, "components": 2}[path]
        product = (await world.get("red user", "/products"))["products"][0]
        assert [topic["name"] for topic in product["topics"]] == ["open"]
        for path in (f"/topics/{ids['open']}", f"/components/{ids['common']}"):
            assert (await world["blue user"].get(path)).status_code == 404
        secret = f"/components/{ids['secret']}"
        assert (await world["red user"].get(secret)).status_code == 404
        assert (await world["feeder"].get(secret)).status_code == 200
    finally:
        await owner.close()


async def _without_policies(world: World) -> Any:
    owner = await asyncpg.connect(world.db.dsn)
    for table in (*_EVERYTHING, "teams", "remotecis"):
        await owner.execute(f"ALTER TABLE {table} DISABLE ROW LEVEL SECURITY")
    return owner


async def test_pre_release_access_opens_topics_without_export_control(
    world: World, tmp_path: Path
) -> None:
    ids = await furnish(world, tmp_path)
    await world.sql("UPDATE teams SET has_pre_release_access = true WHERE name IN ('red', 'blue')")
    for who, status in (("red user", 200), ("red lab", 200), ("blue user", 404)):
        assert (await world[who].get(f"/topics/{ids['closed']}")).status_code == status
    assert (await world.get("red user", "/components"))["_meta"] == {"count": 3}


async def test_a_grant_shows_a_teams_components_and_lets_nobody_write(
    world: World, tmp_path: Path
) -> None:
    ids = await furnish(world, tmp_path)
    await world.sql(
        "INSERT INTO teams_components_access VALUES ($1, $2)",
        world.teams["blue"],
        world.teams["red"],
    )
    path = f"/components/{ids['reds']}"
    shown = await world["blue user"].get(path)
    assert shown.status_code == 200
    listed = await world.get("blue user", "/components")
    assert [found["id"] for found in listed["components"]] == [ids["reds"]]
    headers = {"If-match": shown.headers["etag"]}
    for method in ("PUT", "DELETE"):
        answer = await world["blue user"].request(method, path, json={}, headers=headers)
        assert answer.status_code == 401
    assert (await world["blue user"].post(f"{path}/files", content=b"x")).status_code == 401
