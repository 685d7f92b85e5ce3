"""`dcictl` on components, jobs, their states and files."""

from pathlib import Path
from typing import Any

import pytest

from tests.conformance.dciclient.conftest import Ground
from tests.conformance.dciclient.people import Server

JUNIT = (
    '<testsuite name="unit"><testcase classname="c" name="good"/>'
    '<testcase classname="c" name="bad"><failure message="no">at 1</failure></testcase>'
    "</testsuite>"
)


def make_job(server: Server, ground: Ground, **more: str) -> dict[str, Any]:
    """A job of the lab, made as labs do it."""
    done = server.run(
        "dci-create-job", "--format", "json", "--topic", ground.topic["name"],
        "--comp", ground.component["name"], "--name", more.get("name", "nightly"),
        "--remoteci", ground.lab["name"], "--tag", "daily", "--key-value", "speed=1.5",
        "--url", "http://ring.test/1", "--comment", "by hand", "--configuration", "small",
        "--data", '{"pipeline": {"name": "x"}}', who=ground.as_lab,
    )  # fmt: skip
    assert done.code == 0, done.text
    job: dict[str, Any] = done.json["job"]
    return job


def test_components(server: Server, ground: Ground, folder: Path) -> None:
    who = ground.as_feeder
    made = server.dcictl(
        "component-create", f"build {ground.tag} 1.0", "--type", "Compose", "--version", "1.0",
        "--topic-id", ground.topic["id"], "--tags", "build:ga, x", "--url", "http://ring.test",
        "--data", '{"a": 1}', "--released-at", "2026-01-02T03:04:05.000006", "--no-active",
        who=who,
    )["component"]  # fmt: skip
    component = server.one(f"/components/{made['id']}")
    assert (component["type"], component["tags"], component["state"]) == (
        "compose", ["build:ga", "x"], "inactive",
    )  # fmt: skip
    assert component["released_at"] == "2026-01-02T03:04:05.000006"
    server.dcictl("component-update", made["id"], "--active", "--tags", "build:nightly", who=who)
    listed = server.dcictl(
        "component-list", "--topic-id", ground.topic["id"],
        "--where", "type:compose,tags:build:nightly,version:1.0",
    )  # fmt: skip
    assert [one["id"] for one in listed["components"]] == [made["id"]]
    queried = server.dcictl(
        "component-list", "--topic-id", ground.topic["id"],
        "--query", "and(eq(version,1.0),contains(tags,build:nightly))",
    )  # fmt: skip
    assert queried["_meta"]["count"] == 1
    assert server.dcictl("component-show", made["id"])["component"]["data"] == {"a": 1}
    assert upload_and_download(server, made["id"], folder, who) == b"payload \x00 of a component"
    fresh = server.one(f"/components/{made['id']}")
    server.dcictl("component-delete", made["id"], "--etag", fresh["etag"], who=who)
    assert server.get(f"/components/{made['id']}").status_code == 404


def upload_and_download(server: Server, component: str, folder: Path, who: dict[str, str]) -> bytes:
    (folder / "a.bin").write_bytes(b"payload \x00 of a component")
    path = str(folder / "a.bin")
    file = server.dcictl("component-file-upload", component, "--path", path, who=who)
    file_id = file["component_file"]["id"]
    listed = server.dcictl("component-file-list", component, who=who)["component_files"]
    assert [one["id"] for one in listed] == [file_id]
    shown = server.dcictl("component-file-show", component, "--file-id", file_id, who=who)
    etag = shown["component_file"]["etag"]
    target = folder / "b.bin"
    done = server.run("dcictl", "component-file-download", component, "--file-id", file_id,
                      "--target", str(target), who=who)  # fmt: skip
    assert done.code == 0, done.text
    server.dcictl("component-file-delete", component, "--file-id", file_id, "--etag", etag, who=who)
    assert server.get(f"/components/{component}/files").json()["component_files"] == []
    return target.read_bytes()


def test_jobs(server: Server, ground: Ground) -> None:
    made = make_job(server, ground)
    job = server.dcictl("job-show", made["id"], who=ground.as_lab)["job"]
    assert (job["status"], job["tags"], job["comment"]) == ("new", ["daily"], "by hand")
    assert (job["configuration"], job["url"]) == ("small", "http://ring.test/1")
    assert job["data"] == {"pipeline": {"name": "x"}}
    assert job["client_version"].startswith("python-dciclient_4.2.0")
    assert [one["key"] for one in job["keys_values"]] == ["speed"]
    for words in (("--where", f"id:{made['id']}"), ("--query", f"eq(id,{made['id']})")):
        listed = server.dcictl("job-list", *words, who=ground.as_lab)["jobs"]
        assert [one["id"] for one in listed] == [made["id"]]
        assert listed[0]["remoteci"]["name"] == ground.lab["name"]
        assert "api_secret" not in listed[0]["remoteci"]
    server.dcictl("job-add-key-value", made["id"], "workarounds", "3", who=ground.as_lab)
    server.dcictl("job-delete-key-value", made["id"], "speed", who=ground.as_lab)
    kept = server.one(f"/jobs/{made['id']}")["keys_values"]
    assert [(one["key"], one["value"]) for one in kept] == [("workarounds", 3.0)]
    server.dcictl(
        "job-update", made["id"], "--comment", "c", "--tags", "a, b", "--status", "success",
        "--status_reason", "fine", "--name", "renamed", who=ground.as_lab,
    )  # fmt: skip
    job = server.one(f"/jobs/{made['id']}")
    assert (job["status"], job["tags"], job["name"]) == ("success", ["a", "b"], "renamed")
    assert (job["status_reason"], job["comment"]) == ("fine", "c")
    server.dcictl("job-delete", made["id"], "--etag", job["etag"], who=ground.as_lab)
    assert server.get(f"/jobs/{made['id']}").status_code == 404


@pytest.mark.parametrize(("status", "recorded"), [("success", "success"), ("failure", "error")])
def test_jobstates(server: Server, ground: Ground, status: str, recorded: str) -> None:
    made = make_job(server, ground)
    state = server.dcictl(
        "jobstate-create", "--job-id", made["id"], "--status", status, "--comment", "done",
        who=ground.as_lab,
    )["jobstate"]  # fmt: skip
    assert state["status"] == recorded  # failing before the tests began is the environment's
    shown = server.dcictl("jobstate-show", state["id"], who=ground.as_lab)["jobstate"]
    assert (shown["comment"], shown["job_id"]) == ("done", made["id"])
    assert server.one(f"/jobs/{made['id']}")["status"] == status
    unknown = server.dcictl(
        "jobstate-create", "--job-id", made["id"], "--status", "nonsense", who=ground.as_lab
    )
    assert unknown["status_code"] == 400


def test_files_and_results_of_a_job(server: Server, ground: Ground, folder: Path) -> None:
    made = make_job(server, ground)
    who = ground.as_lab
    state = server.dcictl(
        "jobstate-create", "--job-id", made["id"], "--status", "running", who=who
    )["jobstate"]  # fmt: skip
    (folder / "junit.xml").write_text(JUNIT)
    (folder / "a.log").write_text("first line\n")
    junit = server.dcictl(
        "job-upload-file", made["id"], "--name", "junit.xml", "--path", str(folder / "junit.xml"),
        "--mime", "application/junit", who=who,
    )["file"]  # fmt: skip
    log = server.dcictl(
        "job-upload-file", made["id"], "--name", "failed/TASK [a : b]",
        "--path", str(folder / "a.log"), "--jobstate-id", state["id"],
        "--mime", "application/x-ansible-output", who=who,
    )["file"]  # fmt: skip
    (result,) = server.dcictl("job-results", made["id"], who=who)["results"]
    assert (result["total"], result["success"], result["failures"]) == (2, 1, 1)
    for words in (("job-list-file", made["id"]), ("file-list", made["id"])):
        listed = server.dcictl(*words, who=who)["files"]
        assert {one["name"] for one in listed} == {"junit.xml", "failed/TASK [a : b]"}
    target = folder / "copy.xml"
    server.run("dcictl", "job-download-file", made["id"], "--file-id", junit["id"],
               "--target", str(target), who=who)  # fmt: skip
    assert target.read_text() == JUNIT
    assert server.dcictl("file-show", log["id"], who=who)["file"]["jobstate_id"] == state["id"]
    assert server.run("dcictl", "file-content", log["id"], who=who).text.strip() == "first line"
    output = server.run("dcictl", "job-output", made["id"], who=who)
    assert "no attribute 'text'" in output.text  # the client cannot print what it got
    server.dcictl("file-delete", junit["id"], who=who)
    assert server.get(f"/files/{junit['id']}").status_code == 404
    assert server.dcictl("job-results", made["id"], who=who)["results"] == []


def test_searching_jobs(server: Server, ground: Ground) -> None:
    made = make_job(server, ground, name=f"search-{ground.tag}")
    done = server.run(
        "dcictl", "--format", "json", "job-search", "--query", f"(name='search-{ground.tag}')",
        who=ground.as_lab,
    )  # fmt: skip
    assert made["id"] in done.text


def test_purge_counts_and_removes_what_is_archived(server: Server, ground: Ground) -> None:
    component = server.make(
        "/components", name=f"old-{ground.tag}", type="compose", topic_id=ground.topic["id"]
    )
    server.dcictl("component-delete", component["id"], "--etag", component["etag"])
    listed = server.get("/components/purge").json()
    assert component["id"] in {one["id"] for one in listed["components"]}
    server.run("dcictl", "purge", "--resource", "components")  # the client fails when it prints
    server.run("dcictl", "purge", "--resource", "components", "--force")
    left = server.get("/components/purge").json()
    assert component["id"] not in {one["id"] for one in left["components"]}
