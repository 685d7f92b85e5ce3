"""Whatever happens on the way, every log byte arrives exactly once and in order."""

import asyncio
import os
from collections.abc import Callable
from typing import Any

import pytest

from ringtest.agent import delivery, proc, uploader, worker
from ringtest.client import Backoff

Spec = Callable[..., dict[str, Any]]
LINES = b"".join(b"%d\n" % n for n in range(1, 20_001))
TALK = "for i in $(seq 1 20); do seq $((i * 1000 - 999)) $((i * 1000)); sleep 0.02; done"


class Impatient(Backoff):
    """Waits as the real one does, in the same order, but hardly at all."""

    def next(self) -> float:
        return super().next() / 100


@pytest.fixture(autouse=True)
def short_waits(monkeypatch: pytest.MonkeyPatch) -> None:
    for module in (uploader, delivery, worker):
        monkeypatch.setattr(module, "Backoff", Impatient)


@pytest.mark.parametrize("seed", range(3))
async def test_a_third_of_the_requests_fails_and_nothing_is_lost_or_doubled(
    server: Any, agent: Any, spec: Spec, faults: Any, seed: int
) -> None:
    server.fault = faults(0.3, seed=seed)
    job = server.add_job(spec(TALK, "echo x > a", artifacts=[{"path": "a"}]))
    await server.until(lambda: job.phase == "finished")
    assert job.printed() == LINES
    assert len(job.collected()) == 1
    assert job.attempt == 1


async def test_every_first_reply_is_dropped_and_nothing_is_doubled(
    server: Any, agent: Any, spec: Spec
) -> None:
    turn = iter(range(10**6))
    server.fault = lambda method, path: "drop" if method == "POST" and next(turn) % 2 == 0 else None
    job = server.add_job(spec(TALK, "echo x > a", artifacts=[{"path": "a"}]))
    await server.until(lambda: job.phase == "finished")
    assert job.printed() == LINES
    assert len(job.collected()) == 1


async def test_a_file_that_was_on_its_way_when_its_connection_broke_changes_nothing_later(
    server: Any, agent: Any, spec: Spec
) -> None:
    turn = iter(range(10**6))

    def fault(method: str, path: str) -> str | None:
        return "late" if path.endswith("/files") and next(turn) % 2 == 0 else None

    server.fault = fault
    artifacts = [{"path": "a"}, {"path": "b"}]
    job = server.add_job(spec("echo x > a; echo y > b", artifacts=artifacts))
    await server.until(lambda: job.phase == "finished")
    there = dict(job.files)
    assert sorted(file["name"] for file in job.collected()) == ["a", "b"]
    assert set(server.take_late()) == {201}
    assert job.files == there


async def test_the_end_waits_for_every_file(server: Any, agent: Any, spec: Spec) -> None:
    tries = iter(range(6))

    def fault(method: str, path: str) -> str | None:
        return "late" if path.endswith("/files") and next(tries, None) is not None else None

    server.fault = fault
    job = server.add_job(spec("echo x > a", artifacts=[{"path": "a"}]))
    await server.until(lambda: len(server.late) == 6)
    assert (job.phase, job.files) == ("running", {})
    await server.until(lambda: job.phase == "finished")
    assert [file["content"] for file in job.collected()] == [b"x\n"]


async def test_a_server_that_is_down_is_outlived(
    server: Any, agent: Any, spec: Spec, tmp_path: Any
) -> None:
    gate, over = tmp_path / "gate", tmp_path / "over"
    os.mkfifo(gate)
    os.mkfifo(over)
    run = f"echo before; cat {gate}; seq 1 20000; echo > {over}"
    job = server.add_job(spec(run))
    await server.until(lambda: job.printed() == b"before\n")
    await server.stop()
    await asyncio.to_thread(gate.write_text, "")
    await asyncio.to_thread(over.read_text)
    await server.start()
    await server.until(lambda: job.phase == "finished")
    assert job.printed() == b"before\n" + LINES
    assert job.attempt == 1


async def test_a_gap_is_filled_from_where_the_server_says(
    server: Any, agent: Any, spec: Spec, tmp_path: Any
) -> None:
    gate = tmp_path / "gate"
    os.mkfifo(gate)
    job = server.add_job(spec(f"seq 1 10000; cat {gate}; seq 10001 20000"))
    await server.until(lambda: len(job.printed()) > 40_000)
    del job.records[1][2:]  # a server restored from yesterday's backup
    await asyncio.to_thread(gate.write_text, "")
    await server.until(lambda: job.phase == "finished")
    assert job.printed() == LINES


async def test_a_lost_job_is_stopped_and_its_log_still_arrives(
    server: Any, agent: Any, spec: Spec, tmp_path: Any
) -> None:
    pid = tmp_path / "pid"
    job = server.add_job(spec(f"echo begun; echo $$ > {pid}; sleep 1000"), heartbeat_seconds=0.1)
    await server.until(lambda: job.printed() == b"begun\n")
    job.fenced = True
    await server.until(lambda: job.stages()[-1:] == [("test", "skipped")])
    assert not alive(pid)
    assert "finish" not in {record["kind"] for record in job.records[1]}


def alive(pid_file: Any) -> bool:
    return proc.process(int(pid_file.read_text())) is not None


async def test_a_job_that_went_to_another_agent_and_back_is_run_again(
    server: Any, agent: Any, spec: Spec
) -> None:
    job = server.add_job(spec("test $RINGTEST_ATTEMPT = 1 && sleep 1000; echo $RINGTEST_ATTEMPT"))
    await server.until(lambda: ("test", "running") in stage_states(job))
    server.pass_on(job)
    await server.until(lambda: job.phase == "finished")
    assert job.stages(1)[-1] == ("test", "skipped")
    assert job.printed(3) == b"3\n"


def stage_states(job: Any) -> list[tuple[str, str]]:
    return [(record["stage"], record["status"]) for record in job.kinds("stage")]


async def test_a_job_that_the_server_forgot_is_stopped(server: Any, agent: Any, spec: Spec) -> None:
    job = server.add_job(spec("sleep 1000"), heartbeat_seconds=0.1)
    other = server.add_job(spec("echo next"))
    await server.until(lambda: ("test", "running") in stage_states(job))
    del server.jobs[job.id]
    await server.until(lambda: other.phase == "finished")


async def test_a_refused_key_keeps_the_journal_until_the_key_works(
    server: Any, agent: Any, spec: Spec
) -> None:
    job = server.add_job(spec("sleep 0.2; seq 1 20000"))
    await server.until(lambda: ("test", "running") in stage_states(job))
    refused = iter(range(5))
    server.fault = lambda method, path: 401 if next(refused, None) is not None else None
    await server.until(lambda: job.phase == "finished")
    assert job.printed() == LINES
