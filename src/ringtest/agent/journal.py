"""The journal of one attempt: what the server must hear, on disk before it is sent.

One JSON line per record, exactly as it goes over the wire, numbered from 1, each chained to
the one before (`chain`). A line that was torn by a crash is cut off when the journal is opened
again; what stood behind a damaged one is kept beside it. Lines are in the operating system's
hands at once, so they outlive a killed agent; ends of stages and of the job are on the disk
before `append` returns, other lines within a second. On a full disk they take the place of a
file that was laid by for them.
"""

import asyncio
import errno
import os
import shutil
import time
from array import array
from contextlib import suppress
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import msgspec

from ringtest.agent.chain import Walk, seal, whole_lines

RESERVE_BYTES = 256 * 1024
"""Laid by on the disk for what must be written when it is full."""
_DURABLE = frozenset({"stage", "finish", "release"})
FULL = frozenset({errno.ENOSPC, errno.EDQUOT})
"""Errors of a disk without room."""
_encoder = msgspec.json.Encoder()


class Journal:
    """Append-only records. One process writes; reading gives the raw lines.

    `origin` names what the journal is of, so that no other can be put in its place. With
    `reserve` some disk is laid by for the ends of stages and of the job.
    """

    def __init__(self, path: Path, *, origin: str = "", reserve: bool = False) -> None:
        self._path = path
        self._origin = origin
        self._reserve = path.with_name("reserve") if reserve else None
        self._fd = os.open(path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
        self._offsets = array("Q")  # where each line begins, then where the last one ends
        self._first_seq = 1
        self.last_kind = ""
        self._more = asyncio.Event()
        self._synced_at = time.monotonic()
        self._unsynced = False
        self.digest = ""
        """Of the last record, and so of all."""
        self.damage = ""
        """What was wrong with the journal when it was opened; empty when it was whole."""
        self._load()
        self.lay_by()

    @property
    def last_seq(self) -> int:
        """Number of the last record, 0 when there is none."""
        return self._first_seq + len(self._offsets) - 2

    def append(self, kind: str, *, needed: bool = False, **fields: Any) -> int:
        """Add a record and return its number. Fields that are None are left out.

        OSError when the disk is full; for ends, and what is `needed`, only when what was laid by
        is used up as well.
        """
        record = {
            "seq": self.last_seq + 1,
            "at": moment(),
            "kind": kind,
            **{name: value for name, value in fields.items() if value is not None},
        }
        line, digest = seal(self.digest, _encoder.encode(record))
        end = self._offsets[-1]
        try:
            self._write(line, end, needed=needed or kind in _DURABLE)
        except OSError:
            os.ftruncate(self._fd, end)  # or its torn beginning would stand behind the next ones
            raise
        self.digest = digest
        self._offsets.append(end + len(line))
        self.last_kind = kind
        self._unsynced = True
        if kind in _DURABLE:
            with suppress(OSError):  # it is written: who flushes next tells of it
                self.sync()
        self._more.set()
        return self.last_seq

    def _write(self, line: bytes, end: int, *, needed: bool) -> None:
        """A line at its place; what is needed has what was laid by."""
        try:
            _write_all(self._fd, line, end)
        except OSError as error:
            if error.errno not in FULL or not needed or not self.use_reserve():
                raise
            _write_all(self._fd, line, end)

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

    def lay_by(self) -> bool:
        """Keep some disk for the ends of stages; False while it is full."""
        if self._reserve is None or self._reserve.exists():
            return True
        try:
            with self._reserve.open("wb") as file:
                os.posix_fallocate(file.fileno(), 0, RESERVE_BYTES)
        except OSError:
            self._reserve.unlink(missing_ok=True)
            return False
        return True

    def use_reserve(self) -> bool:
        """Give the disk back what was laid by; False when there was nothing."""
        if self._reserve is None or not self._reserve.exists():
            return False
        self._reserve.unlink()
        return True

    def needs_sync(self) -> bool:
        """True when lines have waited for the disk for a second."""
        return self._unsynced and time.monotonic() - self._synced_at >= 1.0

    def sync(self) -> None:
        """Make the disk have all lines. OSError when it cannot; then they still wait for it."""
        self._unsynced = False  # first: lines may be added meanwhile
        self._synced_at = time.monotonic()
        try:
            os.fdatasync(self._fd)
        except OSError:
            self._unsynced = True
            raise

    def close(self) -> None:
        """Let go of the file, and of what was laid by."""
        self.use_reserve()
        os.close(self._fd)

    def _load(self) -> None:
        self._offsets = array("Q", [0])
        walk, end = Walk(self._origin), 0
        with os.fdopen(os.dup(self._fd), "rb") as file:
            for line in file:
                head = walk.fits(line)
                if head is None:
                    break
                if head.seq != self.last_seq + 1:  # behind a hole left by `skip_to`
                    self._first_seq = head.seq
                    self._offsets = array("Q", [end])
                end += len(line)
                self._offsets.append(end)
                self.last_kind = head.kind
        self.digest = walk.digest
        self._cut(end, walk)

    def _cut(self, end: int, walk: Walk) -> None:
        """Leave out what does not fit; whole records among it are kept for people."""
        with os.fdopen(os.dup(self._fd), "rb") as file:
            file.seek(end)
            lost = whole_lines(file)
            if lost:
                aside = self._path.with_name(self._path.name + ".damaged")
                file.seek(end)
                with aside.open("wb") as kept:
                    shutil.copyfileobj(file, kept)
                self.damage = (
                    f"the record after {walk.last_seq} {walk.problem}; {lost} records from there on"
                    f" are in {aside.name}"
                )
        os.ftruncate(self._fd, end)


def moment() -> str:
    """This moment as records give it."""
    return datetime.now(UTC).replace(tzinfo=None).isoformat()


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
        """Remember a new position, on the disk too if that has room."""
        self.value = seq
        with suppress(OSError):
            os.pwrite(self._fd, b"%020d\n" % seq, 0)

    def close(self) -> None:
        """Let go of the file."""
        os.close(self._fd)
