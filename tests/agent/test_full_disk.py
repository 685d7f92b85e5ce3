"""A disk that fails in the middle of writes, or is full for a while: every byte is accounted for,
every job is told to its end."""

import errno
import os
import random
import re
from collections.abc import Callable, Iterator
from typing import Any

import pytest

from ringtest.agent import attempt, delivery, uploader, worker
from ringtest.agent.verifying import verify
from ringtest.client import Backoff
from tests.scenario.disks import Disk, mounted

Spec = Callable[..., dict[str, Any]]
SEEDS = range(60 if os.environ.get("RINGTEST_SOAK") else 2)
PRINTED = b"".join(b"%d\n" % number for number in range(1, 5001))
TALK = "for n in 1 2 3 4 5; do seq $((n * 1000 - 999)) $((n * 1000)); sleep 0.02; done"
_MARK = re.compile(rb"\[ringtest\] ([0-9]+) bytes of output are left out here: the disk is full\n")
_OWN = re.compile(rb"(?m)^\[ringtest\] (?![0-9]+ bytes of output).*\n")


class Impatient(Backoff):
    """Waits as the real one does, in the same order, but hardly at all."""

    def next(self) -> float:
        return super().next() / 100


@pytest.fixture(autouse=True)
def short_waits(monkeypatch: pytest.MonkeyPatch) -> None:
    for module in (uploader, delivery, worker):
        monkeypatch.setattr(module, "Backoff", Impatient)


def _disk(settings: Any, seed: int) -> Disk:
    return Disk(settings.data / "jobs", random.Random(seed))


@pytest.fixture
def disk(settings: Any, request: pytest.FixtureRequest) -> Iterator[Disk]:
    """That of the agent's jobs, in trouble before it starts."""
    made = _disk(settings, getattr(request, "param", 0))
    with mounted([made]):
        yield made


def accounted(log: bytes) -> bool:
    """What is kept stands in its place, and what is missing is as much as the log says."""
    at = 0
    parts = _MARK.split(_OWN.sub(b"", log))
    for kept, missing in zip(parts[::2], [*parts[1::2], b"0"], strict=True):
        assert PRINTED[at : at + len(kept)] == kept
        at += len(kept) + int(missing)
    return at == len(PRINTED)


@pytest.mark.parametrize("disk", SEEDS, indirect=True)
async def test_writes_that_fail_cost_marked_text_at_most(
    disk: Disk, server: Any, agent: Any, spec: Spec, settings: Any
) -> None:
    disk.trouble = 0.35
    job = server.add_job(spec(TALK, "exit 3"))
    await server.until(lambda: job.phase == "finished")
    assert disk.failures
    assert job.end(job.attempt)["result"] == "failed"
    assert accounted(job.log(job.attempt))
    for earlier in range(1, job.attempt):
        assert job.end(earlier)["kind"] == "release"
    assert [problem for one in verify(settings.data) for problem in one.problems] == []


async def test_a_disk_that_is_full_at_the_end_keeps_it_until_there_is_room(
    disk: Disk, server: Any, agent: Any, spec: Spec, monkeypatch: pytest.MonkeyPatch
) -> None:
    refused = iter(range(4))
    write = attempt.write_durably

    def full(path: Any, data: bytes) -> None:
        if path.name == "outcome.json" and next(refused, None) is not None:
            raise OSError(errno.ENOSPC, "no space left on device")
        write(path, data)

    monkeypatch.setattr(attempt, "write_durably", full)
    job = server.add_job(spec("echo done"))
    await server.until(lambda: job.phase == "finished")
    assert next(refused, None) is None
    assert (job.attempt, job.end()["result"]) == (1, "passed")


async def test_a_journal_without_any_room_tells_the_end_once_it_has_some(
    disk: Disk, server: Any, agent: Any, spec: Spec
) -> None:
    job = server.add_job(spec("echo begun; test $RINGTEST_ATTEMPT != 1 || sleep 1000"))
    await server.until(lambda: job.printed() == b"begun\n")
    disk.trouble = 1.0
    server.cancel_by_event(job)
    await server.until(lambda: disk.failures > 5)
    assert job.phase == "running"
    disk.trouble = 0.0
    await server.until(lambda: job.end()["kind"] in ("release", "finish"))
