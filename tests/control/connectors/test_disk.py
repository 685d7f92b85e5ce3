"""The disk store under crashes: a writer that dies, a disk that is full, names on the disk."""

import os
import signal
import subprocess
import sys
import time
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from ringtest.control.connectors.disk import DiskStore
from ringtest.control.kernel.errors import Unavailable

LIMIT = 10**9

WRITER = """
import asyncio, sys
from pathlib import Path
from ringtest.control.connectors.disk import DiskStore

async def body():
    for n in range(10_000):
        yield b"x" * 300_000
        if n == 30:  # more than may wait: some of it is written
            print("begun", flush=True)

asyncio.run(DiskStore(Path(sys.argv[1])).put("team/job/file", body(), limit=10**12))
"""


async def one(data: bytes) -> AsyncIterator[bytes]:
    yield data


def files_below(root: Path) -> list[str]:
    return sorted(str(path.relative_to(root)) for path in root.rglob("*") if path.is_file())


async def test_a_writer_that_is_killed_leaves_no_object(tmp_path: Path) -> None:
    process = subprocess.Popen(
        [sys.executable, "-c", WRITER, str(tmp_path)], stdout=subprocess.PIPE, text=True
    )
    assert process.stdout is not None
    assert process.stdout.readline() == "begun\n"
    process.send_signal(signal.SIGKILL)
    process.wait()
    process.stdout.close()
    (left,) = files_below(tmp_path)
    assert left.startswith(".incoming/")
    DiskStore(tmp_path)
    assert files_below(tmp_path) == [left], "it may still be somebody's"
    yesterday = time.time() - 2 * 24 * 3600
    os.utime(tmp_path / left, (yesterday, yesterday))
    DiskStore(tmp_path)
    assert files_below(tmp_path) == []


@pytest.fixture
def flushes(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> list[tuple[str, list[str]]]:
    """What was flushed, and the objects that had names then."""
    seen: list[tuple[str, list[str]]] = []
    flush = os.fsync

    def watched(handle: int) -> None:
        what = Path(f"/proc/self/fd/{handle}").readlink()
        named = [name for name in files_below(tmp_path) if not name.startswith(".")]
        seen.append(("folder" if what.is_dir() else "file", named))
        flush(handle)

    monkeypatch.setattr("os.fsync", watched)
    return seen


async def test_an_object_is_flushed_with_its_name_and_its_folders(
    tmp_path: Path, flushes: list[tuple[str, list[str]]]
) -> None:
    store = DiskStore(tmp_path)
    await store.put("t/j/f", one(b"data"), limit=LIMIT)
    there = ["t/j/f"]
    assert flushes == [("file", there), *[("folder", there)] * 3], "the folder t, and that of j"
    flushes.clear()
    await store.put("t/j/g", one(b"data"), limit=LIMIT)
    assert [kind for kind, _ in flushes] == ["file", "folder"]


async def test_a_taken_key_keeps_its_object_until_the_other_one_was_flushed(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    store = DiskStore(tmp_path)
    await store.put("t/j/f", one(b"old"), limit=LIMIT)
    found: list[bytes] = []
    flush = os.fsync

    def watched(handle: int) -> None:
        found.append((tmp_path / "t/j/f").read_bytes())
        flush(handle)

    monkeypatch.setattr("os.fsync", watched)
    await store.put("t/j/f", one(b"other"), limit=LIMIT)
    assert found == [b"old", b"other"], "the file, then the folder it is in"
    assert files_below(tmp_path) == ["t/j/f"]


async def test_a_full_disk_is_unavailable_and_leaves_nothing(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def full(handle: int) -> None:
        raise OSError(28, "No space left on device")

    store = DiskStore(tmp_path)
    monkeypatch.setattr("os.fsync", full)
    with pytest.raises(Unavailable):
        await store.put("t/j/f", one(b"data"), limit=LIMIT)
    assert files_below(tmp_path) == []
