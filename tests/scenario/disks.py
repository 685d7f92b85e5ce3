"""Disks of simulated labs that are full at times, and at others fail a write in its middle."""

import errno
import os
import random
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from ringtest.agent.journal import RESERVE_BYTES

_LEFT = 2000
"""Bytes that a disk which is full takes at most."""


class Disk:
    """A folder whose writes are counted. While it is full there is hardly any room but what
    journals have laid by; else a share of the writes fails with a part of them made."""

    def __init__(self, folder: Path, rng: random.Random) -> None:
        self.folder = folder
        self.trouble = 0.0
        self.failures = 0
        self._rng = rng
        self._room: int | None = None

    @property
    def is_full(self) -> bool:
        return self._room is not None

    def fill(self, full: bool) -> None:
        """Another program takes all the room, or gives it back."""
        self._room = self._rng.randint(0, _LEFT) if full else None
        self._laid_by = self._reserves()

    def write(self, plain: Callable[[Any], int], data: Any) -> int:
        """One write; OSError when it fails, perhaps in its middle."""
        self._look_for_room()
        fits = self._room is None or len(data) <= self._room
        if fits and self._rng.random() >= self.trouble:
            if self._room is not None:
                self._room -= len(data)
            return plain(data)
        self.failures += 1
        plain(data[: self._rng.randrange(len(data))])
        raise OSError(errno.ENOSPC, "no space left on device")

    def allocate(self, plain: Callable[[], None], size: int) -> None:
        """What is laid by."""
        self._look_for_room()
        if self._room is not None and size > self._room:
            raise OSError(errno.ENOSPC, "no space left on device")
        plain()

    def _look_for_room(self) -> None:
        """What was laid by and was given back is room."""
        if self._room is not None:
            there = self._reserves()
            self._room += RESERVE_BYTES * max(0, self._laid_by - there)
            self._laid_by = there

    def _reserves(self) -> int:
        return sum(1 for _ in self.folder.glob("*/reserve"))


@contextmanager
def mounted(disks: list[Disk]) -> Iterator[None]:
    """What this process writes below the folders of these disks goes through them."""
    pwrite, allocate = os.pwrite, os.posix_fallocate

    def find(fd: int) -> Disk | None:
        place = Path(f"/proc/self/fd/{fd}").readlink()
        return next((disk for disk in disks if place.is_relative_to(disk.folder)), None)

    def write(fd: int, data: Any, offset: int) -> int:
        disk = find(fd)
        if disk is None:
            return pwrite(fd, data, offset)
        return disk.write(lambda part: pwrite(fd, part, offset), data)

    def lay_by(fd: int, offset: int, size: int) -> None:
        disk = find(fd)
        if disk is None:
            allocate(fd, offset, size)
        else:
            disk.allocate(lambda: allocate(fd, offset, size), size)

    os.pwrite, os.posix_fallocate = write, lay_by
    try:
        yield
    finally:
        os.pwrite, os.posix_fallocate = pwrite, allocate
