"""From a finished job to its groups: which failures count, once, and who is told what."""

from typing import Any
from uuid import UUID, uuid4

import pytest

from ringtest.control.db import rows
from ringtest.control.db.outbox import consume
from ringtest.control.db.pool import Database
from ringtest.control.kernel.events import EventType
from ringtest.control.kernel.tenant import SYSTEM
from ringtest.control.signatures.model import Failure
from ringtest.control.triage import loop
from ringtest.control.triage.model import Group
from tests.control.triage.ring import Ring, open_ring

BOOM = Failure("test", "ValueError: the ring is open", "class test", test_id=7)
TRACE = 'Traceback:\n  File "/w/test_ring.py", line 3, in test_ring\nValueError: open\n'


@pytest.fixture
async def ring(db: Database) -> Ring:
    made = await open_ring(db)
    for name in ("a", "b"):
        await made.add_lab(name)
    return made


async def add_results(ring: Ring, job_id: UUID, *names: str, attempt: int = 0) -> None:
    """A result file in which these tests failed."""
    async with ring.db.transaction(SYSTEM) as tx:
        job = await tx.fetchrow("SELECT team_id FROM jobs WHERE id = $1", job_id)
        assert job is not None
        team = job["team_id"]
        file = {"name": "junit.xml", "sha256": "", "size": 1, "object_key": "", "attempt": attempt}
        file_id = await rows.insert(tx, "files", {**file, "job_id": job_id, "team_id": team})
        result = uuid4()
        await tx.execute(
            "INSERT INTO test_results (id, created_at, job_id, file_id, team_id, attempt, name,"
            " total, success, skips, failures, errors, outcomes, states, durations)"
            " VALUES ($1, $2, $3, $4, $5, $6, 'junit', 1, 0, 0, 1, 0, 'f', '-', '')",
            result, tx.now, job_id, file_id, team, attempt,
        )  # fmt: skip
        for position, name in enumerate(names):
            test_id = abs(hash(name)) % 2**62
            await tx.execute(
                "INSERT INTO tests VALUES ($1, $2, 's', 'c', $3) ON CONFLICT DO NOTHING",
                team, test_id, name,
            )  # fmt: skip
            await tx.execute(
                "INSERT INTO test_failures (result_id, position, job_id, team_id, test_id, outcome,"
                " exception_type, message, detail, since_job_id, since_at, created_at)"
                " VALUES ($1, $2, $3, $4, $5, 'f', 'ValueError', 'open', $6, $3, $7, $7)",
                result, position, job_id, team, test_id,
                TRACE.replace("test_ring", f"test_{name}"), tx.now,
            )  # fmt: skip


async def add_stage(ring: Ring, job_id: UUID, name: str, evidence: str) -> None:
    """A stage of the job that broke."""
    async with ring.db.transaction(SYSTEM) as tx:
        await tx.execute(
            "INSERT INTO job_stages (job_id, team_id, attempt, name, status, started_at, message,"
            " evidence) SELECT id, team_id, attempt, $2::text::job_stage, 'failed', $3, 'exit 1',"
            " $4 FROM jobs WHERE id = $1",
            job_id, name, tx.now, evidence,
        )  # fmt: skip


async def finish(ring: Ring, job_id: UUID, **values: Any) -> list[dict[str, Any]]:
    """Tell that the job ended, let triage work; events of triage so far."""
    async with ring.db.transaction(SYSTEM) as tx:
        if values:
            await rows.update(tx, "jobs", job_id, values, etag=None)
        await tx.add_event(
            EventType.JOB_FINISHED, team_id=None, topic_id=None, job_id=str(job_id), result="failed"
        )
    await consume(ring.db, "triage", loop.on_event)
    async with ring.db.transaction(SYSTEM) as tx:
        assert await tx.fetchval("SELECT count(*) FROM event_queue WHERE consumer = 'triage'") == 0
        told = await tx.fetch(
            "SELECT team_id, topic_id, payload->>'new' AS new, payload->>'group_id' AS group_id"
            " FROM events WHERE type = 'failure.grouped' ORDER BY id"
        )
    return [dict(row) for row in told]


def kinds(groups: list[Group]) -> list[str]:
    """Kind and title of each group."""
    return sorted(f"{group.kind} {group.title}" for group in groups)


async def test_failed_tests_are_grouped_by_what_failed(ring: Ring) -> None:
    job = await ring.run("a", "build 1", "lib 1", result="failed")
    await add_results(ring, job, "one", "two")
    told = await finish(ring, job)
    groups = await ring.groups()
    assert len(groups) == len(told) == 2
    assert {group.tests[0].name for group in groups} == {"one", "two"}
    assert all(event["new"] == "true" for event in told)
    assert {event["team_id"] for event in told} == {ring.teams["a"]}
    assert {event["topic_id"] for event in told} == {ring.topic}


async def test_failed_tests_explain_their_stage(ring: Ring) -> None:
    job = await ring.run("a", "build 1", "lib 1", result="failed")
    await add_results(ring, job, "one")
    await add_stage(ring, job, "test", "1 failed")
    await finish(ring, job)
    assert kinds(await ring.groups()) == ["test ValueError: open"]


async def test_a_stage_that_broke_without_results_is_a_failure(ring: Ring) -> None:
    job = await ring.run("a", "build 1", "lib 1", result="failed")
    await add_stage(ring, job, "test", "ImportError: cannot import name 'x' from 'y'\nexit 4\n")
    await finish(ring, job)
    assert kinds(await ring.groups()) == ["stage ImportError: cannot import name 'x' from 'y'"]


async def test_a_broken_environment_counts_beside_failed_tests(ring: Ring) -> None:
    job = await ring.run("a", "build 1", "lib 1", result="errored")
    await add_results(ring, job, "one")
    await add_stage(ring, job, "prepare", "E: Unable to locate package ring\n")
    await finish(ring, job)
    assert kinds(await ring.groups()) == [
        "stage E: Unable to locate package ring",
        "test ValueError: open",
    ]


async def test_a_reason_is_better_than_nothing(ring: Ring) -> None:
    job = await ring.run("a", "build 1", "lib 1", result="errored")
    await finish(ring, job, status_reason="no agent finished it in 3 attempts")
    assert kinds(await ring.groups()) == ["stage no agent finished it in <n> attempts"]


async def test_a_passed_or_cancelled_job_has_no_broken_stage(ring: Ring) -> None:
    for result in ("passed", "cancelled"):
        job = await ring.run("a", "build 1", "lib 1", result=result)
        await add_stage(ring, job, "collect", "error: no such file")
        assert await finish(ring, job, status_reason="a person said so") == []


async def test_doing_it_again_changes_nothing(ring: Ring) -> None:
    job = await ring.run("a", "build 1", "lib 1", result="failed")
    await add_results(ring, job, "one")
    await finish(ring, job)
    before = await ring.groups()
    await finish(ring, job)
    assert await ring.groups() == before


async def test_a_retry_replaces_what_its_job_showed(ring: Ring) -> None:
    job = await ring.run("a", "build 1", "lib 1", result="failed")
    await add_results(ring, job, "one", "two", attempt=0)
    await finish(ring, job)
    await add_results(ring, job, "two", "three", attempt=1)
    await finish(ring, job, attempt=1)
    assert sorted(group.tests[0].name for group in await ring.groups()) == ["three", "two"]
    assert all(group.occurrences == 1 for group in await ring.groups())


async def test_a_job_that_runs_again_is_left_alone(ring: Ring) -> None:
    job = await ring.run("a", "build 1", "lib 1", result="failed")
    await add_results(ring, job, "one")
    assert await finish(ring, job, status="running") == []


async def test_new_means_new_to_the_team_and_betrays_no_other(ring: Ring) -> None:
    told = []
    for lab, build in (("a", 1), ("b", 1), ("a", 2), ("b", 2)):
        job = await ring.run(lab, f"build {build}", "lib 1", result="failed")
        await add_results(ring, job, "one")
        told = await finish(ring, job)
    assert [event["new"] for event in told] == ["true", "true", "false", "false"]
    assert len({event["group_id"] for event in told}) == 1


async def test_an_archived_job_is_not_counted(ring: Ring) -> None:
    job = await ring.run("a", "build 1", "lib 1", fails=(BOOM,))
    async with ring.db.transaction(SYSTEM) as tx:
        await rows.update(tx, "jobs", job, {"state": "archived"}, etag=None)
    assert await ring.groups() == []
