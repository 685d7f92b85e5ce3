"""Without room a log loses its middle, says so, and nothing else is lost."""

import asyncio
import base64
import errno
import json
import os
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import msgspec
import pytest

from ringtest.agent.attempt import Attempt
from ringtest.agent.budget import Budget
from ringtest.agent.journal import RESERVE_BYTES, Journal
from ringtest.agent.protocol import Claim
from ringtest.agent.service import Agent
from ringtest.agent.settings import AgentSettings
from ringtest.agent.thinning import TAIL_BYTES, LogWriter, printed

LINES = [b"line %d\n" % number for number in range(20_000)]


class Disk:
    """Takes `room` bytes of journals, and what was laid by once that was given back."""

    def __init__(self, folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
        self._reserve = folder / "reserve"
        self._write, self._allocate = os.pwrite, os.posix_fallocate
        self.room = 10**9
        self._given_back = False
        monkeypatch.setattr(os, "pwrite", self.write)
        monkeypatch.setattr(os, "posix_fallocate", self.allocate)

    def write(self, fd: int, data: Any, offset: int) -> int:
        if not self._reserve.exists() and not self._given_back:
            self._given_back = True
            self.room += RESERVE_BYTES
        if self.room < len(data):
            raise OSError(errno.ENOSPC, "no space left on device")
        self.room -= len(data)
        return self._write(fd, data, offset)

    def allocate(self, fd: int, offset: int, size: int) -> None:
        if self.room < size:
            raise OSError(errno.ENOSPC, "no space left on device")
        self.room -= size
        self._allocate(fd, offset, size)
        self._given_back = False


def log_of(path: Path) -> bytes:
    records = [json.loads(line) for line in path.read_bytes().splitlines()]
    return b"".join(base64.b64decode(r["data"]) for r in records if r["kind"] == "log")


def assert_thinned(log: bytes, why: str) -> None:
    """The beginning and the end are there, whole lines; what is missing is as much as is said."""
    before, mark, after = log.partition(b"[ringtest] ")
    told, _, tail = after.partition(b"\n")
    assert mark
    assert told.endswith(why.encode())
    assert int(told.split()[0]) == sum(map(len, LINES)) - len(before) - len(tail)
    text = b"".join(LINES)
    assert text.startswith(before)
    assert before.endswith(b"\n")
    assert text.endswith(b"\n" + tail)
    assert TAIL_BYTES // 2 < len(tail) <= TAIL_BYTES


def test_a_full_disk_costs_the_middle_of_a_log_and_no_end_of_a_stage(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    disk = Disk(tmp_path, monkeypatch)
    journal = Journal(tmp_path / "j", reserve=True)
    writer = LogWriter(journal)
    disk.room = 60_000
    for line in LINES:
        writer.write("test", line)
    writer.end_gap()
    journal.append("stage", stage="test", status="passed")
    journal.append("finish", result="passed")
    journal.close()
    assert_thinned(log_of(tmp_path / "j"), "the disk is full")
    again = Journal(tmp_path / "j")
    assert (again.last_kind, again.damage) == ("finish", "")


def test_a_disk_that_has_room_again_takes_the_log_again(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    disk = Disk(tmp_path, monkeypatch)
    journal = Journal(tmp_path / "j", reserve=True)
    writer = LogWriter(journal)
    writer.write("test", b"first\n")
    disk.room = 10
    writer.write("test", b"second\n")
    disk.room = 10**6
    writer.write("test", b"third\n")
    assert log_of(tmp_path / "j") == b"first\nsecond\nthird\n"  # what is held is not missing


def test_a_budget_costs_the_middle_of_a_log(tmp_path: Path) -> None:
    (tmp_path / "jobs").mkdir()
    budget = Budget(tmp_path / "jobs", 30_000 / 2**30)
    assert budget.make_room()
    journal = Journal(tmp_path / "j")
    writer = LogWriter(journal, budget.why_no_room)
    for line in LINES:
        writer.write("test", line)
    writer.end_gap()
    assert_thinned(log_of(tmp_path / "j"), "GiB is used up")


def attempt_of(jobs: Path, number: int, *, done: str | None) -> Path:
    claim = Claim({"id": f"job-{number}"}, 1, "token")
    attempt = Attempt.create(jobs, claim, msgspec.json.encode(claim))
    (attempt.work / "big").write_bytes(os.urandom(1 << 20))
    if done:
        attempt.done = done
    os.utime(attempt.folder, (number, number))
    return attempt.folder


def test_reported_attempts_go_first_the_oldest_first_and_unreported_ones_never(
    tmp_path: Path,
) -> None:
    unreported = attempt_of(tmp_path, 1, done=None)
    old, young = (attempt_of(tmp_path, number, done="failed") for number in (2, 3))
    assert Budget(tmp_path, 2.5 / 1024).make_room()
    assert (unreported.exists(), old.exists(), young.exists()) == (True, False, True)
    assert not Budget(tmp_path, 0.5 / 1024).make_room()
    assert (unreported.exists(), young.exists()) == (True, False)


async def test_a_lab_full_of_unreported_jobs_takes_others_once_they_are_reported(
    server: Any, settings: AgentSettings, spec: Callable[..., dict[str, Any]]
) -> None:
    small = replace(settings, disk_gib=1 / 1024)
    server.fault = lambda method, path: "refuse" if path.endswith("/files") else None
    agent = Agent(small)
    task = asyncio.create_task(agent.run())
    files = [{"path": "big"}]
    first = server.add_job(spec("head -c 2000000 /dev/zero > big", artifacts=files))
    await server.until(lambda: "POST /api/v1/files" in server.tried)
    agent.stop()
    await asyncio.wait_for(task, 20)
    agent = Agent(small)
    task = asyncio.create_task(agent.run())
    second = server.add_job(spec("true"))
    tries = server.tried.count("POST /api/v1/files")
    await server.until(lambda: server.tried.count("POST /api/v1/files") >= tries + 2)
    assert second.phase == "queued"
    server.fault = lambda method, path: None
    await server.until(lambda: second.phase == "finished")
    assert first.end()["result"] == "passed"
    agent.stop()
    await asyncio.wait_for(task, 20)


async def test_a_job_whose_log_finds_no_room_says_so_and_passes(
    server: Any, settings: AgentSettings, spec: Callable[..., dict[str, Any]]
) -> None:
    agent = Agent(replace(settings, disk_gib=200_000 / 2**30))
    task = asyncio.create_task(agent.run())
    job = server.add_job(spec("seq 1 100000"))
    await server.until(lambda: job.phase == "finished")
    log = job.log()
    assert b"bytes of output are left out here: the lab's disk budget of" in log
    assert b"\n99999\n100000\n" in log
    assert len(log) < 300_000
    assert (job.end()["result"], job.stages()[1]) == ("passed", ("test", "passed"))
    agent.stop()
    await asyncio.wait_for(task, 20)


def test_server_that_takes_text_is_sent_text_and_bytes_that_are_none_in_base64(
    tmp_path: Path,
) -> None:
    journal = Journal(tmp_path / "journal.jsonl")
    pieces = [b"caf\xc3\xa9 \x1b[1m\0\r\n\xe2\x80\xa8", b"\xff\xfe\n", b"\xed\xa0\x80", b"end"]
    for as_text in (True, False):
        writer = LogWriter(journal, as_text=as_text)
        for piece in pieces:
            writer.write("test", piece)
    records = [json.loads(line) for line in journal.read(1, most=2**20)]
    assert [printed(record) for record in records] == 2 * pieces
    forms = ["text" if "text" in record else "data" for record in records]
    assert forms == ["text", "data", "data", "text"] + 4 * ["data"]
    journal.close()
