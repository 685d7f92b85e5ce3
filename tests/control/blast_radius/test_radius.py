"""Whom a failure hits, as the vendor and as partners see it, out of the database."""

from collections.abc import Sequence
from uuid import UUID

import pytest

from ringtest.control.accounts.model import Caller, Team
from ringtest.control.blast_radius import service
from ringtest.control.blast_radius.model import Radius, Topic
from ringtest.control.db import rows
from ringtest.control.db.pool import Database
from ringtest.control.kernel.errors import NotFound
from ringtest.control.kernel.tenant import SYSTEM
from ringtest.control.signatures.model import Failure
from tests.control.triage.ring import Ring, open_ring

BOOM = Failure("test", "ValueError: the ring is open", "class test", test_id=7)
OTHER = Failure("test", "TypeError: rings have no end", "class other", test_id=8)
VENDOR = Caller("user", UUID(int=1), "vendor", "", (), is_super_admin=True)


@pytest.fixture
async def ring(db: Database) -> Ring:
    """Ten partners with a lab each, nothing run yet."""
    made = await open_ring(db)
    for name in "abcdefghij":
        await made.add_lab(name)
    return made


def partner(ring: Ring, *labs: str) -> Caller:
    teams = tuple(Team(ring.teams[name], name) for name in labs)
    return Caller("user", UUID(int=2), "partner", "", teams)


async def group_of(ring: Ring, topic: UUID | None = None) -> UUID:
    async with ring.db.transaction(SYSTEM) as tx:
        found: UUID = await tx.fetchval(
            "SELECT id FROM failure_groups WHERE topic_id = $1 AND template LIKE 'the ring%'",
            topic or ring.topic,
        )
    return found


async def radius(ring: Ring, caller: Caller = VENDOR, minimum: int = 5) -> Radius:
    group = await group_of(ring)
    return await service.get_radius(ring.db, caller=caller, group_id=group, minimum=minimum)


def labs(topic: Topic) -> dict[str, str]:
    return {lab.remoteci.name: lab.status for lab in topic.labs}


async def hit(ring: Ring, names: Sequence[str], build: str = "build 1") -> None:
    for name in names:
        await ring.run(name, build, "lib 1", fails=(BOOM,))


async def another_topic(ring: Ring, name: str) -> Ring:
    """The same partners in another topic of the product."""
    async with ring.db.transaction(SYSTEM) as tx:
        values = {"name": name, "product_id": ring.product, "export_control": True}
        topic = await rows.insert(tx, "topics", values)
        spec = {"name": "all tests", "topic_id": topic, "spec": {"stages": {}}}
        definition = await rows.insert(tx, "job_definitions", spec)
    return Ring(ring.db, ring.product, topic, definition, ring.made, ring.teams, ring.labs)


async def test_the_vendor_sees_who_was_hit_who_passed_and_who_has_not_run(ring: Ring) -> None:
    await ring.run("d", "build 0", "lib 1")
    await hit(ring, "ab")
    await ring.run("c", "build 1", "lib 1")
    await ring.run("e", "build 1", "lib 1", result="errored")
    found = await radius(ring)
    (topic,) = found.topics
    assert {name: one for name, one in labs(topic).items() if name in "abcde"} == {
        "a": "hit", "b": "hit", "c": "passed", "d": "not_run", "e": "not_run",
    }  # fmt: skip
    assert (topic.hit, topic.passed, topic.not_run, topic.others) == (2, 1, 7, None)


async def test_the_same_failure_in_other_topics_of_the_product_counts(ring: Ring) -> None:
    await hit(ring, "a")
    second, third = await another_topic(ring, "Ring 2"), await another_topic(ring, "Ring 3")
    second.made = third.made = ring.made
    await hit(second, "b")
    await third.run("c", "build 1", "lib 1")
    found = {one.topic.name: one for one in (await radius(ring)).topics}
    assert labs(found["Ring 2"]) == {"b": "hit"}
    assert labs(found["Ring 3"]) == {"c": "passed"}
    assert labs(found["Ring 1"])["a"] == "hit"


async def test_hardware_counts_a_lab_once_by_the_worst_it_met(ring: Ring) -> None:
    async with ring.db.transaction(SYSTEM) as tx:
        for name, hardware in (("a", "arm"), ("b", "arm"), ("c", "x86"), ("d", ["no", "word"])):
            await tx.execute(
                "UPDATE remotecis SET data = $2::jsonb WHERE id = $1",
                ring.labs[name],
                {"hardware": hardware},
            )
    await hit(ring, "ad")
    await ring.run("b", "build 1", "lib 1")
    found = (await radius(ring)).hardware
    assert [(one.name, one.hit, one.passed, one.not_run) for one in found] == [
        ("arm", 1, 1, 0),
        ("x86", 0, 0, 1),
        (None, 1, 0, 6),
    ]


async def test_a_partner_sees_its_own_labs_and_no_number_below_the_minimum(ring: Ring) -> None:
    await hit(ring, "abcde")
    (topic,) = (await radius(ring, partner(ring, "a"))).topics
    assert labs(topic) == {"a": "hit"}
    assert topic.others is not None
    assert (topic.others.teams_hit, topic.others.teams_run) == (None, None)


async def test_numbers_are_the_same_for_every_partner(ring: Ring) -> None:
    await hit(ring, "abcdef")
    told = [(await radius(ring, partner(ring, name))).topics[0].others for name in "abcdef"]
    assert {(one.teams_hit, one.teams_run) for one in told if one} == {(6, 6)}
    await hit(ring, "g")
    await ring.run("h", "build 1", "lib 1")
    (topic,) = (await radius(ring, partner(ring, "g"))).topics
    assert topic.others is not None
    assert (topic.others.teams_hit, topic.others.teams_run) == (6, 6), "one more changes nothing"


async def test_what_is_published_is_remembered_after_jobs_are_gone(ring: Ring) -> None:
    await hit(ring, "abcdef")
    await radius(ring, partner(ring, "a"))
    async with ring.db.transaction(SYSTEM) as tx:
        job = await tx.fetchval("SELECT id FROM jobs WHERE team_id = $1", ring.teams["b"])
        await rows.update(tx, "jobs", job, {"state": "archived"}, etag=None)
    (topic,) = (await radius(ring, partner(ring, "a"))).topics
    assert topic.others is not None and topic.others.teams_hit == 6


async def test_a_partner_without_an_occurrence_finds_no_such_group(ring: Ring) -> None:
    await hit(ring, "abcdef")
    with pytest.raises(NotFound):
        await radius(ring, partner(ring, "g"))


async def test_what_a_partner_sees_of_topics_comes_from_its_own_rows(ring: Ring) -> None:
    await hit(ring, "ab")
    second = await another_topic(ring, "Ring 2")
    second.made = ring.made
    await hit(second, "b")
    found = await radius(ring, partner(ring, "a"))
    assert [one.topic.name for one in found.topics] == ["Ring 1"]
    assert "b" not in {lab.remoteci.name for one in found.topics for lab in one.labs}


async def test_since_is_a_partners_own(ring: Ring) -> None:
    """That others were hit earlier must not show in what counts as passed."""
    await hit(ring, "b")
    own = await ring.add_lab("a2", team=ring.teams["a"])
    await ring.run("a2", "build 1", "lib 1")
    await hit(ring, "a", "build 2")
    assert own
    (topic,) = (await radius(ring, partner(ring, "a"))).topics
    assert labs(topic) == {"a": "hit", "a2": "not_run"}
    assert labs((await radius(ring)).topics[0])["a2"] == "passed"


async def test_nobody_but_the_server_reads_what_was_published(ring: Ring) -> None:
    await hit(ring, "abcdef")
    await radius(ring, partner(ring, "a"))
    for caller in (partner(ring, "a"), Caller("user", UUID(int=3), "", "", (), is_read_only=True)):
        async with ring.db.transaction(caller.tenant) as tx:
            for table in ("published_sets", "published_numbers"):
                assert await tx.fetchval(f"SELECT count(*) FROM {table}") == 0


async def test_other_failures_of_the_topic_are_no_hit(ring: Ring) -> None:
    await hit(ring, "a")
    await ring.run("b", "build 1", "lib 1", fails=(OTHER,))
    assert labs((await radius(ring)).topics[0])["b"] == "passed"
