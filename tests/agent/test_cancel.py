"""A job of a server that people stop in whatever stage: it ends cancelled, once, and leaves
nothing."""

import os
from collections import Counter
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from ringtest.agent import proc
from ringtest.agent.definitions.model import STAGES, StageName

Spec = Callable[..., dict[str, Any]]

FAMILY = """
setsid sh -c 'echo $$ > escaped; exec sleep 1000' &
sh -c '(setsid sh -c "echo \\$\\$ > orphan; exec sleep 1000" &)'
until test -s escaped -a -s orphan; do sleep 0.01; done
echo ready
"""


@pytest.mark.parametrize("told", ["by event", "by answer"])
@pytest.mark.parametrize("stage", STAGES)
async def test_a_job_stopped_in_any_stage_ends_cancelled_once_and_leaves_nothing(
    server: Any, agent: Any, spec: Spec, settings: Any, tmp_path: Path, stage: StageName, told: str
) -> None:
    gate = tmp_path / "gate"
    os.mkfifo(gate)
    last = stage in ("collect", "teardown")  # what these give back they give back to the end
    stages: dict[str, Any] = {one: [{"run": f"echo {one}"}] for one in STAGES}
    stages[stage] = [{"run": FAMILY + (f"cat {gate}" if last else "wait")}]
    job = server.add_job(spec(stages=stages), heartbeat_seconds=0.1)
    await server.until(lambda: job.printed().endswith(b"ready\n"))
    work = settings.data / "jobs" / f"{job.id}.1" / "work"
    pids = [int((work / name).read_text()) for name in ("escaped", "orphan")]
    assert all(proc.process(pid) for pid in pids)
    job.cancel = told == "by answer"
    if told == "by event":
        server.cancel_by_event(job)
    if last:
        heard = job.heartbeats
        await server.until(lambda: job.heartbeats > heard + 1)
        gate.write_text("")
    await server.until(lambda: job.phase == "finished")
    assert Counter(record["kind"] for record in job.records[1])["finish"] == 1
    assert (job.attempt, job.end()["result"]) == (1, "cancelled")
    assert not any(proc.process(pid) for pid in pids)
    ended = dict(job.stages())
    after = STAGES[STAGES.index(stage) + 1 :]
    assert [ended[one] for one in after if one in ("prepare", "test")] == [
        "skipped" for one in after if one in ("prepare", "test")
    ]
    printed = job.printed().decode().splitlines()
    assert [one for one in ("collect", "teardown") if one != stage and one not in printed] == []
    folder = settings.data / "jobs" / f"{job.id}.1"
    assert not (folder / "tmp").exists() and not list((settings.data / "claiming").iterdir())
