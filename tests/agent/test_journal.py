"""The journal survives what happens to processes and disks."""

import errno
import json
import os
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ringtest.agent import journal as journals
from ringtest.agent.chain import replay
from ringtest.agent.journal import Journal, Position


def filled(path: Path, records: int) -> bytes:
    journal = Journal(path)
    for number in range(records):
        journal.append("log", stage="test", data="x" * number)
    journal.close()
    return path.read_bytes()


def test_records_are_numbered_from_one_and_read_back_as_written(tmp_path: Path) -> None:
    journal = Journal(tmp_path / "j")
    assert journal.last_seq == 0
    assert journal.append("stage", stage="test", status="running", message=None) == 1
    assert journal.append("finish", result="passed") == 2
    first, second = (json.loads(line) for line in journal.read(1, most=1000))
    assert (first["seq"], first["kind"], first["stage"]) == (1, "stage", "test")
    assert "message" not in first
    assert (second["seq"], second["result"]) == (2, "passed")
    assert journal.read(3, most=1000) == []


def test_a_batch_is_as_large_as_allowed_and_never_empty(tmp_path: Path) -> None:
    filled(tmp_path / "j", 50)
    journal = Journal(tmp_path / "j")
    lines = journal.read(1, most=10**6)
    assert len(lines) == 50
    size = len(lines[0]) + len(lines[1]) + 2
    assert journal.read(1, most=size) == lines[:2]
    assert journal.read(1, most=size - 1) == lines[:1]
    assert journal.read(50, most=1) == lines[49:]


@given(cut=st.integers(0, 400))
def test_a_torn_last_line_is_cut_off_and_writing_goes_on(
    tmp_path_factory: pytest.TempPathFactory, cut: int
) -> None:
    path = tmp_path_factory.mktemp("journal") / "j"
    whole = filled(path, 5)
    cut = min(cut, len(whole))
    os.truncate(path, cut)
    kept = whole[:cut].count(b"\n")
    journal = Journal(path)
    assert journal.last_seq == kept
    journal.append("release", reason="torn")
    journal.close()
    numbers = [json.loads(line)["seq"] for line in path.read_bytes().splitlines()]
    assert numbers == list(range(1, kept + 2))


def test_zeros_of_a_power_cut_are_cut_off(tmp_path: Path) -> None:
    whole = filled(tmp_path / "j", 3)
    (tmp_path / "j").write_bytes(whole + b"\0" * 512)
    assert Journal(tmp_path / "j").last_seq == 3


def test_records_that_only_the_server_has_are_skipped_over(tmp_path: Path) -> None:
    filled(tmp_path / "j", 3)
    journal = Journal(tmp_path / "j")
    journal.skip_to(7)
    assert journal.append("release", reason="power cut") == 8
    assert json.loads(journal.read(8, most=1000)[0])["seq"] == 8
    journal.close()
    again = Journal(tmp_path / "j")
    assert (again.last_seq, again.last_kind) == (8, "release")
    with pytest.raises(IndexError):
        again.read(2, most=1000)


def test_the_position_is_remembered(tmp_path: Path) -> None:
    position = Position(tmp_path / "p")
    assert position.value == 0
    position.move(12345)
    position.move(12346)
    assert Position(tmp_path / "p").value == 12346


def test_every_line_goes_on_from_the_one_before(tmp_path: Path) -> None:
    lines = filled(tmp_path / "j", 20).splitlines(keepends=True)
    walk, fitting = replay("", lines)
    journal = Journal(tmp_path / "j")
    assert (fitting, walk.digest, walk.problem) == (20, journal.digest, "")
    journal.append("finish", result="passed")
    journal.close()
    whole = (tmp_path / "j").read_bytes().splitlines(keepends=True)
    assert replay("", whole)[1] == 21


@given(
    at=st.integers(0, 19), place=st.floats(0, 0.99), way=st.sampled_from(["flip", "drop", "swap"])
)
def test_a_changed_dropped_or_moved_line_is_found_at_its_place(
    tmp_path_factory: pytest.TempPathFactory, at: int, place: float, way: str
) -> None:
    path = tmp_path_factory.mktemp("journal") / "j"
    lines = filled(path, 21).splitlines(keepends=True)
    if way == "flip":
        line = bytearray(lines[at])
        line[int(place * (len(line) - 1))] ^= 1
        lines[at] = bytes(line)
    elif way == "drop":
        del lines[at]
    else:
        lines[at], lines[at + 1] = lines[at + 1], lines[at]
    walk, fitting = replay("", lines)
    assert fitting == at
    assert walk.problem
    path.write_bytes(b"".join(lines))
    journal = Journal(path)
    assert journal.last_seq == at
    assert f"record after {at}" in journal.damage
    assert path.with_name("j.damaged").read_bytes() == b"".join(lines[at:])


def test_a_journal_of_another_attempt_does_not_fit(tmp_path: Path) -> None:
    journal = Journal(tmp_path / "j", origin="a.1")
    journal.append("finish", result="passed")
    journal.close()
    assert Journal(tmp_path / "j", origin="b.1").last_seq == 0
    assert (tmp_path / "j.damaged").exists()


class FullDisk:
    """A disk that takes no more bytes of a journal while nothing that was laid by is given back."""

    def __init__(self, reserve: Path, monkeypatch: pytest.MonkeyPatch) -> None:
        self._reserve = reserve
        self._write = os.pwrite
        self.is_full = False
        monkeypatch.setattr(os, "pwrite", self)

    def __call__(self, fd: int, data: Any, offset: int) -> int:
        if self.is_full and self._reserve.exists():
            self._write(fd, bytes(data)[:3], offset)
            raise OSError(errno.ENOSPC, "no space left on device")
        return self._write(fd, data, offset)


def test_a_full_disk_takes_the_end_and_no_log(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    disk = FullDisk(tmp_path / "reserve", monkeypatch)
    journal = Journal(tmp_path / "j", reserve=True)
    journal.append("log", stage="test", data="x")
    disk.is_full = True
    with pytest.raises(OSError, match="no space"):
        journal.append("log", stage="test", data="y" * 100)
    journal.append("finish", result="passed")
    journal.close()
    kinds = [json.loads(line)["kind"] for line in (tmp_path / "j").read_bytes().splitlines()]
    assert kinds == ["log", "finish"]
    assert Journal(tmp_path / "j").damage == ""


def test_what_was_laid_by_goes_with_the_journal(tmp_path: Path) -> None:
    journal = Journal(tmp_path / "j", reserve=True)
    assert (tmp_path / "reserve").stat().st_size == journals.RESERVE_BYTES
    journal.close()
    assert not (tmp_path / "reserve").exists()


def test_a_write_that_fails_twice_leaves_nothing_of_itself(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    journal = Journal(tmp_path / "j", reserve=True)
    journal.append("stage", stage="test", status="running")
    whole = (tmp_path / "j").read_bytes()
    write = os.pwrite

    def torn(fd: int, data: Any, offset: int) -> int:
        write(fd, data[:10], offset)
        raise OSError(errno.ENOSPC, "no space left on device")

    monkeypatch.setattr(os, "pwrite", torn)
    with pytest.raises(OSError, match="no space"):
        journal.append("finish", result="passed")
    assert (tmp_path / "j").read_bytes() == whole


def test_an_end_is_written_once_also_when_it_cannot_be_flushed(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fail(fd: int) -> None:
        raise OSError(errno.ENOSPC, "no space left on device")

    journal = Journal(tmp_path / "j")
    monkeypatch.setattr(os, "fdatasync", fail)
    assert journal.append("finish", result="passed") == 1
    assert len(journal.read(1, most=1000)) == 1
    with pytest.raises(OSError, match="no space"):
        journal.sync()
