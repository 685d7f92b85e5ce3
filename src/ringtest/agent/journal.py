"""The journal of one attempt: what the server must hear, on disk before it is sent.

One JSON line per record, exactly as it goes over the wire, numbered from 1. A line
that was torn by a crash is cut off when the journal is opened again. Lines are in the
operating system's hands at once, so they outlive a killed agent; ends of stages and of
the job are on the disk before `append` returns, other lines within a second.
"""

import asyncio
import os
import time
from array import array
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import msgspec

_DURABLE = frozenset({"stage", "finish", "release"})
_encoder = msgspec.json.Encoder()


class _Head(msgspec.Struct):
    seq: int
    kind: str


_decoder = msgspec.json.Decoder(_Head)


class Journal:
    """Append-only records. One process writes; reading gives the raw lines."""

    def __init__(self, path: Path) -> None:
        self._fd = os.open(path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
        self._offsets = array("Q")  # where each line begins, then where the last one ends
        self._first_seq = 1
        self.last_kind = ""
        self._more = asyncio.Event()
        self._synced_at = time.monotonic()
        self._unsynced = False
        self._load()

    @property
    def last_seq(self) -> int:
        """Number of the last record, 0 when there is none."""
        return self._first_seq + len(self._offsets) - 2

    def append(self, kind: str, **fields: Any) -> int:
        """Add a record and return its number. Fields that are None are left out."""
        record = {
            "seq": self.last_seq + 1,
            "at": datetime.now(UTC).replace(tzinfo=None).isoformat(),
            "kind": kind,
            **{name: value for name, value in fields.items() if value is not None},
        }
        line = _encoder.encode(record) + b"\n"
        end = self._offsets[-1]
        _write_all(self._fd, line, end)
        self._offsets.append(end + len(line))
        self.last_kind = kind
        self._unsynced = True
        if kind in _DURABLE:
            self.sync()
        self._more.set()
        return self.last_seq

    def read(self, first: int, *, most: int) -> list[bytes]:
        """Lines from number `first` on: at least one if there is one, at most `most` bytes."""
        index = first - self._first_seq
        if index < 0:
            raise IndexError(f"record {first} is not in this journal")
        start = self._offsets[min(index, len(self._offsets) - 1)]
        last = index
        while last + 1 < len(self._offsets) and (
            last == index or self._offsets[last + 1] - start <= most
        ):
            last += 1
        if last <= index:
            return []
        return os.pread(self._fd, self._offsets[last] - start, start).splitlines()

    def skip_to(self, seq: int) -> None:
        """Go on behind `seq`: the server has records that a power cut took from this disk."""
        if seq <= self.last_seq:
            return
        self._first_seq = seq + 1
        self._offsets = array("Q", [self._offsets[-1]])

    async def wait_for_more(self, known: int, seconds: float) -> bool:
        """True as soon as there is a record beyond `known`, False after `seconds` without."""
        try:
            async with asyncio.timeout(seconds):
                while self.last_seq <= known:
                    self._more.clear()
                    await self._more.wait()
        except TimeoutError:
            return False
        return True

    def needs_sync(self) -> bool:
        """True when lines have waited for the disk for a second."""
        return self._unsynced and time.monotonic() - self._synced_at >= 1.0

    def sync(self) -> None:
        """Make the disk have all lines."""
        self._unsynced = False
        self._synced_at = time.monotonic()
        os.fdatasync(self._fd)

    def close(self) -> None:
        """Let go of the file."""
        os.close(self._fd)

    def _load(self) -> None:
        self._offsets = array("Q", [0])
        end = 0
        with os.fdopen(os.dup(self._fd), "rb") as file:
            for line in file:
                head = _head(line)
                if head is None or (end and head.seq <= self.last_seq):
                    break
                if head.seq != self.last_seq + 1:  # behind a hole left by `skip_to`
                    self._first_seq = head.seq
                    self._offsets = array("Q", [end])
                end += len(line)
                self._offsets.append(end)
                self.last_kind = head.kind
        os.ftruncate(self._fd, end)


def _head(line: bytes) -> _Head | None:
    """Number and kind of a whole line, None for a torn one."""
    if not line.endswith(b"\n"):
        return None
    try:
        return _decoder.decode(line)
    except msgspec.DecodeError:
        return None


def _write_all(fd: int, data: bytes, offset: int) -> None:
    view = memoryview(data)
    while view:
        written = os.pwrite(fd, view, offset)
        view = view[written:]
        offset += written


class Position:
    """How far the server has the journal: one number in a file, written in place.

    It may be older than the truth after a crash: the server ignores what it has.
    """

    def __init__(self, path: Path) -> None:
        self._fd = os.open(path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
        text = os.pread(self._fd, 32, 0).strip()
        self.value = int(text) if text.isdigit() else 0

    def move(self, seq: int) -> None:
        """Remember a new position."""
        self.value = seq
        os.pwrite(self._fd, b"%020d\n" % seq, 0)

    def close(self) -> None:
        """Let go of the file."""
        os.close(self._fd)
