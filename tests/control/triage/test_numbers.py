"""Numbers of groups are kept as failures come and go, and are what counting anew would give."""

import random
from datetime import timedelta
from uuid import UUID

import pytest

from ringtest.control.db import rows
from ringtest.control.db.pool import Database
from ringtest.control.kernel.tenant import SYSTEM
from ringtest.control.signatures.model import Failure
from tests.control.triage.ring import Ring, open_ring

CAUSES = [
    Failure("test", f"ValueError: cause{n} of all", "class test", test_id=n) for n in range(4)
]

_NAIVE = """
SELECT o.group_id, o.remoteci_id, o.team_id, g.shown_id, count(*), sum(o.cases),
  min(j.created_at), (array_agg(j.id ORDER BY j.created_at, j.id))[1], max(o.ended_at),
  (array_agg(j.id ORDER BY o.ended_at DESC, j.created_at DESC, j.id DESC))[1],
  min(o.created_at), max(o.created_at)
FROM failure_occurrences o JOIN jobs j ON j.id = o.job_id AND j.state <> 'archived'
JOIN failure_groups g ON g.id = o.group_id GROUP BY 1, 2, 3, 4 ORDER BY 1, 2"""
_KEPT = """
SELECT group_id, remoteci_id, team_id, shown_id, occurrences, cases, first_made_at, first_job_id,
  last_ended_at, last_job_id, first_grouped_at, last_grouped_at
FROM failure_labs ORDER BY 1, 2"""


@pytest.fixture
async def ring(db: Database) -> Ring:
    made = await open_ring(db)
    for name in ("a", "b"):
        await made.add_lab(name)
    return made


async def expect_true_numbers(ring: Ring) -> int:
    """What is kept is what one would count; how many rows."""
    async with ring.db.transaction(SYSTEM) as tx:
        kept, naive = await tx.fetch(_KEPT), await tx.fetch(_NAIVE)
    assert [tuple(row) for row in kept] == [tuple(row) for row in naive]
    return len(kept)


@pytest.mark.parametrize("seed", range(3))
async def test_numbers_are_true_after_any_order_of_what_happens(ring: Ring, seed: int) -> None:
    rng = random.Random(seed)
    jobs: list[UUID] = []

    def some() -> tuple[Failure, ...]:
        return tuple(rng.choices(CAUSES, k=rng.randint(0, 4)))

    for _ in range(25):
        match rng.randrange(5) if jobs else 0:
            case 0 | 1:
                build = f"build {rng.randrange(3)}"
                jobs.append(await ring.run(rng.choice("ab"), build, "lib 1", fails=some()))
            case 2:
                await ring.regroup(rng.choice(jobs), *some())
            case 3:
                state = rng.choice(["archived", "active"])
                async with ring.db.transaction(SYSTEM) as tx:
                    await rows.update(tx, "jobs", rng.choice(jobs), {"state": state}, etag=None)
            case 4:
                gone = jobs.pop(rng.randrange(len(jobs)))
                async with ring.db.transaction(SYSTEM) as tx:
                    await tx.execute("DELETE FROM jobs WHERE id = $1", gone)
    await expect_true_numbers(ring)


async def test_numbers_go_with_their_topic(ring: Ring) -> None:
    await ring.run("a", "build 1", "lib 1", fails=tuple(CAUSES))
    assert await expect_true_numbers(ring) == 4
    async with ring.db.transaction(SYSTEM) as tx:
        await tx.execute("DELETE FROM failure_groups WHERE topic_id = $1", ring.topic)
    assert await expect_true_numbers(ring) == 0


async def test_a_retry_that_ends_late_leaves_first_seen_before_last_seen(ring: Ring) -> None:
    first = await ring.run("a", "build 1", "lib 1", fails=(CAUSES[0],))
    await ring.run("b", "build 2", "lib 1", fails=(CAUSES[0],))
    async with ring.db.transaction(SYSTEM) as tx:  # tried again, it ends after the other
        await tx.execute(
            "UPDATE jobs SET finished_at = finished_at + $2 WHERE id = $1", first, timedelta(days=1)
        )
    await ring.regroup(first, CAUSES[0])
    (group,) = await ring.groups()
    assert group.first_seen.at <= group.last_seen.at
    assert group.first_seen.job_id == group.last_seen.job_id == first


async def test_while_a_job_is_tried_again_its_failure_was_seen_when_it_ended(ring: Ring) -> None:
    first = await ring.run("a", "build 1", "lib 1", fails=(CAUSES[0],))
    before = await ring.groups()
    async with ring.db.transaction(SYSTEM) as tx:
        values = {"status": "queued", "result": None, "finished_at": None}
        await rows.update(tx, "jobs", first, values, etag=None)
    (group,) = await ring.groups()
    assert group.first_seen == before[0].first_seen and group.last_seen == before[0].last_seen


async def test_a_job_that_gets_other_components_takes_its_failures_along(ring: Ring) -> None:
    job = await ring.run("a", "build 1", "lib 1", fails=(CAUSES[0],))
    await ring.run("b", "build 2", "lib 1")
    async with ring.db.transaction(SYSTEM) as tx:
        other = await tx.fetchval("SELECT set_key FROM jobs WHERE id <> $1", job)
        await rows.update(tx, "jobs", job, {"set_key": other}, etag=None)
    (group,) = await ring.groups()
    assert group.verdict.text == "only a" and group.in_latest_set
