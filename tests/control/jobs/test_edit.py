"""Editing, deleting, components and numbers of jobs, with DCI's codes."""

from typing import Any

import pytest

from ringtest.control.jobs.model import component_set_key
from tests.control.jobs.bench import Bench


async def put(bench: Bench, job: dict[str, Any], who: str = "red user", **body: Any) -> Any:
    return await bench.world[who].put(
        f"/jobs/{job['id']}", json=body, headers={"If-match": job["etag"]}
    )


async def test_an_edit_changes_what_was_sent_and_the_etag(bench: Bench) -> None:
    job = await bench.created(comment="before", tags=["a"])
    answer = await put(bench, job, comment="after", url=None, colour="dropped silently")
    assert answer.status_code == 200
    edited = answer.json()["job"]
    assert (edited["comment"], edited["tags"]) == ("after", ["a"])
    assert answer.headers["etag"] == edited["etag"] != job["etag"]
    assert await bench.world.sql("SELECT action FROM audits") == "update_job_by_id"
    assert len(await bench.world.events("job.changed")) == 1


async def test_an_edit_needs_the_etag_of_the_job_as_it_is(bench: Bench) -> None:
    job = await bench.created()
    without = await bench.world["red user"].put(f"/jobs/{job['id']}", json={})
    assert without.status_code == 412
    assert (await put(bench, {**job, "etag": "stale"}, comment="x")).status_code == 404
    assert (await put(bench, job, state="gone")).status_code == 400


async def test_only_the_team_and_its_managers_edit(bench: Bench) -> None:
    job = await bench.created()
    for who, code in (("blue user", 401), ("read-only", 401), ("epm", 200)):
        assert (await put(bench, job, who, comment="x")).status_code == code, who


async def test_a_status_put_is_a_status_posted(bench: Bench) -> None:
    job = await bench.created()
    job = (await put(bench, job, "red lab", status="running")).json()["job"]
    assert (job["status"], job["phase"], job["stage"]) == ("running", "running", "test")
    job = (await put(bench, job, "red lab", status="success")).json()["job"]
    assert (job["status"], job["result"]) == ("success", "passed")
    got = await bench.job(job["id"])
    assert sorted(one["status"] for one in got["jobstates"]) == ["running", "success"]
    assert len(await bench.world.events("job.finished")) == 1


async def test_a_status_of_a_job_in_an_agents_hands_is_refused(bench: Bench) -> None:
    job_id = await bench.queued()
    job = await bench.job(job_id)
    assert (await put(bench, job, "red lab", status="success")).status_code == 409
    assert (await put(bench, job, "red lab", status="new", comment="x")).status_code == 200


async def test_a_deleted_job_vanishes_with_its_files(bench: Bench) -> None:
    job = await bench.created()
    await bench.world.sql(
        "INSERT INTO files (id, created_at, updated_at, etag, name, sha256, size, object_key,"
        " job_id, team_id) VALUES (gen_random_uuid(), now(), now(), 'e', 'f', 'b', 1, 'k', $1, $2)"
        " RETURNING 1",
        job["id"],
        bench.world.teams["red"],
    )
    path = f"/jobs/{job['id']}"
    assert (await bench.world["red user"].delete(path)).status_code == 412
    stale = await bench.world["red user"].delete(path, headers={"If-match": "stale"})
    assert stale.status_code == 404
    gone = await bench.world["red user"].delete(path, headers={"If-match": job["etag"]})
    assert (gone.status_code, gone.content) == (204, b"")
    assert gone.headers["content-type"] == "application/json"
    assert (await bench.world["red user"].get(path)).status_code == 404
    assert (await bench.world.get("red user", "/jobs"))["jobs"] == []
    assert await bench.world.sql("SELECT state FROM files") == "archived"


async def test_components_come_and_go(bench: Bench) -> None:
    job = await bench.created()
    path = f"/jobs/{job['id']}/components"
    kernel = str(bench.components["kernel 1"])
    lab = bench.world["red lab"]
    added = await lab.post(path, json={"id": kernel})
    assert (added.status_code, added.content) == (201, b"")
    assert (await lab.post(path, json={"id": kernel})).status_code == 409
    body = await bench.world.get("red user", path)
    assert body["_meta"]["count"] == 2
    got = await bench.job(job["id"])
    both = [bench.components["compose 1"], bench.components["kernel 1"]]
    assert got["set_key"] == component_set_key(both)
    assert got["etag"] == job["etag"]
    removed = await lab.delete(f"{path}/{kernel}")
    assert (removed.status_code, removed.content) == (201, b"")
    assert (await bench.world.get("red user", path))["_meta"]["count"] == 1


async def test_components_need_access_to_both_job_and_component(bench: Bench) -> None:
    job = await bench.created()
    path = f"/jobs/{job['id']}/components"
    kernel = str(bench.components["kernel 1"])
    for who, component, code in (
        ("red lab", str(bench.components["compose of blue"]), 401),
        ("red lab", str(bench.components["compose secret"]), 401),
        ("red lab", "00000000-0000-0000-0000-000000000000", 404),
        ("blue lab", kernel, 401),
        ("read-only", kernel, 401),
        ("feeder", kernel, 401),
    ):
        answer = await bench.world[who].post(path, json={"id": component})
        assert answer.status_code == code, (who, component)


async def test_numbers_are_noted_once_and_forgotten(bench: Bench) -> None:
    job = await bench.created()
    path = f"/jobs/{job['id']}/kv"
    lab = bench.world["red lab"]
    answer = await lab.post(path, json={"key": "speed", "value": 2.5})
    assert answer.status_code == 201
    assert answer.json() == {"kv": {"job_id": job["id"], "key": "speed", "value": 2.5}}
    assert (await lab.post(path, json={"key": "speed", "value": 3})).status_code == 409
    assert (await lab.post(path, json={"key": "speed", "value": "fast"})).status_code == 400
    assert (
        await bench.world["blue lab"].post(path, json={"key": "a", "value": 1})
    ).status_code == 401
    for _ in range(2):
        gone = await lab.request("DELETE", path, json={"key": "speed"})
        assert gone.status_code == 204
    assert (await bench.job(job["id"]))["keys_values"] == []


@pytest.mark.parametrize("path", ["/jobs/nonsense", "/jobs/0", "/jobstates/x", "/pipelines/x"])
async def test_an_id_that_is_none_names_nothing(bench: Bench, path: str) -> None:
    assert (await bench.world["red user"].get(path)).status_code == 404
