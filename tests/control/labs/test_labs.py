"""Labs and feeders over HTTP: keys that are shown once, rotation without a gap, presence."""

from collections.abc import AsyncIterator
from typing import Any
from uuid import UUID

import httpx
import pytest

from ringtest.control.accounts import api as accounts_api
from ringtest.control.db import rows
from ringtest.control.db.pool import Database
from ringtest.control.identity import api as identity_api
from ringtest.control.kernel.clock import VirtualClock
from ringtest.control.kernel.tenant import SYSTEM
from ringtest.control.labs import api as labs_api
from ringtest.control.labs import service
from ringtest.control.labs.loop import loops
from tests.control.people import SignedBy, World, open_world


@pytest.fixture
async def world(clocked_db: Database) -> AsyncIterator[World]:
    async with open_world(clocked_db, [identity_api, accounts_api, labs_api]) as opened:
        yield opened


async def create(world: World, **more: Any) -> httpx.Response:
    body = {"name": "new", "team_id": str(world.teams["red"]), **more}
    return await world["red user"].post("/remotecis", json=body)


def signed(world: World, machine: str, secret: str, kind: str = "remoteci") -> httpx.AsyncClient:
    return world.client(SignedBy(kind, UUID(machine), secret, world.db.clock))


async def knows(world: World, machine: str, secret: str, kind: str = "remoteci") -> bool:
    async with signed(world, machine, secret, kind) as client:
        return (await client.get("/identity")).status_code == 200


async def test_a_new_lab_gets_a_key_that_works_and_is_shown_once(world: World) -> None:
    answer = await create(world, data={"a": 1}, public=True)
    assert answer.status_code == 201, answer.text
    lab = answer.json()["remoteci"]
    assert answer.headers["etag"] == lab["etag"]
    assert len(lab["api_secret"]) == 64
    assert lab["api_secret"].isalnum()
    assert lab["team"]["name"] == "red"
    assert lab["users"] == lab["topics"] == []
    assert (lab["connected"], lab["last_seen_at"], lab["agent_version"]) == (False, None, None)
    assert await knows(world, lab["id"], lab["api_secret"])
    for path in (f"/remotecis/{lab['id']}", "/remotecis", f"/teams/{world.teams['red']}/remotecis"):
        for who in ("red user", "super admin", "epm"):
            text = (await world[who].get(path)).text
            assert lab["id"] in text
            assert "secret" not in text


async def test_keys_are_unreadable_at_rest(world: World) -> None:
    secret = (await create(world)).json()["remoteci"]["api_secret"]
    async with world.db.transaction(SYSTEM) as tx:
        for row in await tx.fetch("SELECT secret FROM credentials"):
            assert secret.encode() not in row["secret"]


async def test_two_labs_of_a_team_have_two_names(world: World) -> None:
    assert (await create(world)).status_code == 201
    assert (await create(world)).status_code == 409
    other = await world["epm"].post(
        "/remotecis", json={"name": "new", "team_id": str(world.teams["blue"])}
    )
    assert other.status_code == 201


async def test_malformed_labs_are_400_and_unknown_teams_404(world: World) -> None:
    wrong: list[dict[str, Any]] = [
        {"name": ""},
        {"name": None},
        {"data": []},
        {"team_id": "x"},
        {"unknown": 1},
        {"public": "yes"},
        {"data": {"a": "\0"}},
    ]
    for more in wrong:
        assert (await create(world, **more)).status_code == 400, more
    unknown = {"name": "x", "team_id": "6a4ba4f5-5ab5-44f5-8d3c-1c7d8d2a1f1b"}
    assert (await world["epm"].post("/remotecis", json=unknown)).status_code == 404


async def test_etags_of_labs_follow_the_wire_format(world: World) -> None:
    path = f"/remotecis/{world.machines['red lab']}"
    user = world["red user"]
    for method in ("PUT", "DELETE"):
        assert (await user.request(method, path, json={})).status_code == 412
        stale = await user.request(method, path, json={}, headers={"If-match": "stale"})
        assert stale.status_code == 404, "labs answer 404 to a stale etag, teams 409"
    assert (await user.put(f"{path}/api_secret")).status_code == 412
    assert (await user.put(f"{path}/api_secret", headers={"If-match": "any"})).status_code == 200


async def test_a_lab_changes_and_moves_when_its_jobs_have_ended(world: World) -> None:
    path = f"/remotecis/{world.machines['red lab']}"
    etag = (await world["red user"].get(path)).headers["etag"]
    body = {"name": "renamed", "data": {"b": 2}, "team_id": str(world.teams["red"]), "more": 1}
    answer = await world["red user"].put(path, json=body, headers={"If-match": etag})
    assert answer.status_code == 200
    lab = answer.json()["remoteci"]
    assert (lab["name"], lab["data"]) == ("renamed", {"b": 2})
    assert "api_secret" not in lab
    move = {"team_id": str(world.teams["blue"])}
    headers = {"If-match": lab["etag"]}
    assert (await world["red user"].put(path, json=move, headers=headers)).status_code == 401
    await add_job(world, "running")
    assert (await world["epm"].put(path, json=move, headers=headers)).status_code == 409
    await world.sql("UPDATE jobs SET status = 'finished', result = 'passed'")
    assert (await world["red user"].post(f"{path}/users")).status_code == 201
    moved = await world["epm"].put(path, json=move, headers=headers)
    assert moved.json()["remoteci"]["team"]["name"] == "blue"
    assert moved.json()["remoteci"]["users"] == [], "people of its old team hear no more of it"
    assert (await world["red user"].get(path)).status_code == 401


async def add_job(world: World, status: str) -> None:
    """A job of red's lab."""
    async with world.db.transaction(SYSTEM) as tx:
        product = await rows.insert(tx, "products", {"name": "p", "label": "P"})
        topic = await rows.insert(tx, "topics", {"name": "t", "product_id": product})
        lab, team = world.machines["red lab"], world.teams["red"]
        values = {"topic_id": topic, "remoteci_id": lab, "team_id": team, "status": status}
        await rows.insert(tx, "jobs", values)


async def test_a_deleted_lab_is_gone_with_its_key(world: World) -> None:
    lab = (await create(world)).json()["remoteci"]
    path = f"/remotecis/{lab['id']}"
    gone = await world["red user"].delete(path, headers={"If-match": lab["etag"]})
    assert gone.status_code == 204
    assert not await knows(world, lab["id"], lab["api_secret"])
    assert (await world["super admin"].get(path)).status_code == 404
    count = await world.sql(
        "SELECT count(*) FROM credentials WHERE holder_id = $1", UUID(lab["id"])
    )
    assert count == 0


@pytest.mark.parametrize(
    ("query", "body"), [("?overlap_seconds=86400", {}), ("", {"overlap_seconds": 86400})]
)
async def test_a_replaced_key_works_as_long_as_wanted(
    world: World, clock: VirtualClock, query: str, body: dict[str, int]
) -> None:
    lab = (await create(world)).json()["remoteci"]
    path = f"/remotecis/{lab['id']}/api_secret{query}"
    async with signed(world, lab["id"], lab["api_secret"]) as agent:
        answer = await agent.put(path, json=body, headers={"If-match": lab["etag"]})
    assert answer.status_code == 200, "a lab rotates its own key"
    new = answer.json()["remoteci"]
    assert answer.headers["etag"] == new["etag"] != lab["etag"]
    clock.advance(86399)
    assert await knows(world, lab["id"], new["api_secret"])
    assert await knows(world, lab["id"], lab["api_secret"])
    clock.advance(1)
    assert await knows(world, lab["id"], new["api_secret"])
    assert not await knows(world, lab["id"], lab["api_secret"])


async def test_a_second_rotation_does_not_lengthen_the_first(
    world: World, clock: VirtualClock
) -> None:
    lab = (await create(world)).json()["remoteci"]
    path = f"/remotecis/{lab['id']}/api_secret?overlap_seconds=86400"
    for _ in range(3):
        await world["red user"].put(path, headers={"If-match": "x"})
        clock.advance(43_000)
    assert not await knows(world, lab["id"], lab["api_secret"])


async def test_a_leaked_key_can_be_ended_now(world: World) -> None:
    for kind, who in (("remoteci", "red user"), ("feeder", "epm")):
        body = {"name": "new", "team_id": str(world.teams["red"])}
        old = (await world[who].post(f"/{kind}s", json=body)).json()[kind]
        path = f"/{kind}s/{old['id']}/api_secret"
        new = (await world[who].put(path, headers={"If-match": "x"})).json()[kind]
        assert not await knows(world, old["id"], old["api_secret"], kind)
        assert await knows(world, old["id"], new["api_secret"], kind)


@pytest.mark.parametrize("overlap", ["-1", "1.5", "x", "2592001", "9" * 30, ""])
async def test_an_overlap_that_makes_no_sense_is_400(world: World, overlap: str) -> None:
    path = f"/remotecis/{world.machines['red lab']}/api_secret?overlap_seconds={overlap}"
    answer = await world["red user"].put(path, headers={"If-match": "x"})
    assert answer.status_code == 400


async def test_keys_are_listed_without_secrets_and_ended_one_by_one(world: World) -> None:
    for kind, who in (("remoteci", "red user"), ("feeder", "epm")):
        body = {"name": "new", "team_id": str(world.teams["red"])}
        old = (await world[who].post(f"/{kind}s", json=body)).json()[kind]
        path = f"/{kind}s/{old['id']}"
        answer = await world[who].put(
            f"{path}/api_secret?overlap_seconds=60", headers={"If-match": "x"}
        )
        new = answer.json()[kind]
        listed = (await world.get(who, f"{path}/keys"))["keys"]
        assert [set(key) for key in listed] == [{"id", "created_at", "retires_at"}] * 2
        first = next(key for key in listed if key["retires_at"] is not None)
        assert (await world["blue user"].get(f"{path}/keys")).status_code in (401, 404)
        refused = await world["blue user"].delete(f"{path}/keys/{first['id']}")
        assert refused.status_code in (401, 404)
        gone = [await world[who].delete(f"{path}/keys/{first['id']}") for _ in range(2)]
        assert [answer.status_code for answer in gone] == [204, 404]
        assert not await knows(world, old["id"], old["api_secret"], kind)
        assert await knows(world, old["id"], new["api_secret"], kind)
        assert len((await world.get(who, f"{path}/keys"))["keys"]) == 1


async def test_data_is_served_raw_and_by_key(world: World) -> None:
    lab = (await create(world, data={"a": 1, "b": [2], "c": None})).json()["remoteci"]
    path = f"/remotecis/{lab['id']}/data"
    for query, expected in (
        ("", {"a": 1, "b": [2], "c": None}),
        ("?keys=a,c", {"a": 1, "c": None}),
        ("/?keys=b", {"b": [2]}),
        ("?keys=none", {}),
    ):
        assert (await world["red user"].get(path + query)).json() == expected


async def test_subscriptions_of_users(world: World) -> None:
    lab, user = world.machines["red lab"], world.users["red user"]
    path = f"/remotecis/{lab}/users"
    answer = await world["red user"].post(path, json={"user_id": str(world.users["epm"])})
    assert answer.status_code == 201
    assert answer.json() == {"user_id": str(user), "remoteci_id": str(lab)}
    assert (await world["red user"].post(path)).status_code == 409
    assert [u["id"] for u in (await world.get("red user", path))["users"]] == [str(user)]
    mine = await world.get("red user", f"/users/{user}/remotecis")
    assert list(mine) == ["remotecis"]
    assert [found["name"] for found in mine["remotecis"]] == ["red lab"]
    shown = (await world.get("red user", f"/remotecis/{lab}"))["remoteci"]
    assert [u["name"] for u in shown["users"]] == ["red user"]
    assert "password" not in str(shown)
    assert (await world["red user"].delete(f"{path}/{user}")).status_code == 204
    assert (await world["red user"].delete(f"{path}/{user}")).status_code == 404


# Presence


async def touch(world: World, version: str | None = "1.0") -> None:
    caller = world.machines["red lab"]
    async with world.db.transaction(SYSTEM) as tx:
        await service.touch_remoteci(tx, remoteci_id=caller, agent_version=version)


async def test_a_lab_that_speaks_is_connected_for_45_seconds(
    world: World, clock: VirtualClock
) -> None:
    await touch(world)
    path = f"/remotecis/{world.machines['red lab']}"
    lab = (await world.get("red user", path))["remoteci"]
    assert (lab["connected"], lab["agent_version"]) == (True, "1.0")
    assert lab["last_seen_at"] == clock.now().isoformat()
    clock.advance(45)
    lab = (await world.get("red user", path))["remoteci"]
    assert lab["connected"] is False


async def test_only_coming_and_going_are_told(world: World, clock: VirtualClock) -> None:
    (loop,) = loops(world.db)
    for _ in range(10):
        await touch(world)
        clock.advance(10)
        assert await loop.act() == 0
    clock.advance(40)
    assert await loop.act() == 1
    assert await loop.act() == 0, "told once"
    clock.advance(600)
    await touch(world)
    told = [event["payload"] for event in await world.events("lab.seen")]
    lab = str(world.machines["red lab"])
    assert [t.replace(" ", "") for t in told] == [
        f'{{"connected":{word},"remoteci_id":"{lab}"}}' for word in ("true", "false", "true")
    ]
    assert {event["team_id"] for event in await world.events("lab.seen")} == {world.teams["red"]}


async def test_speaking_many_times_a_second_writes_once(world: World) -> None:
    await touch(world)
    before = await world.sql("SELECT xmin::text FROM remotecis WHERE name = 'red lab'")
    for version in ("1.0", None):
        await touch(world, version)
    assert await world.sql("SELECT xmin::text FROM remotecis WHERE name = 'red lab'") == before
    await touch(world, "1.1")
    assert await world.sql("SELECT agent_version FROM remotecis WHERE name = 'red lab'") == "1.1"
