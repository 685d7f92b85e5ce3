"""Rules: who keeps them, and what a published component makes of them."""

from collections.abc import AsyncIterator
from typing import Any
from uuid import UUID

import pytest

from ringtest.control.db.outbox import consume
from ringtest.control.db.pool import Database
from ringtest.control.kernel.events import EventType
from ringtest.control.kernel.tenant import SYSTEM
from ringtest.control.triggers import api, loop
from ringtest.control.triggers.model import Rule, Types, component_sets
from tests.control.people import World, open_world
from tests.control.triage.ring import Ring, open_ring

BUILD, LIB, ADDON = UUID(int=1), UUID(int=2), UUID(int=3)
TYPES = Types(("build", "lib"), ("addon",))
ANY = Rule(UUID(int=9), UUID(int=8))
ONLY_LIB = Rule(UUID(int=10), UUID(int=8), frozenset({"lib"}))
NEWEST = {"build": BUILD, "lib": LIB}


@pytest.mark.parametrize(
    ("published", "kind", "newest", "expected"),
    [
        (BUILD, "build", NEWEST, {ANY: [BUILD, LIB]}),
        (LIB, "lib", NEWEST, {ANY: [LIB, BUILD], ONLY_LIB: [LIB, BUILD]}),
        (UUID(int=7), "build", NEWEST, {ANY: [UUID(int=7), LIB]}),
        (ADDON, "addon", NEWEST, {ANY: [ADDON, BUILD, LIB]}),
        (BUILD, "build", {"build": BUILD}, {}),
        (ADDON, "addon", {"build": BUILD}, {}),
        (BUILD, "unknown", NEWEST, {}),
    ],
)
def test_a_set_is_the_published_component_with_the_newest_of_the_others(
    published: UUID, kind: str, newest: dict[str, UUID], expected: dict[Rule, list[UUID]]
) -> None:
    found = component_sets([ANY, ONLY_LIB], TYPES, newest, published=published, kind=kind)
    assert dict(found) == expected


@pytest.fixture
async def world(db: Database) -> AsyncIterator[World]:
    async with open_world(db, [api]) as made:
        yield made


@pytest.fixture
async def ring(world: World) -> Ring:
    made = await open_ring(world.db)
    await made.add_lab("red lab 1", team=world.teams["red"])
    return made


def body(ring: Ring, **more: Any) -> dict[str, Any]:
    """A rule for any type of the topic."""
    return {
        "name": "every build",
        "topic_id": str(ring.topic),
        "definition_id": str(ring.definition),
        **more,
    }


async def create(world: World, ring: Ring, **more: Any) -> dict[str, Any]:
    """A rule, made by an EPM."""
    answer = await world["epm"].post("/trigger_rules", json=body(ring, **more))
    assert answer.status_code == 201, answer.text
    assert answer.headers["etag"] == answer.json()["trigger_rule"]["etag"]
    rule: dict[str, Any] = answer.json()["trigger_rule"]
    return rule


async def publish(ring: Ring, name: str, **values: Any) -> UUID:
    """A component and its event, consumed."""
    component = await ring.component(name, **values)
    async with ring.db.transaction(SYSTEM) as tx:
        await tx.add_event(
            EventType.COMPONENT_PUBLISHED,
            team_id=None,
            topic_id=ring.topic,
            component_id=str(component),
            type=name.partition(" ")[0],
        )
    await consume(ring.db, "triggers", loop.on_event)
    return component


async def requested(ring: Ring) -> list[list[str]]:
    """Names of the components of every request, oldest first."""
    names = {component: name for name, component in ring.components.items()}
    async with ring.db.transaction(SYSTEM) as tx:
        found = await tx.fetch("SELECT component_ids FROM job_requests ORDER BY created_at")
        assert (
            await tx.fetchval("SELECT count(*) FROM event_queue WHERE consumer = 'triggers'") == 0
        )
    return [sorted(names[one] for one in row["component_ids"]) for row in found]


async def test_nothing_is_requested_before_the_set_is_complete(world: World, ring: Ring) -> None:
    await create(world, ring)
    await publish(ring, "build 1")
    assert await requested(ring) == []
    await publish(ring, "lib 1")
    assert await requested(ring) == [["build 1", "lib 1"]]


async def test_every_build_meets_the_newest_of_the_others(world: World, ring: Ring) -> None:
    await create(world, ring)
    for name in ("lib 1", "lib 2", "build 1", "build 2"):
        await publish(ring, name)
    assert await requested(ring) == [["build 1", "lib 2"], ["build 2", "lib 2"]]


async def test_the_same_set_is_requested_once_per_rule(world: World, ring: Ring) -> None:
    await create(world, ring)
    await create(world, ring, name="another")
    await publish(ring, "lib 1")
    await publish(ring, "build 1")
    await publish(ring, "build 1")
    await publish(ring, "lib 1")
    assert await requested(ring) == [["build 1", "lib 1"]] * 2
    assert len(await world.events("job.requested")) == 2


async def test_component_types_limit_what_triggers(world: World, ring: Ring) -> None:
    await create(world, ring, component_types=["build"])
    await publish(ring, "build 1")
    await publish(ring, "lib 1")
    assert await requested(ring) == []
    await publish(ring, "build 2")
    assert await requested(ring) == [["build 2", "lib 1"]]


@pytest.mark.parametrize("values", [{"state": "inactive"}, {"team_id": "red"}])
async def test_what_is_not_for_everybody_triggers_nothing(
    world: World, ring: Ring, values: dict[str, Any]
) -> None:
    await create(world, ring)
    await publish(ring, "lib 1")
    if "team_id" in values:
        values = {"team_id": world.teams["red"]}
    await publish(ring, "build 1", **values)
    assert await requested(ring) == []


async def test_a_resting_rule_triggers_nothing(world: World, ring: Ring) -> None:
    rule = await create(world, ring)
    answer = await world["epm"].put(
        f"/trigger_rules/{rule['id']}",
        json={"state": "inactive", "unknown": 1},
        headers={"If-match": rule["etag"]},
    )
    assert answer.status_code == 200, answer.text
    assert answer.json()["trigger_rule"]["state"] == "inactive"
    for name in ("lib 1", "build 1"):
        await publish(ring, name)
    assert await requested(ring) == []


async def test_a_deleted_rule_is_gone_and_its_name_is_free(world: World, ring: Ring) -> None:
    rule = await create(world, ring)
    path, stale = f"/trigger_rules/{rule['id']}", {"If-match": "0" * 32}
    assert (await world["epm"].delete(path)).status_code == 412
    assert (await world["epm"].delete(path, headers=stale)).status_code == 409
    answer = await world["epm"].delete(path, headers={"If-match": rule["etag"]})
    assert answer.status_code == 204
    assert (await world["epm"].get(path)).status_code == 404
    await create(world, ring)


async def test_a_stale_etag_changes_nothing(world: World, ring: Ring) -> None:
    rule = await create(world, ring)
    path, headers = f"/trigger_rules/{rule['id']}", {"If-match": rule["etag"]}
    assert (await world["epm"].put(path, json={"name": "b"}, headers=headers)).status_code == 200
    assert (await world["epm"].put(path, json={"name": "c"}, headers=headers)).status_code == 409


async def test_those_who_see_the_topic_see_its_rules(world: World, ring: Ring) -> None:
    rule = await create(world, ring)
    for who, count in {
        "epm": 1,
        "read-only": 1,
        "red user": 1,
        "red lab": 1,
        "blue user": 0,
    }.items():
        listed = await world.get(who, "/trigger_rules", where=f"topic_id:{ring.topic}")
        assert listed["_meta"]["count"] == count, who
        answer = await world[who].get(f"/trigger_rules/{rule['id']}")
        assert answer.status_code == (200 if count else 404), who


async def test_only_those_who_keep_topics_keep_rules(world: World, ring: Ring) -> None:
    rule = await create(world, ring)
    headers = {"If-match": rule["etag"]}
    for who in ("red user", "red lab", "feeder", "read-only", "blue user", "nobody"):
        for answer in (
            await world[who].post("/trigger_rules", json=body(ring, name="x")),
            await world[who].put(f"/trigger_rules/{rule['id']}", json={}, headers=headers),
            await world[who].delete(f"/trigger_rules/{rule['id']}", headers=headers),
        ):
            assert answer.status_code == 401, who


@pytest.mark.parametrize(
    ("change", "status"),
    [
        ({"name": "every build"}, 409),
        ({"name": "x", "component_types": ["nonsense"]}, 400),
        ({"name": "x", "nonsense": 1}, 400),
        ({"name": "x", "definition_id": str(UUID(int=1))}, 404),
        ({"name": "x", "topic_id": str(UUID(int=1))}, 404),
        ({"name": 1}, 400),
    ],
)
async def test_a_rule_that_cannot_work_is_refused(
    world: World, ring: Ring, change: dict[str, Any], status: int
) -> None:
    await create(world, ring)
    answer = await world["epm"].post("/trigger_rules", json=body(ring, **change))
    assert answer.status_code == status, answer.text
