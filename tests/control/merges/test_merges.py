"""Groups that a person says are one are one everywhere, and taken apart they are what they were."""

from typing import Any
from uuid import UUID, uuid4

import pytest
from msgspec import structs

from ringtest.control.accounts.model import Caller
from ringtest.control.db.pool import Database
from ringtest.control.kernel.errors import Conflict, NotFound, Unauthorised
from ringtest.control.kernel.tenant import SYSTEM
from ringtest.control.merges import model, service
from ringtest.control.merges.model import Candidate, similar
from ringtest.control.signatures.model import Failure
from ringtest.control.triage import service as triage
from ringtest.control.triage.model import Group
from tests.control.triage.ring import Ring, open_ring

LEFT = Failure("test", "ValueError: the ring is open", "class left", test_id=1)
RIGHT = Failure("test", "ValueError: the ring was opened", "class right", test_id=2)
FAR = Failure("test", "KeyError: nothing like the others at all", "class far", test_id=3)
BROKEN = Failure("stage", "ValueError: the ring is open", "prepare", stage="prepare")
VENDOR = Caller("user", UUID(int=1), "jo", "", (), is_epm=True)


@pytest.fixture
async def ring(db: Database) -> Ring:
    made = await open_ring(db)
    for name in ("a", "b"):
        await made.add_lab(name)
    await made.run("a", "build 1", "lib 1")
    await made.run("a", "build 2", "lib 1", fails=(LEFT, RIGHT, FAR))
    await made.run("b", "build 2", "lib 1", fails=(RIGHT,))
    return made


async def by_test(ring: Ring, lab: str | None = None) -> dict[str, Group]:
    """Groups by the name of their first test."""
    return {group.tests[0].name: group for group in await ring.groups(lab)}


async def merge(ring: Ring, one: UUID, into: UUID) -> Group:
    async with ring.db.transaction(SYSTEM) as tx:
        return await service.merge(tx, caller=VENDOR, group_id=one, into=into)


async def unmerge(ring: Ring, one: UUID) -> None:
    async with ring.db.transaction(SYSTEM) as tx:
        await service.unmerge(tx, caller=VENDOR, group_id=one)


async def get(ring: Ring, group_id: UUID) -> Group:
    async with ring.db.transaction(SYSTEM) as tx:
        return await triage.get_group(tx, group_id=group_id, teams=None)


def facts(groups: dict[str, Group]) -> Any:
    return [structs.asdict(group) for group in groups.values()]


async def test_merged_groups_are_counted_and_listed_as_one(ring: Ring) -> None:
    before = await by_test(ring)
    left, right = before["test 1"], before["test 2"]
    one = await merge(ring, left.id, right.id)
    assert one.id == right.id and one.title == right.title
    assert (one.occurrences, one.cases, one.tests_count) == (2, 3, 2)  # two jobs, one of them both
    assert one.verdict.text == "everyone"
    assert [part.id for part in one.merged] == [left.id]
    assert {group.id for group in await ring.groups()} == {right.id, before["test 3"].id}
    assert await get(ring, left.id) == one


async def test_taken_apart_they_are_what_they_were(ring: Ring) -> None:
    before = await by_test(ring)
    await merge(ring, before["test 1"].id, before["test 2"].id)
    await unmerge(ring, before["test 1"].id)
    assert facts(await by_test(ring)) == facts(before)


async def test_a_merge_into_a_merged_group_is_one_into_where_it_went(ring: Ring) -> None:
    before = await by_test(ring)
    one, two, three = (before[f"test {n}"].id for n in (1, 2, 3))
    await merge(ring, one, two)
    whole = await merge(ring, two, three)
    assert whole.id == three and whole.tests_count == 3
    assert {part.id for part in whole.merged} == {one, two}
    await unmerge(ring, two)  # and what had been merged into it goes along
    assert (await get(ring, one)).id == two
    await unmerge(ring, one)
    assert facts(await by_test(ring)) == facts(before)


async def test_failures_to_come_join_the_merged_group_and_are_not_new(ring: Ring) -> None:
    before = await by_test(ring)
    await merge(ring, before["test 1"].id, before["test 2"].id)
    await ring.run("b", "build 3", "lib 1", fails=(LEFT,))
    group = await get(ring, before["test 2"].id)
    assert group.occurrences == 3
    async with ring.db.transaction(SYSTEM) as tx:
        told = await tx.fetchrow(
            "SELECT payload->>'group_id' AS id, payload->>'new' AS new FROM events"
            " WHERE type = 'failure.grouped' ORDER BY events.id DESC LIMIT 1"
        )
    assert told is not None and dict(told) == {"id": str(group.id), "new": "false"}


async def test_each_team_reads_a_merged_group_from_its_own_rows(ring: Ring) -> None:
    before = await by_test(ring)
    left, right = before["test 1"].id, before["test 2"].id
    await merge(ring, left, right)
    mine = await by_test(ring, "b")
    assert list(mine) == ["test 2"]
    assert (mine["test 2"].occurrences, mine["test 2"].merged) == (1, ())
    theirs = await by_test(ring, "a")
    assert theirs["test 1"].id == right and theirs["test 1"].occurrences == 1


async def test_what_cannot_be_one_is_refused(ring: Ring) -> None:
    await ring.run("a", "build 2", "lib 1", fails=(BROKEN,), result="errored")
    groups = {group.kind + group.tests[0].name if group.tests else "stage": group.id
              for group in await ring.groups()}  # fmt: skip
    one, two, stage = groups["testtest 1"], groups["testtest 2"], groups["stage"]
    with pytest.raises(Conflict, match="stages"):
        await merge(ring, one, stage)
    with pytest.raises(Conflict, match="one already"):
        await merge(ring, one, one)
    await merge(ring, one, two)
    with pytest.raises(Conflict, match="one already"):
        await merge(ring, two, one)
    with pytest.raises(Conflict, match="take it out"):
        await merge(ring, one, groups["testtest 3"])
    with pytest.raises(NotFound):
        await merge(ring, uuid4(), one)
    with pytest.raises(NotFound):
        await unmerge(ring, two)


async def test_only_the_vendors_people_merge(ring: Ring) -> None:
    groups = await ring.groups()
    reader = Caller("user", UUID(int=1), "jo", "", (), is_read_only=True)
    for caller in (reader, Caller("user", UUID(int=1), "jo", "", ())):
        async with ring.db.transaction(SYSTEM) as tx:
            with pytest.raises(Unauthorised):
                await service.merge(tx, caller=caller, group_id=groups[0].id, into=groups[1].id)


async def test_groups_that_look_alike_are_suggested_and_others_are_not(ring: Ring) -> None:
    groups = await by_test(ring)
    async with ring.db.transaction(SYSTEM) as tx:
        shown, compared = await service.list_similar(
            tx, caller=VENDOR, group_id=groups["test 1"].id, limit=20
        )
    assert [one["id"] for one in shown] == [groups["test 2"].id] and compared == 2
    assert 0.7 <= shown[0]["score"] <= 1 and shown[0]["occurrences"] == 2


def test_the_most_alike_come_first() -> None:
    def text(n: int, words: str) -> Candidate:
        return Candidate(UUID(int=n), "ValueError", words, {})

    group = text(0, "cannot open <path>/ring.conf after <duration>")
    near = "cannot open <path>/ring.cfg after <duration>"
    others = [text(1, "not at all"), text(3, near), text(2, near), text(4, group.template)]
    assert [one.id.int for one, _ in similar(group, others, 10)] == [4, 2, 3]
    assert similar(group, others, 1)[0][1] == 1.0
    assert model.MOST_COMPARED <= 10_000
