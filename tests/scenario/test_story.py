"""Whatever dies, whatever is lost: every event counts once, every job ends, nothing is missing.

A failing seed replays with `RINGTEST_SEED=<n>` in the environment; `make soak` runs 500.
"""

import os
from pathlib import Path

import pytest

from ringtest.control.db.pool import Database
from tests.scenario.world import LABS, SETS, Stage, World, build_stage, open_world

STEPS = 250
ONE_SEED = os.environ.get("RINGTEST_SEED")
SEEDS = [int(ONE_SEED)] if ONE_SEED else range(500 if os.environ.get("RINGTEST_SOAK") else 8)


_stages: list[Stage] = []


@pytest.fixture
async def stage(db: Database, tmp_path: Path) -> Stage:
    """One for all stories of this process."""
    if not _stages:
        _stages.append(build_stage(db, tmp_path))
    return _stages[0]


@pytest.mark.parametrize("seed", SEEDS)
async def test_a_story_with_faults_ends_as_one_without(
    seed: int, database_url: str, stage: Stage, tmp_path: Path
) -> None:
    async with open_world(seed, database_url, stage, tmp_path) as world:
        await world.publish("jinja2", "2.11.3")
        world.transport.loss = 0.3
        world.receiver.trouble = 0.3
        week = world.rng.randrange(2 * STEPS)  # in every other story
        for step in range(STEPS):
            await world.step()
            if step == week:
                await world.be_away_for_a_week()
        await world.settle()
        await _assert_every_job_ended(world)
        await _assert_every_event_counted_once(world)
        await _assert_logs_are_whole(world)
        await _assert_the_answer(world)


async def _assert_every_job_ended(world: World) -> None:
    assert world.owner is not None
    jobs = await world.owner.fetch(
        "SELECT status, result, status_reason AS reason, set_key, remoteci_id FROM jobs"
    )
    assert len(jobs) == len(SETS) * LABS
    assert len({(job["set_key"], job["remoteci_id"]) for job in jobs}) == len(jobs)
    assert {job["status"] for job in jobs} == {"finished"}
    why = {job["reason"] for job in jobs if job["result"] not in ("passed", "failed")}
    assert why == set()
    assert sorted({job["result"] for job in jobs}) == ["failed", "passed"]


async def _assert_every_event_counted_once(world: World) -> None:
    """What events cause exists once, whatever was repeated on the way."""
    assert world.owner is not None
    assert world.mistakes.records == []
    count = world.owner.fetchval
    assert await count("SELECT count(*) FROM event_queue") == 0
    assert await count("SELECT count(*) FROM job_requests") == len(SETS)
    for kind, subject in (
        ("component.published", "component_id"),
        ("job.requested", "request_id"),
        ("job.finished", "job_id"),
        ("report.delivered", "delivery_id"),
    ):
        doubled = await world.owner.fetch(
            f"SELECT payload->>'{subject}' FROM events WHERE type = $1 GROUP BY 1"
            " HAVING count(*) > 1",
            kind,
        )
        assert doubled == [], kind
    groups = await count("SELECT count(*) FROM failure_groups")
    assert groups == 3  # known everywhere, lab-1's own, 2.1.0's import error
    assert len(set(world.receiver.copies)) == groups
    assert await count("SELECT count(*) FROM deliveries WHERE status = 'delivered'") == groups


async def _assert_logs_are_whole(world: World) -> None:
    """The log of every attempt that was told to its end is byte for byte what the lab wrote,
    which is what the job printed but for what a full disk had no room for; journals are whole,
    and nobody finished a job twice."""
    ended = 0
    for lab in world.labs:
        for attempt in lab.history:
            records, log = attempt.records(), attempt.log()
            assert log == attempt.printed or attempt.was_full
            if not attempt.done:
                continue
            answer = await lab.http.get(
                f"/jobs/{attempt.job_id}/log/raw", params={"attempt": attempt.attempt}
            )
            assert answer.content == log
            ended += any(record["kind"] == "finish" for record in records)
    assert ended == len(SETS) * LABS


async def _assert_the_answer(world: World) -> None:
    """The faults on the way change nothing in what people are told."""
    listed = await world.admin.get("/failure_groups", params={"topic_id": world.topic_id})
    verdicts = {
        (group["kind"], group["verdict"]["scope"]) for group in listed.json()["failure_groups"]
    }
    assert verdicts == {("test", "everyone"), ("test", "one_lab"), ("stage", "everyone")}
