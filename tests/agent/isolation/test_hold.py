"""Held jobs: the lab keeps what they left, in its slot, until it is let go; then it tears down.
Also over a restart."""

import asyncio
import json
from collections.abc import AsyncIterator, Callable
from pathlib import Path
from typing import Any

import pytest

from ringtest.agent.attempt import prune
from ringtest.agent.isolation import holding
from ringtest.agent.isolation.held import HELD
from ringtest.agent.service import Agent
from ringtest.agent.settings import AgentSettings
from tests.agent.conftest import Answer, FakeJob, FakeServer

HOLD = {"after": "failure", "hours": 2}


class HoldingServer(FakeServer):
    """A server that knows holds; `held` has what labs told of each job."""

    def __init__(self) -> None:
        super().__init__()
        self.held: dict[str, dict[str, Any]] = {}
        self.archived: set[str] = set()

    def _handle(self, method: str, path: str, headers: dict[str, str], body: bytes) -> Answer:
        job_id, _, what = path.strip("/").removeprefix("jobs/").partition("/")
        if what not in ("hold", "holds"):
            return super()._handle(method, path, headers, body)
        self.requests.append(f"{method} {path}")
        if job_id in self.archived:
            return 404, {"message": "job not found"}
        if method == "POST":
            self.held.setdefault(job_id, {"is_held": True, **json.loads(body)})
            return 201, {"hold": self.held[job_id]}
        return 200, {"holds": [self.held[job_id]] if job_id in self.held else []}


@pytest.fixture
async def server(monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[HoldingServer]:
    """A started server, asked often whether a hold lasts."""
    monkeypatch.setattr(holding, "LOOK_SECONDS", 0.05)
    fake = HoldingServer()
    await fake.start()
    yield fake
    await fake.stop()
    assert fake.violations == []


def folder_of(settings: AgentSettings, job: FakeJob) -> Path:
    return settings.data / "jobs" / f"{job.id}.1"


async def test_failed_job_is_held_in_its_slot_until_it_is_released(
    server: HoldingServer, agent: Agent, settings: AgentSettings, spec: Callable[..., Any]
) -> None:
    box = {"kind": "bubblewrap"}
    job = server.add_job(spec("echo seen > ~/note; false", isolation=box, hold=HOLD))
    await server.until(lambda: job.id in server.held)
    told = server.held[job.id]
    assert job.end()["result"] == "failed"
    assert told["hours"] == 2 and told["attempt"] == 1 and told["shell"].startswith("sh /")
    inside = await asyncio.create_subprocess_exec(
        *("sh", "-c", f"echo 'cat ~/note' | {told['shell']}"), stdout=asyncio.subprocess.PIPE
    )
    assert (await inside.communicate())[0] == b"seen\n"
    following = server.add_job(spec("true"))
    looks = len(server.requests)
    await server.until(lambda: len(server.requests) > looks + 3)
    assert following.phase == "queued"
    told["is_held"] = False
    await server.until(lambda: following.phase == "finished")
    folder = folder_of(settings, job)
    assert not (folder / "enter").exists()
    assert not (folder / HELD).exists() and not (folder / "home").exists()


async def test_hold_is_over_when_its_job_was_archived(
    server: HoldingServer, agent: Agent, spec: Callable[..., Any]
) -> None:
    job = server.add_job(spec("false", hold=HOLD))
    await server.until(lambda: job.id in server.held)
    following = server.add_job(spec("true"))
    server.archived.add(job.id)
    await server.until(lambda: following.phase == "finished")


async def test_passed_job_is_held_only_if_it_is_wanted(
    server: HoldingServer, agent: Agent, spec: Callable[..., Any]
) -> None:
    plain = server.add_job(spec("true", hold=HOLD))
    await server.until(lambda: plain.phase == "finished")
    always = server.add_job(spec("true", hold={"after": "always"}))
    await server.until(lambda: always.id in server.held)
    assert plain.id not in server.held
    server.held[always.id]["is_held"] = False


async def test_hold_outlives_the_agent_and_keeps_its_slot(
    server: HoldingServer, settings: AgentSettings, spec: Callable[..., Any]
) -> None:
    first = Agent(settings)
    running = asyncio.create_task(first.run())
    teardown = {"teardown": [{"run": "mv file given-back; echo of $RINGTEST_JOB_ID"}]}
    job = server.add_job(spec("echo kept > file; false", hold=HOLD, stages=teardown))
    await server.until(lambda: job.id in server.held)
    first.stop()
    await asyncio.wait_for(running, 20)
    folder = folder_of(settings, job)
    assert (folder / HELD).exists() and (folder / "work/file").read_text() == "kept\n"

    second = Agent(settings)
    running = asyncio.create_task(second.run())
    following = server.add_job(spec("true"))
    looks = len(server.requests)
    await server.until(lambda: len(server.requests) > looks + 3)
    assert following.phase == "queued"
    server.held[job.id]["is_held"] = False
    await server.until(lambda: following.phase == "finished")
    second.stop()
    await asyncio.wait_for(running, 20)
    assert not (folder / HELD).exists()
    assert (folder / "work/given-back").read_text() == "kept\n"
    printed = [json.loads(line) for line in (folder / "teardown.jsonl").read_text().splitlines()]
    assert [one["status"] for one in printed if one["kind"] == "stage"] == ["running", "passed"]


async def test_held_folder_is_not_tidied_away(
    server: HoldingServer, settings: AgentSettings, spec: Callable[..., Any]
) -> None:
    agent = Agent(settings)
    running = asyncio.create_task(agent.run())
    job = server.add_job(spec("false", hold=HOLD))
    await server.until(lambda: job.id in server.held)
    prune(settings.data / "jobs", keep_jobs=0, keep_failed=0)
    assert folder_of(settings, job).is_dir()
    agent.stop()
    await asyncio.wait_for(running, 20)
