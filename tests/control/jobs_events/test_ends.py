"""The numbered list of verdicts, and how far its reader is."""

from typing import Any

import pytest

from tests.control.jobs.bench import Bench


async def say(bench: Bench, job_id: str, *words: str) -> None:
    for word in words:
        body = {"job_id": job_id, "status": word}
        assert (await bench.world["red lab"].post("/jobstates", json=body)).status_code == 201


async def ends(bench: Bench, number: int = 0) -> list[dict[str, Any]]:
    """From a number on, in their order."""
    found = await bench.world.get("super admin", f"/jobs_events/{number}", sort="id")
    assert found["_meta"]["count"] == len(found["jobs_events"])
    listed: list[dict[str, Any]] = found["jobs_events"]
    return listed


@pytest.mark.parametrize(
    ("words", "status"),
    [(["running", "success"], ["success"]), (["running", "failure"], ["failure"]),
     (["failure"], ["error"]), (["pre-run", "error"], ["error"]), (["killed"], []),
     (["running", "killed", "failure"], ["failure"]), (["killed", "running", "killed"], []),
     (["running", "success", "running", "failure", "success"], ["success"])],
)  # fmt: skip
async def test_the_first_verdict_alone_is_listed(
    bench: Bench, words: list[str], status: list[str]
) -> None:
    job = await bench.created()
    await say(bench, job["id"], *words)
    listed = await ends(bench)
    assert [one["status"] for one in listed] == status
    for one in listed:
        assert set(one) == {"id", "created_at", "job_id", "topic_id", "status"}
        assert (one["job_id"], one["topic_id"]) == (job["id"], job["topic_id"])


async def test_every_verdict_that_an_edit_gives_is_listed(bench: Bench) -> None:
    job_id = (await bench.created())["id"]
    await say(bench, job_id, "running", "success")
    for word in ("failure", "failure", "running", "success"):
        etag = (await bench.job(job_id))["etag"]
        answer = await bench.world["red user"].put(
            f"/jobs/{job_id}", json={"status": word}, headers={"If-match": etag}
        )
        assert answer.status_code == 200
    assert [one["status"] for one in await ends(bench)] == ["success", "failure", "success"]
    assert len(await bench.world.events("job.finished")) == 1


@pytest.mark.parametrize("result", ["passed", "failed", "errored"])
async def test_an_agents_verdict_is_listed_too(bench: Bench, result: str) -> None:
    job_id = await bench.queued()
    token = (await bench.claim(job_id))["lease_token"]
    at = "2026-01-01T00:00:00"
    await bench.told(job_id, token, {"seq": 1, "at": at, "kind": "finish", "result": result})
    word = {"passed": "success", "failed": "failure", "errored": "error"}[result]
    assert [(one["job_id"], one["status"]) for one in await ends(bench)] == [(job_id, word)]


async def test_a_cancelled_job_is_not_listed(bench: Bench) -> None:
    job_id = await bench.queued()
    answer = await bench.world["red user"].post(f"/jobs/{job_id}/cancel")
    assert answer.status_code == 202
    assert await ends(bench) == []


async def test_a_reader_goes_on_from_a_number_and_forgets_from_one(bench: Bench) -> None:
    jobs = [(await bench.created())["id"] for _ in range(3)]
    for job_id in jobs:
        await say(bench, job_id, "running", "success")
    numbers = [one["id"] for one in await ends(bench)]
    assert numbers == sorted(numbers)
    assert [one["job_id"] for one in await ends(bench, numbers[1])] == jobs[1:]
    found = await bench.world.get("super admin", "/jobs_events/0", where=f"job_id:{jobs[2]}")
    assert found["_meta"]["count"] == 1
    gone = await bench.world["super admin"].delete(f"/jobs_events/{numbers[1]}")
    assert gone.status_code == 204
    assert [one["id"] for one in await ends(bench)] == numbers[:1]


async def test_a_purged_job_takes_its_ends_along(bench: Bench) -> None:
    job_id = (await bench.created())["id"]
    await say(bench, job_id, "success")
    await bench.world.sql("DELETE FROM jobs WHERE id = $1 RETURNING 1", job_id)
    assert await ends(bench) == []


@pytest.mark.parametrize("who", ["epm", "read-only", "red user", "red lab", "feeder", "nobody"])
async def test_only_super_admins_follow_all_teams(bench: Bench, who: str) -> None:
    client = bench.world[who]
    for answer in (
        await client.get("/jobs_events/0"),
        await client.delete("/jobs_events/0"),
        await client.get("/jobs_events/sequence"),
        await client.put(
            "/jobs_events/sequence", json={"sequence": 1}, headers={"If-match": "0" * 32}
        ),
    ):
        assert answer.status_code == 401


async def test_the_sequence_is_noted_by_who_saw_it_last(bench: Bench) -> None:
    admin = bench.world["super admin"]
    answer = await admin.get("/jobs_events/sequence")
    seen = answer.json()["sequence"]
    assert seen == {"sequence": 0, "etag": answer.headers["etag"]}

    async def put(etag: str | None, body: Any) -> int:
        headers = {"If-match": etag} if etag else {}
        path = "/jobs_events/sequence"
        return (await admin.put(path, json=body, headers=headers)).status_code

    assert await put(None, {"sequence": 5}) == 412
    bodies: list[Any] = [{}, {"sequence": "5"}, {"sequence": -1}, {"sequence": 2**64}, []]
    for body in bodies:
        assert await put(seen["etag"], body) == 400
    assert await put(seen["etag"], {"sequence": 5}) == 204
    assert await put(seen["etag"], {"sequence": 6}) == 409
    again = (await admin.get("/jobs_events/sequence")).json()["sequence"]
    assert again["sequence"] == 5
    assert again["etag"] != seen["etag"]


@pytest.mark.parametrize("number", ["abc", "-1", "1.5", "9" * 30, "0x1"])
async def test_what_is_no_number_is_not_there(bench: Bench, number: str) -> None:
    for method in ("GET", "DELETE"):
        answer = await bench.world["super admin"].request(method, f"/jobs_events/{number}")
        assert answer.status_code == 404
