"""The latest verdict per topic and lab, and who sees it."""

from typing import Any

import pytest

from ringtest.control.kernel.clock import VirtualClock
from tests.control.jobs.bench import Bench


@pytest.fixture
async def partners(bench: Bench) -> Bench:
    """Both teams are partners: stats are of external teams only."""
    await bench.world.sql("UPDATE teams SET external = true WHERE name IN ('red', 'blue')"
                          " RETURNING 1")  # fmt: skip
    return bench


async def run(bench: Bench, clock: VirtualClock, *words: str, lab: str = "red lab") -> str:
    """A job a minute later than the one before, which says these words."""
    clock.advance(60)
    job_id: str = (await bench.created(lab))["id"]
    await say(bench, job_id, *words, lab=lab)
    return job_id


async def say(bench: Bench, job_id: str, *words: str, lab: str = "red lab") -> None:
    for word in words:
        body = {"job_id": job_id, "status": word}
        assert (await bench.world[lab].post("/jobstates", json=body)).status_code == 201


async def stats(bench: Bench, who: str = "super admin") -> list[dict[str, Any]]:
    found = await bench.world.get(who, "/stats")
    assert set(found) == {"stats"}
    listed: list[dict[str, Any]] = found["stats"]
    return listed


async def latest(bench: Bench, who: str = "super admin") -> dict[str, str]:
    """Status by job of the one topic."""
    found = await stats(bench, who)
    return {job["id"]: job["status"] for one in found for job in one["jobs"]}


async def test_a_topic_shows_the_latest_verdict_of_each_lab(
    partners: Bench, clock: VirtualClock
) -> None:
    await run(partners, clock, "running", "failure")
    red = await run(partners, clock, "running", "success")
    blue = await run(partners, clock, "running", "failure", lab="blue lab")
    await run(partners, clock, "running")
    (topic,) = await stats(partners)
    product = topic.pop("product")
    assert product == {"id": str(partners.product_id), "name": "Linux"}
    assert topic["topic"] == {"id": str(partners.topics["linux"]), "name": "linux"}
    assert (topic["nbOfJobs"], topic["nbOfSuccessfulJobs"]) == (2, 1)
    assert topic["percentageOfSuccess"] == 50
    assert [(job["id"], job["status"]) for job in topic["jobs"]] == [
        (blue, "failure"),
        (red, "success"),
    ]
    assert set(topic["jobs"][0]) == {"id", "team_name", "remoteci_name", "status", "created_at"}
    assert topic["jobs"][1]["team_name"] == "red"
    assert topic["jobs"][1]["remoteci_name"] == "red lab"


async def test_callers_see_the_jobs_they_may_see(partners: Bench, clock: VirtualClock) -> None:
    red = await run(partners, clock, "success")
    blue = await run(partners, clock, "success", lab="blue lab")
    for who in ("super admin", "epm", "read-only"):
        assert set(await latest(partners, who)) == {red, blue}
    for who in ("red user", "red lab"):
        assert set(await latest(partners, who)) == {red}
    assert await stats(partners, "feeder") == []
    assert (await partners.world["nobody"].get("/stats")).status_code == 401
    await partners.world.sql("DELETE FROM products_teams RETURNING 1")
    assert await stats(partners, "red user") == []


async def test_only_external_active_teams_count(bench: Bench, clock: VirtualClock) -> None:
    red = await run(bench, clock, "success")
    assert await stats(bench) == []
    await bench.world.sql("UPDATE teams SET external = true WHERE name = 'red' RETURNING 1")
    assert set(await latest(bench)) == {red}
    await bench.world.sql("UPDATE teams SET state = 'inactive' WHERE name = 'red' RETURNING 1")
    assert await stats(bench) == []


async def test_a_verdict_that_is_taken_back_gives_way_to_the_one_before(
    partners: Bench, clock: VirtualClock
) -> None:
    first = await run(partners, clock, "running", "success")
    second = await run(partners, clock, "running", "failure")
    assert await latest(partners) == {second: "failure"}
    await say(partners, second, "success")
    assert await latest(partners) == {second: "success"}
    await say(partners, second, "running")
    assert await latest(partners) == {first: "success"}
    await say(partners, second, "killed")
    assert await latest(partners) == {first: "success"}
    await say(partners, second, "error")
    assert await latest(partners) == {second: "error"}


async def test_a_late_verdict_of_an_older_job_changes_nothing(
    partners: Bench, clock: VirtualClock
) -> None:
    older = await run(partners, clock, "running")
    newer = await run(partners, clock, "running", "success")
    await say(partners, older, "failure")
    assert await latest(partners) == {newer: "success"}


@pytest.mark.parametrize("how", ["archived", "purged"])
async def test_a_job_that_is_gone_gives_way_to_the_one_before(
    partners: Bench, clock: VirtualClock, how: str
) -> None:
    first = await run(partners, clock, "running", "success")
    second = await run(partners, clock, "running", "failure")
    if how == "archived":
        etag = (await partners.job(second))["etag"]
        answer = await partners.world["red user"].delete(
            f"/jobs/{second}", headers={"If-match": etag}
        )
        assert answer.status_code == 204
    else:
        await partners.world.sql("DELETE FROM jobs WHERE id = $1 RETURNING 1", second)
    assert await latest(partners) == {first: "success"}


async def test_an_agents_verdict_counts_too(partners: Bench, clock: VirtualClock) -> None:
    job_id = await partners.queued()
    token = (await partners.claim(job_id))["lease_token"]
    at = "2026-01-01T00:00:00"
    end = {"seq": 1, "at": at, "kind": "finish", "result": "failed"}
    await partners.told(job_id, token, end)
    assert await latest(partners) == {job_id: "failure"}
    assert (await partners.world["red user"].post(f"/jobs/{job_id}/retry")).status_code == 201
    assert await stats(partners) == []
