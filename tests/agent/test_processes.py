"""No process of a job outlives it: not its grandchildren, not what left its session."""

import asyncio
import json
import os
import signal
from collections.abc import AsyncIterator, Callable
from pathlib import Path
from typing import Any

import pytest

from ringtest.agent import proc
from ringtest.agent.output import Output
from ringtest.agent.processes import GuardLost, JobProcesses, kill_leftovers

Spec = Callable[..., dict[str, Any]]

FAMILY = """
sh -c 'echo $$ > child; sh -c "echo \\$\\$ > grandchild; sleep 1000; true"; true' &
setsid sh -c 'echo $$ > escaped; exec sleep 1000' &
sh -c '(setsid sh -c "echo \\$\\$ > orphan; exec sleep 1000" &)'
until test -s child -a -s grandchild -a -s escaped -a -s orphan; do sleep 0.01; done
echo ready
"""
MEMBERS = ("child", "grandchild", "escaped", "orphan")


def living(folder: Path) -> list[str]:
    """Members of the family that still run."""
    pids = {name: int((folder / name).read_text()) for name in MEMBERS}
    return [name for name, pid in pids.items() if proc.process(pid)]


def work_folder(settings: Any, job: Any) -> Path:
    return Path(settings.data) / "jobs" / f"{job.id}.1" / "work"


@pytest.mark.parametrize("way", ["event", "answer"])
async def test_cancel_kills_grandchildren_and_whoever_left_the_session(
    server: Any, agent: Any, spec: Spec, settings: Any, way: str
) -> None:
    collect = {"collect": [{"run": "echo collected"}]}
    job = server.add_job(spec(FAMILY + "wait", stages=collect), heartbeat_seconds=0.1)
    await server.until(lambda: job.printed() == b"ready\n")
    folder = work_folder(settings, job)
    assert living(folder) == list(MEMBERS)
    if way == "event":
        server.cancel_by_event(job)
    else:
        job.cancel = True
    await server.until(lambda: job.phase == "finished")
    assert living(folder) == []
    assert job.end()["result"] == "cancelled"
    assert job.printed().endswith(b"collected\n")
    assert job.stages() == [("prepare", "passed"), ("test", "skipped"), ("collect", "passed")]


async def test_who_ignores_the_polite_signal_is_killed(
    server: Any, agent: Any, spec: Spec, settings: Any
) -> None:
    job = server.add_job(spec("trap '' TERM; echo ready; while true; do sleep 1000; done"))
    await server.until(lambda: job.printed() == b"ready\n")
    server.cancel_by_event(job)
    await server.until(lambda: job.phase == "finished")
    assert job.end()["result"] == "cancelled"


async def test_what_a_step_leaves_in_the_background_serves_the_next_and_ends_with_the_job(
    server: Any, agent: Any, spec: Spec, settings: Any
) -> None:
    job = server.add_job(spec(FAMILY, "kill -0 $(cat child) && echo still there"))
    await server.until(lambda: job.phase == "finished")
    assert job.printed() == b"ready\nstill there\n"
    assert living(work_folder(settings, job)) == []


async def test_a_flood_from_the_background_holds_up_no_step(
    server: Any, agent: Any, spec: Spec
) -> None:
    job = server.add_job(spec("yes > /dev/stdout & yes &", "echo done"))
    await server.until(lambda: job.phase == "finished")
    assert b"done\n" in job.printed()


async def test_a_stopping_agent_gives_its_job_back_within_seconds(
    server: Any, agent: Any, spec: Spec, settings: Any
) -> None:
    job = server.add_job(spec(FAMILY + "wait"))
    await server.until(lambda: job.printed() == b"ready\n")
    agent.stop()
    await server.until(lambda: job.phase == "queued", seconds=5)
    assert job.end() == job.kinds("release")[0]
    assert job.end()["reason"] == "the agent was stopped"
    assert living(work_folder(settings, job)) == []


class Printed:
    """What a job's commands print, without a server."""

    def __init__(self) -> None:
        self.text = b""
        self.ready = asyncio.Event()
        self.pipe = Output(self._take, on_error=lambda error: None)

    def _take(self, data: bytes) -> None:
        self.text += data
        if b"ready" in self.text:
            self.ready.set()


@pytest.fixture
async def printed() -> AsyncIterator[Printed]:
    output = Printed()
    yield output
    output.pipe.close()


async def start(printed: Printed, folder: Path) -> JobProcesses:
    return await JobProcesses.start(folder / "processes.json", printed.pipe.write_end)


async def run_family(processes: JobProcesses, folder: Path) -> int:
    env = {"PATH": os.environ["PATH"]}
    return await processes.run(["/bin/sh", "-c", FAMILY + "wait"], cwd=folder, env=env)


async def test_a_killed_guard_takes_the_jobs_processes_along(
    tmp_path: Path, printed: Printed
) -> None:
    processes = await start(printed, tmp_path)
    running = asyncio.ensure_future(run_family(processes, tmp_path))
    await asyncio.wait_for(printed.ready.wait(), 20)
    os.kill(guard_pid(tmp_path), signal.SIGKILL)
    with pytest.raises(GuardLost):
        await running
    await processes.close(grace=1)
    assert living(tmp_path) == []


async def test_leftovers_of_a_killed_agent_are_found_by_pid_and_cookie(
    tmp_path: Path, printed: Printed
) -> None:
    processes = await start(printed, tmp_path)
    running = asyncio.ensure_future(run_family(processes, tmp_path))
    await asyncio.wait_for(printed.ready.wait(), 20)
    os.kill(guard_pid(tmp_path), signal.SIGKILL)  # as when agent and guard die together
    await asyncio.gather(running, return_exceptions=True)
    await asyncio.to_thread(kill_leftovers, tmp_path / "processes.json")
    assert living(tmp_path) == []
    await processes.close(grace=0)


def guard_pid(folder: Path) -> int:
    return int(json.loads((folder / "processes.json").read_text())["pid"])


async def test_a_command_that_cannot_start_says_why(tmp_path: Path, printed: Printed) -> None:
    processes = await start(printed, tmp_path)
    assert await processes.run(["/no/such"], cwd=tmp_path, env={}) == 127
    printed.pipe.drain()
    assert b"cannot start /no/such" in printed.text
    await processes.close(grace=0)


async def test_a_record_of_another_boot_kills_nobody(tmp_path: Path) -> None:
    record = tmp_path / "processes.json"
    record.write_text('{"pid": 1, "started": 0, "boot": "another", "cookie": ""}')
    assert kill_leftovers(record) == 0
    record.write_text("torn{")
    assert kill_leftovers(record) == 0
