"""A run that a lab made by itself becomes a job of its own."""

from datetime import timedelta
from typing import Any

import pytest

from tests.control.jobs.bench import Bench

SPEC = {"stages": {"test": [{"run": "make check"}]}}


def body(bench: Bench, **more: Any) -> dict[str, Any]:
    return {
        "topic_id": str(bench.topics["linux"]),
        "definition": SPEC,
        "agent": "west/1",
        "name": "smoke",
        "started_at": (bench.world.db.clock.now() - timedelta(days=3)).isoformat(),
        **more,
    }


async def reported(bench: Bench, **more: Any) -> dict[str, Any]:
    answer = await bench.world["red lab"].post("/jobs/reported", json=body(bench, **more))
    assert answer.status_code == 201, answer.text
    claim: dict[str, Any] = answer.json()["claim"]
    return claim


async def test_a_run_of_days_ago_is_told_with_its_own_times(bench: Bench) -> None:
    claim = await reported(bench)
    began = bench.world.db.clock.now() - timedelta(days=3)
    at = {"at": (began + timedelta(minutes=1)).isoformat()}
    stage = {"kind": "stage", "stage": "test"}
    await bench.told(
        claim["job"]["id"],
        claim["lease_token"],
        {"seq": 1, **stage, "status": "running", **at},
        {"seq": 2, **stage, "status": "failed", "exit_code": 1, **at},
        {"seq": 3, "kind": "finish", "result": "failed", "reason": "1 failed", **at},
    )
    job = await bench.job(claim["job"]["id"])
    assert (job["phase"], job["result"], job["name"]) == ("finished", "failed", "smoke")
    assert job["started_at"] == began.isoformat()
    (stage_row,) = (await bench.world.get("red user", f"/jobs/{job['id']}/stages"))["stages"]
    assert stage_row["started_at"] == at["at"]


async def test_no_agent_is_told_to_run_it_again(bench: Bench) -> None:
    claim = await reported(bench)
    job_id, token = claim["job"]["id"], claim["lease_token"]
    await bench.told(job_id, token, {"seq": 1, "kind": "release", "reason": "broken off"})
    job = await bench.job(job_id)
    assert (job["phase"], job["result"]) == ("finished", "errored")


async def test_components_may_be_named(bench: Bench) -> None:
    claim = await reported(bench, components_ids=[str(bench.components["compose 1"])])
    assert [one["type"] for one in claim["components"]] == ["compose"]
    assert (await reported(bench))["components"] == []


async def test_its_definition_is_the_teams_own_and_the_same_is_one(bench: Bench) -> None:
    first, second = await reported(bench), await reported(bench)
    jobs = [await bench.job(one["job"]["id"]) for one in (first, second)]
    assert jobs[0]["definition_id"] == jobs[1]["definition_id"]
    path = f"/job_definitions/{jobs[0]['definition_id']}"
    own = (await bench.world.get("red user", path))["job_definition"]
    assert own["team_id"] == str(bench.world.teams["red"])
    assert (await bench.world["blue user"].get(path)).status_code == 404
    shown = (await bench.world.get("blue user", "/job_definitions"))["job_definitions"]
    assert own["id"] not in {one["id"] for one in shown}


async def test_another_team_with_the_same_definition_has_its_own(bench: Bench) -> None:
    await reported(bench)
    answer = await bench.world["blue lab"].post("/jobs/reported", json=body(bench))
    assert answer.status_code == 201, answer.text


@pytest.mark.parametrize(
    ("more", "status", "says"),
    [
        ({"started_at": "2020-01-01T00:00:00"}, 400, "365 days"),
        ({"definition": {"stages": {}}}, 400, "spec.stages.test"),
        ({"definition": {"stages": {"test": [{"run": "x"}]}, "nonsense": 1}}, 400, "nonsense"),
    ],
)
async def test_what_cannot_be_a_run_is_refused(
    bench: Bench, more: dict[str, Any], status: int, says: str
) -> None:
    answer = await bench.world["red lab"].post("/jobs/reported", json=body(bench, **more))
    assert (answer.status_code, says in answer.text) == (status, True), answer.text


async def test_components_and_topics_must_be_the_labs_to_use(bench: Bench) -> None:
    lab = bench.world["red lab"]
    secret = {"topic_id": str(bench.topics["secret"])}
    foreign = {"components_ids": [str(bench.components["compose of blue"])]}
    for more in (secret, foreign):
        answer = await lab.post("/jobs/reported", json=body(bench, **more))
        assert answer.status_code in (401, 404), answer.text
    assert (
        await bench.world["red user"].post("/jobs/reported", json=body(bench))
    ).status_code == 401
