"""Lists over HTTP: cursors, chosen fields, the query language, counts, and what is not modified."""

from collections.abc import AsyncIterator
from typing import Any

import httpx
import pytest

from ringtest.control.accounts import api as accounts_api
from ringtest.control.catalog import api as catalog_api
from ringtest.control.db import rows
from ringtest.control.db.notify import Notifications
from ringtest.control.db.pool import Database
from ringtest.control.identity import api as identity_api
from ringtest.control.kernel.tenant import SYSTEM
from ringtest.control.labs import api as labs_api
from tests.control.people import World, count_statements, open_world


@pytest.fixture
async def world(db: Database) -> AsyncIterator[World]:
    """Thirty products; changes are heard."""
    notifications = Notifications(db.dsn)
    await notifications.start()
    db.changes.follow(notifications)
    rooms = [accounts_api, identity_api, catalog_api, labs_api]
    async with open_world(db, rooms) as opened:
        async with db.transaction(SYSTEM) as tx:
            for number in range(30):
                description = None if number % 3 == 0 else f"kind {number % 5}"
                await rows.insert(
                    tx, "products",
                    {"name": f"p{number:02}", "label": f"P{number}", "description": description},
                )  # fmt: skip
        yield opened
    await notifications.stop()


async def names(world: World, **params: Any) -> list[str]:
    body = await world.get("super admin", "/products", **params)
    return [one["name"] for one in body["products"]]


@pytest.mark.parametrize(
    "sort", ["", "name", "-name", "description", "-description,name", "-description,-id", "id"]
)
async def test_cursors_go_through_every_row_once_whatever_the_order(
    world: World, sort: str
) -> None:
    order = {"sort": sort} if sort else {}
    whole = await names(world, limit=200, offset=0, **order)
    assert len(whole) == 30
    seen: list[str] = []
    params: dict[str, Any] = {"limit": 7, "offset": 0, **order}
    while True:
        body = await world.get("super admin", "/products", **params)
        assert body["_meta"].get("count", 30) == 30
        seen += [one["name"] for one in body["products"]]
        if body["_meta"]["next"] is None:
            break
        params = {"limit": 7, "after": body["_meta"]["next"], **order}
    assert seen == whole


async def test_a_cursor_is_bound_to_its_order(world: World) -> None:
    body = await world.get("super admin", "/products", limit=2, offset=0, sort="name")
    after = body["_meta"]["next"]
    for params in (
        {"after": after},
        {"after": after, "sort": "-name"},
        {"after": f"{after}A", "sort": "name"},
        {"after": f"A{after[1:]}", "sort": "name"},
        {"after": after, "sort": "name", "limit": "2", "offset": "2"},
    ):
        answer = await world["super admin"].get("/products", params=params)
        assert answer.status_code == 400, params
        assert "after" in answer.json()["message"]
    assert await names(world, after=after, sort="name", limit=1, offset=0) == ["p02"]


async def test_the_query_language_filters(world: World) -> None:
    find = "and(or(eq(name,p01),like(name,'p1_')),not(null(description)),ne(description,'kind 4'))"
    assert sorted(await names(world, query=find)) == ["p01", "p10", "p11", "p13", "p16", "p17"]
    assert await names(world, query=find, where="name:p02") == ["p02"]  # only without where
    body = await world.get("super admin", "/products", query="ge(name,p25)", limit=2, offset=0)
    assert (body["_meta"]["count"], len(body["products"])) == (5, 2)


async def test_a_filter_that_is_wrong_says_where_and_what_there_is(world: World) -> None:
    answer = await world["super admin"].get("/products", params={"query": "eq(colour,red)"})
    body = answer.json()
    assert (answer.status_code, body["payload"]["position"]) == (400, 3)
    assert "character 4" in body["message"]
    assert "label" in body["payload"]["valid_query_keys"]
    answer = await world["super admin"].get("/products", params={"query": "eq(id,abc)"})
    assert "wants an id" in answer.json()["message"]


async def test_fields_choose_what_is_shown(world: World) -> None:
    body = await world.get("super admin", "/products", fields="name,id", limit=1, offset=0)
    assert [list(one) for one in body["products"]] == [["id", "name"]]
    product = body["products"][0]["id"]
    one = await world.get("super admin", f"/products/{product}", fields="label")
    assert list(one["product"]) == ["label"]
    for path in ("/products", f"/products/{product}"):
        answer = await world["super admin"].get(path, params={"fields": "id,colour"})
        assert answer.status_code == 400
        assert answer.json()["payload"]["unknown"] == ["colour"]
        assert "label" in answer.json()["payload"]["valid_fields"]


async def again(world: World, who: str, path: str, answer: httpx.Response) -> httpx.Response:
    return await world[who].get(path, headers={"If-None-Match": answer.headers["etag"]})


async def test_a_list_that_did_not_change_costs_no_statement(world: World) -> None:
    first = await world["super admin"].get("/products")
    assert (first.headers["etag"][:3], first.headers["cache-control"]) == (
        'W/"',
        "private, no-cache",
    )
    await again(world, "super admin", "/products", first)
    counter = count_statements()
    same = await again(world, "super admin", "/products", first)
    assert (same.status_code, same.content) == (304, b"")
    assert same.headers["etag"] == first.headers["etag"]
    assert counter[0] <= 1  # who asks


async def test_a_list_that_changed_is_sent(world: World) -> None:
    first = await world["super admin"].get("/products")
    await world["super admin"].post("/products", json={"name": "new", "label": "NEW"})
    second = await again(world, "super admin", "/products", first)
    assert (second.status_code, second.json()["products"][0]["name"]) == (200, "new")
    assert second.headers["etag"] != first.headers["etag"]


async def test_rights_that_change_change_the_list(world: World) -> None:
    path = "/products"
    first = await world["red user"].get(path)
    assert first.json()["products"] == []
    assert (await again(world, "red user", path, first)).status_code == 304
    product = (await world.get("super admin", path))["products"][0]["id"]
    body = {"team_id": str(world.teams["red"])}
    await world["super admin"].post(f"/products/{product}/teams", json=body)
    assert len((await again(world, "red user", path, first)).json()["products"]) == 1
    # what one caller was told says nothing about another one's
    assert (await again(world, "super admin", path, first)).status_code == 200


async def test_what_moves_by_itself_is_compared_anew(world: World) -> None:
    first = await world["red user"].get("/remotecis")
    assert (await again(world, "red user", "/remotecis", first)).status_code == 304
    await world.sql("UPDATE remotecis SET last_seen_at = now() RETURNING 1")
    assert (await again(world, "red user", "/remotecis", first)).status_code == 200


async def test_nothing_is_taken_from_memory_while_changes_are_not_heard(
    world: World, db: Database
) -> None:
    first = await world["super admin"].get("/products")
    source = db.changes._notifications
    assert source is not None
    source.connected.clear()
    counter = count_statements()
    assert (await again(world, "super admin", "/products", first)).status_code == 304
    assert counter[0] > 1
    source.connected.set()


async def test_single_resources_are_always_sent(world: World) -> None:
    """Their etag is that of the row, which what they embed does not change."""
    product = (await world.get("super admin", "/products"))["products"][0]["id"]
    first = await world["super admin"].get(f"/products/{product}")
    second = await again(world, "super admin", f"/products/{product}", first)
    assert (second.status_code, second.json()) == (200, first.json())
