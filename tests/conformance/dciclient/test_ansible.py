"""What an agent's Ansible run sends: the callback's and the modules' calls, in their order.

Written after what the callback `dci`, the modules `dci_*`, the action `git` and `dcijunit` do; a
task's output is a file whose name says how the task ended.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import pytest
from dciclient.v1.api import component, file, job, jobstate, topic
from dciclient.v1.api.context import build_signature_context

from tests.conformance.dciclient.conftest import Ground
from tests.conformance.dciclient.people import Server

MIME = "application/x-ansible-output"
JUNIT = "".join(
    [
        '<?xml version="1.0"?><testsuites><testsuite name="preflight" tests="3">',
        '<testcase classname="dci" name="test_version" time="1.5"/>',
        '<testcase classname="dci" name="test_network"><failure message="no route">x</failure>',
        '</testcase><testcase classname="dci" name="test_storage"><skipped/></testcase>',
        "</testsuite></testsuites>",
    ]
)


@dataclass
class Callback:
    """The callback plugin: the job and its current state, and a file for every task."""

    context: Any
    job_id: str
    state_id: str = ""

    def state(self, status: str, comment: str = "") -> None:
        """`dci_job: status=…`, or the play's variable `dci_status`."""
        answer = jobstate.create(self.context, status, comment, self.job_id)
        assert answer.status_code == 201, answer.text
        self.state_id = answer.json()["jobstate"]["id"]

    def task(self, name: str, output: str, prefix: str = "") -> dict[str, Any]:
        """A banner came: the task before it is sent, its name cut in front to 255 characters."""
        full = f"{prefix}TASK [{name}]"
        if len(full) > 255:
            full = prefix + "..." + full[-(255 - len(prefix) - 3) :]
        answer = file.create(
            self.context, full, content=output, mime=MIME, jobstate_id=self.state_id
        )
        assert answer.status_code == 201, answer.text
        sent: dict[str, Any] = answer.json()["file"]
        assert sent["name"] == full
        return sent


@pytest.fixture
def lab(server: Server, ground: Ground) -> Any:
    return build_signature_context(
        server.url, f"remoteci/{ground.lab['id']}", ground.lab["api_secret"],
        user_agent="dci-ansible",
    )  # fmt: skip


@pytest.fixture
def feeder(server: Server, ground: Ground) -> Any:
    return build_signature_context(
        server.url, f"feeder/{ground.feeder['id']}", ground.feeder["api_secret"]
    )


@pytest.fixture
def run(lab: Any, ground: Ground) -> Iterator[Callback]:
    """`dci_job: topic=… components_by_query=[…]`: the topic by name, a component by query."""
    found = topic.list(lab, where=f"name:{ground.topic['name']}").json()["topics"][0]
    newest = topic.list_components(
        lab, found["id"], limit=1, offset=0, sort="-released_at",
        query="and(eq(state,active),eq(type,compose),contains(tags,build:nightly))",
    ).json()["components"]  # fmt: skip
    made = job.create(
        lab, found["id"], components=[newest[0]["id"]], comment="from ansible",
        name="install", configuration="sno", url="", data={},
    )  # fmt: skip
    assert made.status_code == 201, made.text
    yield Callback(lab, made.json()["job"]["id"])


def test_a_run_from_pre_run_to_success(server: Server, run: Callback) -> None:
    run.state("pre-run", "Preparing")
    run.task("Gathering Facts", "ok: [jumphost]\n")
    run.task("role : optional thing", "skipping: [sut]\n", "skipped/")
    run.state("running", "Running tests")
    run.task("tests : run " + "very long name " * 40, "changed: [sut]\n")
    run.task("tests : shaky", "fatal: … ignoring\n", "warn/")
    run.state("post-run")
    run.task("upload logs", "ünïcode → ✓\n" * 100)
    run.state("success")
    states = server.get(f"/jobs/{run.job_id}/jobstates", sort="created_at").json()["jobstates"]
    tasks = {one["status"]: [f["name"] for f in one["files"]] for one in states if one["files"]}
    assert [len(names) for names in tasks.values()] == [2, 2, 1]
    assert tasks["pre-run"][1].startswith("skipped/TASK [")
    assert len(tasks["running"][0]) == 255
    made = server.one(f"/jobs/{run.job_id}")
    assert (made["status"], made["user_agent"]) == ("success", "dci-ansible")
    assert made["files"] == []  # each belongs to a state


@pytest.mark.parametrize("prefix", ["failed/", "unreachable/"])
def test_a_task_that_fails_ends_the_run(server: Server, run: Callback, prefix: str) -> None:
    run.state("pre-run")
    run.state("running")
    run.task("tests : broken", "fatal: [sut]: FAILED!\n", prefix)
    run.state("failure", "hook failed")
    found = server.one(f"/jobs/{run.job_id}")
    assert found["status"] == "failure"
    assert found["jobstates"][-1]["comment"] == "hook failed"


def test_hundreds_of_tasks_keep_their_order(server: Server, run: Callback) -> None:
    run.state("running")
    for number in range(120):
        run.task(f"step {number:03}", f"ok: {number}\n")
    (state,) = [
        one for one in server.get(f"/jobs/{run.job_id}/jobstates").json()["jobstates"]
        if one["status"] == "running"
    ]  # fmt: skip
    assert [one["name"] for one in state["files"]] == [
        f"TASK [step {number:03}]" for number in range(120)
    ]


def test_junit_of_tasks_becomes_results(server: Server, run: Callback) -> None:
    run.state("running")
    sent = file.create(run.context, "preflight.xml", content=JUNIT, mime="application/junit",
                       job_id=run.job_id)  # fmt: skip
    assert sent.status_code == 201, sent.text
    (result,) = server.get(f"/jobs/{run.job_id}/results").json()["results"]
    counts = {name: result[name] for name in ("total", "success", "failures", "skips")}
    assert counts == {"total": 3, "success": 1, "failures": 1, "skips": 1}
    broken = file.create(run.context, "broken.xml", content="<testsuite", job_id=run.job_id,
                         mime="application/junit")  # fmt: skip
    assert broken.status_code == 400


def test_component_files_are_fetched_by_path(
    server: Server, run: Callback, feeder: Any, ground: Ground
) -> None:
    path = f"components/{ground.component['id']}/files/BaseOS/x86_64/os/media.repo"
    put = feeder.session.put(f"{feeder.dci_cs_api}/{path}", data=b"[repo]\n")
    assert put.status_code == 201, put.text
    answer = run.context.session.get(f"{run.context.dci_cs_api}/{path}")
    assert (answer.status_code, answer.content) == (200, b"[repo]\n")
    head = run.context.session.head(f"{run.context.dci_cs_api}/{path}")
    assert head.status_code in (200, 302)
    assert head.content == b""
    missing = run.context.session.get(f"{run.context.dci_cs_api}/{path}.nothing")
    assert missing.status_code == 404


def test_a_git_task_attaches_its_commit_as_a_component(
    server: Server, run: Callback, ground: Ground
) -> None:
    sha = "0123456789abcdef0123456789abcdef01234567"
    made, _ = component.get_or_create(
        run.context, display_name="git owl 0123456", version=sha[:7], type="git-owl",
        topic_id=ground.topic["id"], team_id=ground.team["id"],
        defaults={"url": f"https://git.ring.test/owl/commit/{sha}", "uid": sha, "data": {}},
    )  # fmt: skip
    commit = made.json()["component"]
    assert job.add_component(run.context, run.job_id, commit["id"]).status_code == 201
    types = {one["type"] for one in server.one(f"/jobs/{run.job_id}")["components"]}
    assert types == {"compose", "git-owl"}


def test_success_tags_its_components(server: Server, run: Callback, ground: Ground) -> None:
    mine, _ = component.get_or_create(
        run.context, display_name="app 1", version="1", type="app", topic_id=ground.topic["id"],
        team_id=ground.team["id"], defaults={},
    )  # fmt: skip
    found = mine.json()["component"]
    assert component.add_tag(run.context, found["id"], "ocp-vanilla-ok").status_code == 200
    assert server.one(f"/components/{found['id']}")["tags"] == ["ocp-vanilla-ok"]


def test_workarounds_are_counted_at_the_job(server: Server, run: Callback) -> None:
    assert job.add_kv(run.context, run.job_id, "workarounds", 2).status_code == 201
    for tag in ("agent:openshift", "install_type:sno", "connected"):
        assert job.add_tag(run.context, run.job_id, tag).status_code == 200
    made = server.one(f"/jobs/{run.job_id}")
    assert made["tags"] == ["agent:openshift", "install_type:sno", "connected"]
    assert made["keys_values"][0]["value"] == 2
