"""What DCI clients post of their jobs."""

import pytest

from ringtest.control.kernel.clock import VirtualClock
from ringtest.control.kernel.outcome import DCI_STATUSES
from tests.control.jobs.bench import Bench


async def post(
    bench: Bench, job_id: str, status: str, who: str = "red lab", comment: str | None = None
) -> int:
    body = {"job_id": job_id, "status": status, "comment": comment}
    answer = await bench.world[who].post("/jobstates", json=body)
    if answer.status_code == 201:
        assert set(answer.json()["jobstate"]) == {"id", "created_at", "status", "comment", "job_id"}
    return answer.status_code


@pytest.mark.parametrize("word", DCI_STATUSES)
async def test_a_posted_status_is_the_jobs_status(
    bench: Bench, clock: VirtualClock, word: str
) -> None:
    job_id = (await bench.created())["id"]
    await post(bench, job_id, "running")
    clock.advance(90)
    assert await post(bench, job_id, word, comment="so it is") == 201
    job = await bench.job(job_id, "red user")
    assert (job["status"], job["duration"]) == (word, 90)
    assert [(one["status"], one["comment"]) for one in job["jobstates"]] == [
        ("running", None),
        (word, "so it is"),
    ]


async def test_any_order_goes_and_the_first_end_alone_is_told(bench: Bench) -> None:
    job_id = (await bench.created())["id"]
    for word in ("success", "running", "failure", "new", "killed"):
        assert await post(bench, job_id, word) == 201
    (finished,) = await bench.world.events("job.finished")
    assert '"passed"' in finished["payload"]


@pytest.mark.parametrize("before", ["new", "pre-run"])
async def test_failing_before_the_tests_is_told_as_an_error(bench: Bench, before: str) -> None:
    job_id = (await bench.created())["id"]
    if before != "new":
        await post(bench, job_id, before)
    await post(bench, job_id, "failure")
    job = await bench.job(job_id)
    assert job["status"] == "failure"
    assert "error" in [one["status"] for one in job["jobstates"]]
    (finished,) = await bench.world.events("job.finished")
    assert '"errored"' in finished["payload"]


async def test_an_unknown_status_is_400(bench: Bench) -> None:
    job_id = (await bench.created())["id"]
    assert await post(bench, job_id, "fine") == 400
    body = {"job_id": job_id, "status": "running", "colour": "red"}
    assert (await bench.world["red lab"].post("/jobstates", json=body)).status_code == 400


async def test_only_the_jobs_team_may_post_and_read(bench: Bench) -> None:
    job_id = (await bench.created())["id"]
    for who, code in (("blue lab", 401), ("feeder", 401), ("read-only", 401), ("nobody", 401)):
        assert await post(bench, job_id, "success", who) == code, who
    assert (await bench.job(job_id))["status"] == "new"
    assert await post(bench, job_id, "running", "red user") == 201
    (state,) = (await bench.world.get("red user", f"/jobs/{job_id}/jobstates"))["jobstates"]
    path = f"/jobstates/{state['id']}"
    for who, code in (("blue user", 401), ("read-only", 200), ("red user", 200)):
        assert (await bench.world[who].get(path)).status_code == code, who
    for who, code in (("blue user", 401), ("read-only", 401), ("red user", 204)):
        assert (await bench.world[who].delete(path)).status_code == code, who
    assert (await bench.world["red user"].get(path)).status_code == 404


async def test_a_job_in_an_agents_hands_takes_no_posted_status(bench: Bench) -> None:
    job_id = await bench.queued()
    assert await post(bench, job_id, "success") == 409
    await bench.claim(job_id)
    assert await post(bench, job_id, "success") == 409
