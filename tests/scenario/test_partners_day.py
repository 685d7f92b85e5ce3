"""A partner's day: a pipeline of DCI and a job of an agent, with the network cut, packets lost,
and agent and server killed in the middle. Nothing is lost and nothing is there twice."""

import subprocess
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import httpx
import pytest
import yaml

from ringtest.agent.verifying import verify
from tests.conftest import reachable_folder
from tests.parts import ADMIN
from tests.scenario.programs import Program, until
from tests.scenario.wires import Wire, open_wire

_PLAYS = """\
- hosts: localhost
  gather_facts: false
  vars: {dci_status: pre-run}
  tasks:
    - name: sources
      ansible.builtin.git: {repo: "{{ lab }}/app.git", dest: "{{ lab }}/%(name)s-sources"}
- hosts: localhost
  gather_facts: false
  vars: {dci_status: running}
  tasks:
    - {name: begin, file: {path: "{{ lab }}/%(name)s-began", state: touch}}
    - {name: long, wait_for: {path: "{{ lab }}/go", sleep: 1}}
    - {name: test_ring, assert: {that: "lookup('file', lab + '/go') == 'closed'"}}
"""
_HOOK = "- {name: look whether the lab is free, debug: {msg: it is}}\n"
_PIPELINE = {
    "name": "app",
    "stage": "app",
    "topic": "t",
    "components": ["build"],
    "ansible_playbook": "app.yml",
}
_FIRST = 'test "$RINGTEST_ATTEMPT" != 1 || { touch "$LAB/first"; exec sleep 1000; }'
_LINES = "for n in 1 2 3 4 5 6 7 8; do echo line $n; done"
_COPY = 'cp -r "$LAB/hooks" "$LAB/site.yml" .; echo "{lab: $LAB}" > lab.yml'
_PRE_RUN = {"hook": "pre-run", "hooks": ["."]}
_SITE = {"playbook": "site.yml", "extra_vars_files": ["lab.yml"]}
SPEC = {
    "timeout_seconds": 600,
    "max_attempts": 3,
    "isolation": "none",
    "stages": {
        "prepare": [{"run": _COPY}, {"runner": "ansible", "with": _PRE_RUN}],
        "test": [
            {"run": _FIRST},
            {"run": _LINES},
            {"runner": "ansible", "with": _SITE},
        ],
        "collect": [],
    },
    "artifacts": [{"path": "ringtest-results/*.xml", "mime": "application/junit"}],
}
_GIT = ("git", "-c", "user.name=n", "-c", "user.email=n@example.com")


@dataclass(slots=True)
class Day:
    """A server, a lab behind a wire, and what the lab has on its disk."""

    lab: Path
    wire: Wire
    server: Program
    http: httpx.AsyncClient
    key: dict[str, str] = field(default_factory=dict)
    topic_id: str = ""

    async def post(self, path: str, **body: Any) -> dict[str, Any]:
        """What was created."""
        answer = await self.http.post(path, json=body)
        assert answer.status_code in (200, 201), f"{path}: {answer.status_code} {answer.text}"
        made: dict[str, Any] = answer.json()
        return next(iter(made.values())) if len(made) == 1 else made

    async def get(self, path: str, **query: str) -> Any:
        """The one value of an answer that is no list's."""
        answer = await self.http.get(path, params=query)
        assert answer.status_code == 200, answer.text
        content = answer.json()
        content.pop("_meta", None)
        return next(iter(content.values()))

    async def jobs(self, **wanted: str) -> list[dict[str, Any]]:
        """Jobs that are so."""
        jobs = await self.get("/jobs", limit="50", offset="0")
        return [job for job in jobs if all(job[key] == value for key, value in wanted.items())]

    def program(self, name: str, *arguments: str) -> Program:
        """A program in the lab."""
        words = {"LAB": str(self.lab), **self.key}
        return Program(arguments, words, self.lab / f"{name}.log", prefix=self.wire.prefix)

    def there(self, pattern: str) -> Any:
        """Whether the lab's disk has it."""

        async def look() -> bool:
            return any(self.lab.glob(pattern))

        return look


@pytest.fixture
async def day(database_url: str, tmp_path: Path) -> AsyncIterator[Day]:
    """In the morning."""
    async with AsyncExitStack() as exits:
        wire = await exits.enter_async_context(open_wire())
        data = exits.enter_context(reachable_folder())
        listen = "0.0.0.0" if wire.prefix else "127.0.0.1"
        common = {
            "RINGTEST_DATABASE_URL": database_url,
            "RINGTEST_ADMIN_PASSWORD": "admin password",
        }
        words = ("up", "--data", str(data / "data"), "--listen")
        server = Program((*words, f"{listen}:0"), common, tmp_path / "server.log", "ready")
        await server.start()
        exits.push_async_callback(server.stop)
        port = int(server.address.rpartition(":")[2])
        server.arguments = (*words, f"{listen}:{port}")
        url = f"http://127.0.0.1:{port}/api/v1"
        http = await exits.enter_async_context(
            httpx.AsyncClient(base_url=url, auth=ADMIN, timeout=20)
        )
        day = Day(tmp_path, wire, server, http)
        await _subscribe(day, await wire.server(port))
        _furnish(tmp_path)
        yield day


async def _subscribe(day: Day, address: str) -> None:
    product = await day.post("/products", name="p")
    team = await day.post("/teams", name="partner")
    assert (
        await day.http.post(f"/products/{product['id']}/teams", json={"team_id": team["id"]})
    ).status_code == 201
    topic = await day.post(
        "/topics",
        name="t",
        product_id=product["id"],
        component_types=["build"],
        export_control=True,
    )
    day.topic_id = topic["id"]
    made = await day.post("/job_definitions", name="leased", topic_id=topic["id"], spec=SPEC)
    await day.post("/trigger_rules", name="r", topic_id=topic["id"], definition_id=made["id"])
    lab = await day.post("/remotecis", name="lab", team_id=team["id"])
    await day.post(f"/remotecis/{lab['id']}/topics", topic_id=topic["id"])
    day.key = {
        "DCI_CLIENT_ID": f"remoteci/{lab['id']}",
        "DCI_API_SECRET": lab["api_secret"],
        "DCI_CS_URL": address,
    }


def _furnish(lab: Path) -> None:
    """What a partner has: sources, a pipeline file, playbooks, hooks."""
    repo = lab / "app.git"
    subprocess.run(["git", "init", "-q", repo], check=True)
    subprocess.run([*_GIT, "commit", "-qm", "first", "--allow-empty"], cwd=repo, check=True)
    subprocess.run(["git", "tag", "v1"], cwd=repo, check=True)
    (lab / "app.yml").write_text(_PLAYS % {"name": "app"})
    (lab / "site.yml").write_text(_PLAYS % {"name": "site"})
    (lab / "hooks").mkdir()
    (lab / "hooks" / "pre-run.yml").write_text(_HOOK)
    values = {**_PIPELINE, "ansible_extravars": {"lab": str(lab)}}
    (lab / "pipeline.yml").write_text(yaml.safe_dump([values]))


async def test_a_partners_day_is_whole_whatever_breaks(day: Day) -> None:
    agent = day.program("agent", "agent", "--data", str(day.lab / "agent"))
    words = ("pipeline", "run", str(day.lab / "pipeline.yml"), "--data", str(day.lab / "runs"))
    pipeline = day.program("pipeline", *words)
    body = {"type": "build", "display_name": "b", "version": "1"}
    await day.post("/components", topic_id=day.topic_id, **body)
    await agent.start()
    try:
        await until(day.there("first"), "the job begins")
        await agent.kill()
        await agent.start()
        await pipeline.start()
        await until(day.there("app-began"), "the pipeline's job is in its middle")
        await until(day.there("site-began"), "the agent's job is in its middle again")
        await _break_everything(day)
        assert pipeline.process is not None
        assert await pipeline.process.wait() == 0, pipeline.log.read_text()

        async def ended() -> bool:
            return len(await day.jobs(status="success")) == 2

        await until(ended, "both jobs are told to their end")
    finally:
        await pipeline.stop()
        await agent.stop()
    await _assert_whole(day)


async def _break_everything(day: Day) -> None:
    """The cable is pulled, the server dies, the work goes on and ends; then they come back."""
    await day.wire.plug(False)
    await day.server.kill()
    (day.lab / "go").write_text("closed")
    await until(day.there("agent/jobs/*.2/outcome.json"), "the agent's job ends by itself")
    await until(day.there("runs/app/*/*/job.json"), "the pipeline has its folder")
    boxes = list(day.lab.glob("runs/app/**/outbox.jsonl"))

    async def told() -> bool:
        return any(b'"kind":"end"' in box.read_bytes() for box in boxes)

    await until(told, "the pipeline ends by itself")
    await day.server.start()
    before = await _heard(day)
    await day.wire.plug(True, loss=0.3)

    async def more() -> bool:
        return await _heard(day) > before

    await until(more, "something comes through", seconds=90)
    await day.wire.plug(True)


async def _heard(day: Day) -> int:
    """How much the server knows of both jobs."""
    jobs = [await day.get(f"/jobs/{job['id']}") for job in await day.jobs()]
    return sum(len(job["jobstates"]) for job in jobs)


async def _assert_whole(day: Day) -> None:
    jobs = {job["name"]: await day.get(f"/jobs/{job['id']}") for job in await day.jobs()}
    assert sorted(jobs) == ["app", "leased"]
    for name, job in jobs.items():
        assert job["status"] == "success"
        kinds = {(one["type"], one["version"]) for one in job["components"]}
        assert kinds == {("build", "1"), ("app", "v1")}, name
    assert [one["status"] for one in jobs["app"]["jobstates"]] == [
        "new", "pre-run", "running", "success",
    ]  # fmt: skip
    tasks = ["TASK [begin]", "TASK [long]", "TASK [test_ring]"]
    assert await _tasks(day, jobs["app"]) == {"pre-run": ["TASK [sources]"], "running": tasks}
    assert await _tasks(day, jobs["leased"]) == {
        "pre-run": ["TASK [pre-run hook]", "TASK [look whether the lab is free]"],
        "running": ["TASK [sources]", *tasks],
    }
    leased = f"/jobs/{jobs['leased']['id']}"
    attempts = await day.get(f"{leased}/attempts")
    assert [one["outcome"] for one in attempts] == ["released", "finished"]
    log = (await day.http.get(f"{leased}/log/raw")).text
    lines = [line for line in log.splitlines() if line.startswith("line ")]
    assert lines == [f"line {n}" for n in range(1, 9)]
    for job in jobs.values():
        cases = await day.get(f"/jobs/{job['id']}/tests")
        assert [one["outcome"] for one in cases if one["name"] == "test_ring"] == ["passed"]
    found = verify(day.lab / "agent")
    assert [(one.state, one.problems) for one in found] == [("released", []), ("passed", [])]


async def _tasks(day: Day, job: dict[str, Any]) -> dict[str, list[str]]:
    """Names of the tasks below the states of a job, in their order."""
    found: dict[str, list[str]] = {}
    for state in await day.get(f"/jobs/{job['id']}/jobstates", limit="50", offset="0"):
        files = sorted(state["files"], key=lambda file: file["created_at"])
        if names := [file["name"] for file in files]:
            found[state["status"]] = names
    return found
