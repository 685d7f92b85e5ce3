"""Job definitions: mistakes are named, rights follow the topic."""

from typing import Any

import httpx
import pytest

from ringtest.control.definitions.model import read_spec
from ringtest.control.kernel.errors import BadRequest
from tests.control.jobs.bench import SPEC, Bench

TEST = {"test": [{"run": "make check"}]}


@pytest.mark.parametrize(
    ("spec", "named"),
    [
        ({}, "spec: "),
        ({"stages": {}}, "spec.stages.test"),
        ({"stages": {"test": [{"run": " "}]}}, "spec.stages.test[0].run"),
        ({"stages": {"test": [{"command": "x"}]}}, "spec.stages.test[0]"),
        ({"stages": {**TEST, "deploy": []}}, "spec.stages"),
        ({"stages": TEST, "timeout_seconds": "long"}, "spec.timeout_seconds"),
        ({"stages": TEST, "timeout_seconds": 0}, "spec.timeout_seconds"),
        ({"stages": TEST, "max_attempts": 0}, "spec.max_attempts"),
        ({"stages": TEST, "max_attempts": 99}, "spec.max_attempts"),
        ({"stages": TEST, "isolation": "vm"}, "spec.isolation"),
        ({"stages": TEST, "progress": "nose"}, "spec.progress"),
        ({"stages": TEST, "artifacts": [{"path": "/etc/passwd"}]}, "spec.artifacts[0].path"),
        ({"stages": TEST, "artifacts": [{"path": "../x"}]}, "spec.artifacts[0].path"),
        ({"stages": TEST, "artifacts": [{"path": "x", "mime": "text"}]}, "spec.artifacts[0].mime"),
        ({"stages": TEST, "colour": "red"}, "spec: "),
        ({"stages": {"prepare": [{"run": "x" * 70_000}], **TEST}}, "spec.stages.prepare[0].run"),
    ],
)
def test_a_faulty_definition_names_its_field(spec: dict[str, Any], named: str) -> None:
    with pytest.raises(BadRequest) as caught:
        read_spec(spec)
    assert caught.value.payload["error"].startswith(named), caught.value.payload


def test_every_mistake_is_told_at_once() -> None:
    spec = {"stages": TEST, "max_attempts": 0, "timeout_seconds": 0}
    with pytest.raises(BadRequest) as caught:
        read_spec(spec)
    assert len(caught.value.payload["errors"]) == 2


def test_a_definition_is_kept_with_its_defaults() -> None:
    spec = read_spec({"stages": TEST})
    assert spec["stages"]["collect"] == []
    assert (spec["isolation"], spec["timeout_seconds"]) == ("none", 21600)
    assert read_spec(spec) == spec


async def create(bench: Bench, who: str = "super admin", **more: Any) -> httpx.Response:
    body = {"name": "soak", "topic_id": str(bench.topics["linux"]), "spec": SPEC, **more}
    return await bench.world[who].post("/job_definitions", json=body)


async def test_definitions_are_made_by_who_keeps_topics(bench: Bench) -> None:
    for who, code in (("red user", 401), ("red lab", 401), ("read-only", 401), ("epm", 201)):
        assert (await create(bench, who)).status_code == code, who
    assert (await create(bench)).status_code == 409
    assert (await create(bench, name="other", spec={"stages": {}})).status_code == 400
    unknown = "00000000-0000-0000-0000-000000000000"
    assert (await create(bench, name="other", topic_id=unknown)).status_code == 404


async def test_definitions_are_seen_by_who_may_use_the_topic(bench: Bench) -> None:
    hidden = await create(bench, name="hidden", topic_id=str(bench.topics["secret"]))
    path = f"/job_definitions/{hidden.json()['job_definition']['id']}"
    for who, code, count in (("red user", 404, 1), ("feeder", 200, 2), ("read-only", 200, 2)):
        assert (await bench.world[who].get(path)).status_code == code, who
        assert (await bench.world.get(who, "/job_definitions"))["_meta"]["count"] == count
    found = await bench.world.get("epm", "/job_definitions", where="name:hid*")
    assert [one["spec"] for one in found["job_definitions"]] == [read_spec(SPEC)]


async def test_definitions_change_under_their_etag(bench: Bench) -> None:
    made = await create(bench)
    etag = made.headers["etag"]
    path = f"/job_definitions/{made.json()['job_definition']['id']}"
    admin = bench.world["super admin"]
    assert (await admin.put(path, json={"name": "x"})).status_code == 412
    faulty: dict[str, Any] = {"spec": {"stages": {}}}
    assert (await admin.put(path, json=faulty, headers={"If-match": etag})).status_code == 400
    changed = await admin.put(path, json={"name": "new"}, headers={"If-match": etag})
    assert changed.json()["job_definition"]["name"] == "new"
    assert (await admin.put(path, json={}, headers={"If-match": etag})).status_code == 404
    fresh = {"If-match": changed.headers["etag"]}
    assert (await bench.world["red user"].delete(path, headers=fresh)).status_code == 401
    assert (await admin.delete(path, headers=fresh)).status_code == 204
    assert (await admin.get(path)).status_code == 404
