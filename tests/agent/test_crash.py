"""The agent process is killed without warning; the next one puts everything in order."""

import asyncio
import base64
import json
import os
import signal
import sys
from collections.abc import AsyncIterator, Awaitable, Callable
from pathlib import Path
from typing import Any

import pytest

from ringtest.agent import proc

Spec = Callable[..., dict[str, Any]]
Launch = Callable[[], Awaitable[asyncio.subprocess.Process]]


@pytest.fixture
async def launch(settings: Any) -> AsyncIterator[Launch]:
    """Start the real agent process on the test's data folder."""
    started = []

    async def start() -> asyncio.subprocess.Process:
        process = await asyncio.create_subprocess_exec(
            *(sys.executable, "-m", "ringtest.cli.main", "agent", "--data", str(settings.data)),
            *("--server", settings.server, "--id", settings.client_id, "--label", "lab"),
            env={**os.environ, "DCI_API_SECRET": settings.api_secret},
        )
        started.append(process)
        return process

    yield start
    for process in started:
        if process.returncode is None:
            process.kill()
        await process.wait()


def journal_bytes(settings: Any, job: Any, attempt: int) -> bytes:
    """The log as the agent wrote it to its disk."""
    path = Path(settings.data) / "jobs" / f"{job.id}.{attempt}" / "journal.jsonl"
    records = [json.loads(line) for line in path.read_bytes().splitlines()]
    return b"".join(base64.b64decode(r["data"]) for r in records if r["kind"] == "log")


@pytest.mark.parametrize("killed_after", [1, 20_000])
async def test_a_killed_agent_loses_no_byte_and_its_job_is_run_again(
    server: Any, launch: Launch, spec: Spec, settings: Any, killed_after: int
) -> None:
    talk = "i=0; while test $i -lt 20000; do i=$((i + 1)); echo $i; done; sleep 1000 & wait"
    job = server.add_job(spec(f"test $RINGTEST_ATTEMPT = 1 || exec seq 1 20000; {talk}"))
    first = await launch()
    await server.until(lambda: len(job.printed()) >= killed_after)
    first.kill()
    await first.wait()
    second = await launch()
    await server.until(lambda: job.phase == "finished")
    assert job.log(1) == journal_bytes(settings, job, 1)
    numbers = [int(line) for line in job.printed(1).splitlines()]
    assert numbers == list(range(1, len(numbers) + 1))
    assert job.end(1)["kind"] == "release"
    assert job.printed(2) == b"".join(b"%d\n" % n for n in range(1, 20_001))
    assert job.end(2)["result"] == "passed"
    second.send_signal(signal.SIGTERM)
    assert await asyncio.wait_for(second.wait(), 10) == 0


async def test_a_killed_agents_processes_die_with_it(
    server: Any, launch: Launch, spec: Spec, settings: Any
) -> None:
    family = (
        "setsid sh -c 'echo $$ > a; exec sleep 1000' & (setsid sh -c 'echo $$ > b; sleep 1000' &)"
    )
    ready = "until test -s a -a -s b; do sleep 0.01; done; echo ready; wait"
    job = server.add_job(spec(f"test $RINGTEST_ATTEMPT = 1 || exit 0; {family}; {ready}"))
    first = await launch()
    await server.until(lambda: job.printed() == b"ready\n")
    work = Path(settings.data) / "jobs" / f"{job.id}.1" / "work"
    pids = [int((work / name).read_text()) for name in "ab"]
    assert all(proc.process(pid) for pid in pids)
    first.kill()
    await first.wait()
    await launch()
    await server.until(lambda: job.attempt == 2)
    assert not any(proc.process(pid) for pid in pids)


async def test_a_torn_journal_is_mended_and_reported(
    server: Any, launch: Launch, spec: Spec, settings: Any
) -> None:
    job = server.add_job(spec("test $RINGTEST_ATTEMPT = 1 || exit 0; echo begun; sleep 1000"))
    first = await launch()
    await server.until(lambda: job.printed() == b"begun\n")
    first.kill()
    await first.wait()
    path = Path(settings.data) / "jobs" / f"{job.id}.1" / "journal.jsonl"
    with path.open("ab") as journal:
        journal.write(b'{"seq":99,"at":"2026-')
    await launch()
    await server.until(lambda: job.phase == "finished")
    assert job.log(1) == journal_bytes(settings, job, 1)
    assert job.end(1)["kind"] == "release"


async def test_an_outcome_that_could_not_be_told_is_told_by_the_next_agent(
    server: Any, launch: Launch, spec: Spec, settings: Any
) -> None:
    server.fault = lambda method, path: "refuse" if path.endswith("/files") else None
    job = server.add_job(spec("echo x > a; echo done", artifacts=[{"path": "a"}]))
    first = await launch()
    await server.until(lambda: ("collect", "passed") in job.stages())
    outcome = Path(settings.data) / "jobs" / f"{job.id}.1" / "outcome.json"
    await server.until(outcome.exists)
    first.kill()
    await first.wait()
    server.fault = lambda method, path: None
    await launch()
    await server.until(lambda: job.phase == "finished")
    assert job.attempt == 1
    assert job.end()["result"] == "passed"
    assert [file["content"] for file in job.collected()] == [b"x\n"]


async def test_a_claim_whose_reply_never_came_is_asked_for_again(
    server: Any, launch: Launch, spec: Spec
) -> None:
    server.fault = lambda method, path: "drop" if path.endswith("/claim") else None
    job = server.add_job(spec("echo once"))
    first = await launch()
    await server.until(lambda: job.phase == "running")
    first.kill()
    await first.wait()
    server.fault = lambda method, path: None
    await launch()
    await server.until(lambda: job.phase == "finished")
    assert (job.attempt, job.printed()) == (1, b"once\n")


async def test_two_agents_never_share_a_data_folder(
    server: Any, launch: Launch, spec: Spec
) -> None:
    job = server.add_job(spec("true"))
    await launch()
    await server.until(lambda: job.phase == "finished")
    second = await launch()
    assert await asyncio.wait_for(second.wait(), 10) == 2


async def test_a_record_that_only_the_server_has_does_not_swallow_the_end(
    server: Any, launch: Launch, spec: Spec, settings: Any
) -> None:
    job = server.add_job(spec("test $RINGTEST_ATTEMPT = 1 || exit 0; seq 3; sleep 1000"))
    first = await launch()
    await server.until(lambda: job.printed() == b"1\n2\n3\n")
    first.kill()
    await first.wait()
    path = Path(settings.data) / "jobs" / f"{job.id}.1" / "journal.jsonl"
    lines = path.read_bytes().splitlines(keepends=True)
    path.write_bytes(b"".join(lines[:-2]))  # a power cut took what was not on the disk yet
    await launch()
    await server.until(lambda: job.phase == "finished")
    assert job.end(1)["kind"] == "release"
    assert job.attempt == 2


async def test_a_damaged_journal_is_told_of_and_its_rest_is_kept(
    server: Any, launch: Launch, spec: Spec, settings: Any
) -> None:
    job = server.add_job(spec("test $RINGTEST_ATTEMPT = 1 || exit 0; echo begun; sleep 1000"))
    first = await launch()
    await server.until(lambda: job.printed() == b"begun\n")
    first.kill()
    await first.wait()
    path = Path(settings.data) / "jobs" / f"{job.id}.1" / "journal.jsonl"
    path.write_bytes(path.read_bytes().replace(b'"running"', b'"skipped"', 1))
    await launch()
    await server.until(lambda: job.phase == "finished")
    assert b"the journal was damaged" in job.log(1)
    assert path.with_name("journal.jsonl.damaged").read_bytes().count(b'"skipped"') == 1
