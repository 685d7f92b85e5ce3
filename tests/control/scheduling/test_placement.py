"""Requests go to every lab that is subscribed and may see the topic, once."""

from collections.abc import AsyncIterator
from typing import Any
from uuid import UUID

import pytest

from ringtest.control.accounts.model import Caller, Team
from ringtest.control.db import rows
from ringtest.control.db.outbox import consume
from ringtest.control.db.pool import Database
from ringtest.control.inventories import service as inventories
from ringtest.control.inventories.model import TellInventory
from ringtest.control.kernel.tenant import SYSTEM
from ringtest.control.requests import api as requests_api
from ringtest.control.requests import service as requests
from ringtest.control.scheduling import api, loop
from tests.control.people import World, open_world
from tests.control.triage.ring import Ring, open_ring


@pytest.fixture
async def world(db: Database) -> AsyncIterator[World]:
    async with open_world(db, [api, requests_api]) as made:
        yield made


@pytest.fixture
async def ring(world: World) -> Ring:
    """The red team is linked to the product, the blue one is not; nobody is subscribed."""
    made = await open_ring(world.db)
    await made.add_lab("red lab 1", team=world.teams["red"], subscribed=False)
    return made


async def request(ring: Ring) -> UUID:
    """A request for a component set, told and handled."""
    components = [await ring.component("build 1"), await ring.component("lib 1")]
    async with ring.db.transaction(SYSTEM) as tx:
        made = await requests.request_job(
            tx,
            rule_id=None,
            topic_id=ring.topic,
            definition_id=ring.definition,
            component_ids=components,
        )
    assert made is not None
    await settle(ring)
    return made


async def settle(ring: Ring) -> None:
    """Handle what there is to handle."""
    await consume(ring.db, "scheduling", loop.on_event)


async def placed(ring: Ring, request_id: UUID) -> tuple[str, set[UUID]]:
    """Status of a request, and the labs that have it."""
    async with ring.db.transaction(SYSTEM) as tx:
        status = await tx.fetchval("SELECT status FROM job_requests WHERE id = $1", request_id)
        found = await tx.fetch("SELECT remoteci_id FROM jobs WHERE request_id = $1", request_id)
        assert await tx.fetchval("SELECT count(*) FROM event_queue WHERE error IS NOT NULL") == 0
    return status, {row["remoteci_id"] for row in found}


async def subscribe(world: World, who: str, lab: UUID, topic: UUID) -> Any:
    """The answer to a subscription."""
    return await world[who].post(f"/remotecis/{lab}/topics", json={"topic_id": str(topic)})


async def test_every_subscribed_lab_that_may_see_the_topic_gets_the_job(ring: Ring) -> None:
    here = await ring.add_lab("here")
    there = await ring.add_lab("there")
    await ring.add_lab("not linked", linked=False)
    await ring.add_lab("not subscribed", subscribed=False)
    assert await placed(ring, await request(ring)) == ("placed", {here, there})


@pytest.mark.parametrize(
    "change",
    [
        "UPDATE remotecis SET state = 'inactive' WHERE name = 'off'",
        "UPDATE teams SET state = 'inactive' WHERE name = 'off'",
        "UPDATE topics SET state = 'inactive'",
        "UPDATE topics SET export_control = false",
    ],
)
async def test_a_lab_that_may_not_run_gets_nothing(ring: Ring, change: str) -> None:
    await ring.add_lab("off")
    async with ring.db.transaction(SYSTEM) as tx:
        await tx.execute(change)
    assert await placed(ring, await request(ring)) == ("waiting", set())


async def test_pre_release_access_opens_what_is_not_released(ring: Ring) -> None:
    early = await ring.add_lab("early")
    await ring.add_lab("late")
    async with ring.db.transaction(SYSTEM) as tx:
        await tx.execute("UPDATE topics SET export_control = false")
        await tx.execute("UPDATE teams SET has_pre_release_access = true WHERE name = 'early'")
    assert await placed(ring, await request(ring)) == ("placed", {early})


async def test_a_request_without_labs_waits_for_the_first(world: World, ring: Ring) -> None:
    request_id = await request(ring)
    assert await placed(ring, request_id) == ("waiting", set())
    lab = world.machines["red lab"]
    answer = await subscribe(world, "red lab", lab, ring.topic)
    assert answer.status_code == 201, answer.text
    assert answer.json() == {"remoteci_id": str(lab), "topic_id": str(ring.topic)}
    await settle(ring)
    assert await placed(ring, request_id) == ("placed", {lab})


async def test_a_later_lab_gets_later_requests_only(world: World, ring: Ring) -> None:
    first = await ring.add_lab("first")
    old = await request(ring)
    await subscribe(world, "red user", world.machines["red lab"], ring.topic)
    await settle(ring)
    assert await placed(ring, old) == ("placed", {first})
    async with ring.db.transaction(SYSTEM) as tx:
        await tx.execute("UPDATE job_requests SET set_key = 'earlier'")
    new = await request(ring)
    assert await placed(ring, new) == ("placed", {first, world.machines["red lab"]})


async def test_telling_twice_places_once(world: World, ring: Ring) -> None:
    lab = await ring.add_lab("here")
    request_id = await request(ring)
    for event in await world.events("job.requested"):
        async with ring.db.transaction(SYSTEM) as tx:
            await tx.fetchval(
                "SELECT rt_add_event('job.requested', $1::jsonb, NULL, $2, $3, '{scheduling}')",
                event["payload"],
                ring.topic,
                tx.now,
            )
    await settle(ring)
    assert await placed(ring, request_id) == ("placed", {lab})
    assert len(await world.events("job.assigned")) == 1


async def test_a_lab_is_subscribed_once_and_shown_with_its_topics(world: World, ring: Ring) -> None:
    lab = world.machines["red lab"]
    assert (await subscribe(world, "red user", lab, ring.topic)).status_code == 201
    assert (await subscribe(world, "red user", lab, ring.topic)).status_code == 409
    for who in ("red user", "red lab", "epm", "read-only"):
        listed = await world.get(who, f"/remotecis/{lab}/topics")
        assert listed["_meta"]["count"] == 1
        assert listed["topics"][0]["id"] == str(ring.topic)
        assert "data" not in listed["topics"][0]
    (event,) = await world.events("lab.subscribed")
    assert event["team_id"] == world.teams["red"] and event["topic_id"] == ring.topic


async def test_unsubscribing_ends_it(world: World, ring: Ring) -> None:
    lab = world.machines["red lab"]
    await subscribe(world, "red user", lab, ring.topic)
    path = f"/remotecis/{lab}/topics/{ring.topic}"
    assert (await world["red user"].delete(path)).status_code == 204
    assert (await world["red user"].delete(path)).status_code == 404
    assert (await world.get("red user", f"/remotecis/{lab}/topics"))["topics"] == []
    assert await placed(ring, await request(ring)) == ("waiting", set())


@pytest.mark.parametrize(
    ("who", "lab", "status"),
    [
        ("blue user", "blue lab", 404),  # sees no such topic
        ("blue user", "red lab", 404),  # sees no such lab
        ("epm", "blue lab", 412),  # the team is not linked
        ("super admin", "red lab", 201),
        ("read-only", "red lab", 401),
        ("feeder", "red lab", 404),
        ("nobody", "red lab", 401),
    ],
)
async def test_who_may_subscribe_which_lab(
    world: World, ring: Ring, who: str, lab: str, status: int
) -> None:
    answer = await subscribe(world, who, world.machines[lab], ring.topic)
    assert answer.status_code == status, answer.text
    if status != 201:
        path = f"/remotecis/{world.machines[lab]}/topics/{ring.topic}"
        assert (await world[who].delete(path)).status_code in (401, 404)


async def needing(ring: Ring, labels: dict[str, Any]) -> UUID:
    """A definition of the ring's topic that needs labels."""
    async with ring.db.transaction(SYSTEM) as tx:
        spec = {"stages": {"test": [{"run": "true"}]}, "max_attempts": 1, "timeout_seconds": 60}
        values = {"name": "needing", "topic_id": ring.topic, "spec": {**spec, "labels": labels}}
        return await rows.insert(tx, "job_definitions", values)


async def tell(ring: Ring, lab: UUID, labels: dict[str, str]) -> None:
    async with ring.db.transaction(SYSTEM) as tx:
        body = TellInventory(agent="a", labels=labels, inventory={"cpu": {"threads": 8}})
        team = await tx.fetchval("SELECT team_id FROM remotecis WHERE id = $1", lab)
        caller = Caller("remoteci", lab, "lab", "", (Team(team, "red"),))
        await inventories.tell_inventory(tx, caller=caller, body=body)


async def waits(world: World) -> str | None:
    [found] = (await world.get("red user", "/job_requests"))["job_requests"]
    text: str | None = found["waits"]
    return text


async def test_request_waits_for_a_lab_that_has_its_labels_and_says_what_nobody_has(
    world: World, ring: Ring
) -> None:
    small = await ring.add_lab("small", team=world.teams["red"])
    ring.definition = await needing(ring, {"nic": "mlx5*", "arch": "x86_64"})
    await tell(ring, small, {"nic": "e1000e", "arch": "x86_64"})
    made = await request(ring)
    assert await placed(ring, made) == ("waiting", set())
    assert await waits(world) == "no lab has nic=mlx5*: 1 lab lacks it, and is offline"
    await tell(ring, small, {"nic": "mlx5_core", "arch": "x86_64"})
    await settle(ring)
    assert await placed(ring, made) == ("placed", {small})
    assert await waits(world) is None


async def test_request_goes_to_those_labs_alone_that_have_its_labels(
    world: World, ring: Ring
) -> None:
    small = await ring.add_lab("small", team=world.teams["red"])
    large = await ring.add_lab("large", team=world.teams["red"])
    await ring.add_lab("silent", team=world.teams["red"])
    await tell(ring, small, {"memory": "8GiB"})
    await tell(ring, large, {"memory": "128GiB"})
    ring.definition = await needing(ring, {"memory": ">=64GiB"})
    assert await placed(ring, await request(ring)) == ("placed", {large})
