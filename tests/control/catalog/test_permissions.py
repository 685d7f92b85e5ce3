"""Nobody sees another team's catalog, with policies alone and with checks alone.

Who may do what is in tests/conformance/contract.
"""

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


async def test_another_team_sees_nothing(world: World, tmp_path: Path) -> None:
    await furnish(world, tmp_path)
    for path in ("products", "topics", "components"):
        assert (await world.get("blue user", f"/{path}"))["_meta"]["count"] == 0


async def test_data_of_a_product_is_shown_to_who_sees_it_and_changed_by_few(world: World) -> None:
    data = {"parameters": {"os": "el9"}}
    admin = world["super admin"]
    made = (await admin.post("/products", json={"name": "Ring", "data": data})).json()["product"]
    assert made["data"] == data
    path, etag = f"/products/{made['id']}", {"If-match": made["etag"]}
    changed = await admin.put(path, json={"data": {}}, headers=etag)
    assert changed.status_code == 200 and changed.json()["product"]["data"] == {}
    etag = {"If-match": changed.json()["product"]["etag"]}
    refused = await world["red user"].put(path, json={"data": data}, headers=etag)
    assert refused.status_code == 401
    wrong = await admin.put(path, json={"data": [1]}, headers=etag)
    assert wrong.status_code == 400


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
            assert (await world.get("blue user", f"/{path}"))["_meta"]["count"] == 0
            reached = (await world.get("red user", f"/{path}"))["_meta"]["count"]
            assert reached == {"products": 1, "topics": 1, "components": 2}[path]
        product = (await world.get("red user", "/products"))["products"][0]
        assert [topic["name"] for topic in product["topics"]] == ["open"]
        for path in (f"/topics/{ids['open']}", f"/components/{ids['common']}"):
            assert (await world["blue user"].get(path)).status_code == 401
        secret = f"/components/{ids['secret']}"
        assert (await world["red user"].get(secret)).status_code == 401
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
    for who, status in (("red user", 200), ("red lab", 200), ("blue user", 401)):
        assert (await world[who].get(f"/topics/{ids['closed']}")).status_code == status
    assert (await world.get("red user", "/components"))["_meta"]["count"] == 3


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
