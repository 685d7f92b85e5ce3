"""The client as a library, as agents and dci-pipeline use it."""

import io
from pathlib import Path
from typing import Any

import pytest
from dciclient.v1.api import component, file, identity, job, jobs_events, jobstate, pipeline, topic
from dciclient.v1.api.context import build_dci_context, build_signature_context

from tests.conformance.dciclient.conftest import Ground
from tests.conformance.dciclient.people import PASSWORD, Server


@pytest.fixture
def lab(server: Server, ground: Ground) -> Any:
    """The lab's signing context."""
    return build_signature_context(
        server.url, f"remoteci/{ground.lab['id']}", ground.lab["api_secret"]
    )


def scheduled(lab: Any, ground: Ground, **more: Any) -> dict[str, Any]:
    answer = job.schedule(lab, ground.topic["id"], **more)
    assert answer.status_code == 201, answer.text
    made: dict[str, Any] = answer.json()["job"]
    return made


def test_a_scheduled_job_tests_the_newest_components(lab: Any, ground: Ground) -> None:
    made = scheduled(lab, ground, comment="c", name="nightly", tags=["a"], data={"x": 1})
    assert lab.last_job_id == made["id"]
    seen = job.get(lab, made["id"]).json()["job"]
    assert [one["id"] for one in seen["components"]] == [ground.component["id"]]
    chosen = scheduled(lab, ground, components_ids=[ground.component["id"]])
    assert chosen["status"] == "new"


def test_a_job_from_its_first_state_to_its_last(lab: Any, ground: Ground, folder: Path) -> None:
    made = scheduled(lab, ground)
    for status in ("new", "pre-run", "running", "post-run", "success"):
        state = jobstate.create(lab, status, f"it is {status}", made["id"])
        assert state.status_code == 201, state.text
        (folder / "f").write_bytes(status.encode())
        uploads = [
            file.create(lab, "text", content="line\n", jobstate_id=state.json()["jobstate"]["id"]),
            file.create(lab, "bytes", content=b"\x00\xff", job_id=made["id"], mime="a/b"),
            file.create(lab, "stream", content=io.BytesIO(b"s"), job_id=made["id"]),
            file.create_with_stream(lab, "path", str(folder / "f"), job_id=made["id"]),
        ]
        assert [one.status_code for one in uploads] == [201] * 4
    states = job.list_jobstates(lab, made["id"], sort="created_at").json()["jobstates"]
    assert [one["status"] for one in states[-5:]] == [
        "new", "pre-run", "running", "post-run", "success",
    ]  # fmt: skip
    assert [one["name"] for one in states[-1]["files"]] == ["text"]
    assert job.get(lab, made["id"]).json()["job"]["status"] == "success"
    assert file.content(lab, uploads[1].json()["file"]["id"]).content == b"\x00\xff"
    assert file.delete(lab, uploads[1].json()["file"]["id"]).status_code == 204


def test_iterators_walk_over_pages_until_one_is_empty(lab: Any, ground: Ground) -> None:
    made = [scheduled(lab, ground)["id"] for _ in range(5)]
    walked = [one["id"] for one in job.iter(lab, limit=2, where=f"topic_id:{ground.topic['id']}")]
    assert sorted(walked) == sorted(made)
    for number in range(5):
        file.create(lab, f"file {number}", content="x", job_id=made[0])
    names = {one["name"] for one in job.list_files_iter(lab, made[0], limit=2)}
    assert names == {f"file {number}" for number in range(5)}


def test_job_is_edited_by_its_etag(lab: Any, ground: Ground) -> None:
    made = scheduled(lab, ground)
    changed = job.update(lab, id=made["id"], etag=made["etag"], comment="c", status="running")
    assert changed.status_code == 200, changed.text
    stale = job.update(lab, id=made["id"], etag=made["etag"], comment="d")
    assert stale.status_code == 404
    assert job.add_tag(lab, made["id"], "daily").status_code == 200
    assert job.list_tags(lab, made["id"])["tags"] == ["daily"]
    assert job.delete_tag(lab, made["id"], "daily").status_code == 200
    assert job.add_kv(lab, made["id"], "k", 1.5).json()["kv"]["value"] == 1.5
    assert job.delete_kv(lab, made["id"], "k").status_code == 204


def test_components_of_a_job_come_and_go(server: Server, lab: Any, ground: Ground) -> None:
    made = scheduled(lab, ground)
    other = server.make("/components", name="other", type="x", topic_id=ground.topic["id"])
    assert job.add_component(lab, made["id"], other["id"]).status_code == 201
    assert job.add_component(lab, made["id"], other["id"]).status_code == 409
    assert job.remove_component(lab, made["id"], other["id"]).status_code == 201
    left = job.get(lab, made["id"]).json()["job"]["components"]
    assert [one["id"] for one in left] == [ground.component["id"]]


def test_jobs_of_the_next_topic_and_of_newer_components(
    server: Server, lab: Any, ground: Ground
) -> None:
    made = scheduled(lab, ground)
    newer = server.make("/components", name="newer", type="compose", topic_id=ground.topic["id"])
    updated = job.job_update(lab, made["id"])
    assert updated.status_code == 201, updated.text
    assert lab.last_job_id == updated.json()["job"]["id"]
    seen = job.get(lab, lab.last_job_id).json()["job"]
    assert (seen["update_previous_job_id"], seen["components"][0]["id"]) == (
        made["id"], newer["id"],
    )  # fmt: skip
    assert job.upgrade(lab, made["id"]).status_code == 400  # there is no next topic


def test_things_are_found_or_made(lab: Any, ground: Ground) -> None:
    wanted = {
        "display_name": "git a 1", "version": "1", "type": "git", "team_id": ground.team["id"],
        "topic_id": ground.topic["id"], "defaults": {"tags": ["t"], "url": "http://ring.test"},
    }  # fmt: skip
    first, was_made = component.get_or_create(lab, **wanted)
    again, was_made_again = component.get_or_create(lab, **wanted)
    assert (was_made, was_made_again) == (True, False)
    assert first.json()["component"]["id"] == again.json()["component"]["id"]
    made = first.json()["component"]
    assert component.add_tag(lab, made["id"], "u").status_code == 200
    assert component.get(lab, made["id"]).json()["component"]["tags"] == ["t", "u"]
    assert topic.list_components(lab, ground.topic["id"], limit=1, offset=0).status_code == 200


def test_pipelines_show_their_jobs_in_order(lab: Any, ground: Ground) -> None:
    made = pipeline.create(lab, "p", ground.team["id"]).json()["pipeline"]
    jobs = [scheduled(lab, ground, pipeline_id=made["id"])["id"] for _ in range(3)]
    listed = pipeline.get_jobs(lab, made["id"]).json()["jobs"]
    assert [one["id"] for one in listed] == jobs


def test_ends_of_jobs_are_followed_by_number(server: Server, lab: Any, ground: Ground) -> None:
    admin = build_dci_context(server.url, "admin", PASSWORD)
    before = max([0, *(one["id"] for one in jobs_events.iter(admin, 0, limit=100))])
    made = scheduled(lab, ground)
    jobstate.create(lab, "running", "", made["id"])
    jobstate.create(lab, "success", "", made["id"])
    fresh = [one for one in jobs_events.iter(admin, before + 1) if one["job_id"] == made["id"]]
    assert [one["status"] for one in fresh] == ["success"]
    sequence = jobs_events.get_sequence(admin).json()["sequence"]
    assert jobs_events.update_sequence(admin, sequence["etag"], before).status_code == 204
    assert jobs_events.update_sequence(admin, sequence["etag"], before).status_code == 409


def test_who_am_i(lab: Any, ground: Ground) -> None:
    assert identity.my_team_id(lab) == ground.team["id"]
    wrong = build_signature_context(
        lab.dci_cs_api.removesuffix("/api/v1"), f"remoteci/{ground.lab['id']}", "wrong"
    )
    assert identity.get(wrong).status_code == 400  # a bad signature, as DCI says it
