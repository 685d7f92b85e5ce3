"""Whatever dies, is lost, is stopped or prints filth: every event counts once, every job ends
once, nothing is missing.

A failing seed replays with `RINGTEST_SEED=<n>` in the environment; `make soak` runs 500.
"""

import os
import re
from collections import Counter
from pathlib import Path

import pytest

from ringtest.control.db.pool import Database
from ringtest.control.logs.model import CUT_MARK, LINE_BYTES
from tests.scenario.lab import Lab, Try
from tests.scenario.stories import ENDLESS, SETS
from tests.scenario.world import LABS, SPEC, Stage, World, build_stage, open_world

STEPS = 350
ONE_SEED = os.environ.get("RINGTEST_SEED")
SEEDS = [int(ONE_SEED)] if ONE_SEED else range(500 if os.environ.get("RINGTEST_SOAK") else 4)


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
        for lab in world.labs:
            lab.disk.trouble = 0.05
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


async def test_of_two_agents_of_a_lab_one_gets_a_job_and_the_other_the_next(
    database_url: str, stage: Stage, tmp_path: Path
) -> None:
    async with open_world(0, database_url, stage, tmp_path) as world:
        for kind, version in (("jinja2", "1"), ("markupsafe", "1"), ("markupsafe", "2")):
            await world.publish(kind, version)
        for loop in world.loops * 3:
            await loop.act()
        one, other = world.labs[:2]
        assert one.identity == other.identity
        await one.step()
        await other.step()
        assert one.claiming is not None and one.claiming == other.claiming
        for agent in (one, other, other, other):
            await agent.step()
        assert (one.refused, other.refused) == (0, 1)
        [mine], [others] = one.history, other.history
        assert (mine.attempt, others.attempt) == (1, 1) and mine.job_id != others.job_id


async def _assert_every_job_ended(world: World) -> None:
    assert world.owner is not None
    jobs = await world.owner.fetch(
        "SELECT jobs.id, status, result, status_reason AS reason, set_key, remoteci_id,"
        " version = ANY($1) AS endless FROM jobs JOIN jobs_components ON job_id = jobs.id"
        " JOIN components ON components.id = component_id WHERE type = 'markupsafe'",
        list(ENDLESS),
    )
    assert len(jobs) == (len(SETS) + len(ENDLESS)) * LABS
    assert len({(job["set_key"], job["remoteci_id"]) for job in jobs}) == len(jobs)
    assert {job["status"] for job in jobs} == {"finished"}
    stopped = [job for job in jobs if job["endless"]]
    whys = {("cancelled", "cancelled by admin")}
    if world.was_away:  # who comes when a job's time is over finds it stopped
        whys.add(("errored", f"timed out after {SPEC['timeout_seconds']} s"))
    assert {(job["result"], job["reason"]) for job in stopped} <= whys
    assert {job["result"] for job in jobs if not job["endless"]} == {"failed", "passed"}
    tries = [(one.job_id, one.attempt) for lab in world.labs for one in lab.history]
    assert len(tries) == len(set(tries)), "two agents had one try of a job"
    ends = Counter(one.job_id for lab in world.labs for one in lab.history if _has_ended(one))
    for job in jobs:
        assert ends[str(job["id"])] in ((0, 1) if job["endless"] else (1,))


def _has_ended(one: Try) -> bool:
    return one.done and any(record["kind"] == "finish" for record in one.records())


async def _assert_every_event_counted_once(world: World) -> None:
    """What events cause exists once, whatever was repeated on the way."""
    assert world.owner is not None
    assert world.mistakes.records == []
    count = world.owner.fetchval
    assert await count("SELECT count(*) FROM event_queue") == 0
    assert await count("SELECT count(*) FROM job_requests") == len(SETS) + len(ENDLESS)
    ends = await count("SELECT count(*) FROM events WHERE type = 'job.finished'")
    assert ends == await count("SELECT count(*) FROM jobs")
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
    """The log of every try that was told to its end is byte for byte what its agent has on disk,
    which is what the job printed but for what a full disk had no room for, as the log says;
    journals are whole."""
    for lab in world.labs:
        for one in lab.history:
            log = one.log()
            _assert_kept(one, log)
            if one.done:
                await _assert_shown(lab, one, log)


_MARK = re.compile(rb"\[ringtest\] ([0-9]+) bytes of output are left out here: the disk is full\n")


def _assert_kept(one: Try, log: bytes) -> None:
    """A try that came to its end accounts for every byte; one that was broken off for all that
    it kept."""
    at = 0
    parts = _MARK.split(log)
    for kept, missing in zip(parts[::2], [*parts[1::2], b"0"], strict=True):
        assert one.printed[at : at + len(kept)] == kept
        at += len(kept) + int(missing)
    assert at == len(one.printed) or (at < len(one.printed) and not _has_ended(one))


async def _assert_shown(lab: Lab, one: Try, log: bytes) -> None:
    params = {"attempt": str(one.attempt)}
    raw = await lab.http.get(f"/jobs/{one.job_id}/log/raw", params=params)
    assert raw.content == log
    lines: list[str] = []
    while True:
        page = {**params, "limit": "5000", "from_line": str(len(lines))}
        shown = (await lab.http.get(f"/jobs/{one.job_id}/log", params=page)).json()["log"]
        lines += shown["lines"]
        if not shown["lines"]:
            break
    assert shown["complete"] and shown["total_lines"] == len(lines)
    assert lines == [_as_line(line) for line in log.removesuffix(b"\n").split(b"\n") if log]


def _as_line(line: bytes) -> str:
    """What people are shown of a line: of an endless one its beginning."""
    if len(line) <= LINE_BYTES:
        return line.decode(errors="replace")
    return line[:LINE_BYTES].decode() + CUT_MARK


async def _assert_the_answer(world: World) -> None:
    """The faults on the way change nothing in what people are told."""
    listed = await world.admin.get("/failure_groups", params={"topic_id": world.topic_id})
    verdicts = {
        (group["kind"], group["verdict"]["scope"]) for group in listed.json()["failure_groups"]
    }
    assert verdicts == {("test", "everyone"), ("test", "one_lab"), ("stage", "everyone")}
