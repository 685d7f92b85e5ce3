"""The disk that a lab gives its agent for jobs, and what goes first when it is used up.

First the folders of reported attempts that nobody holds, the oldest first; then log text of
running jobs, in its middle, with a mark (`thinning`). Never: what is in a journal, ends of
stages, results and files of attempts that the server has not heard of. While those alone fill
the budget no further job is taken. The cache of components has a limit of its own.
"""

import logging
import os
from collections.abc import Iterator
from pathlib import Path

from ringtest.agent.attempt import read_attempts, remove_tree
from ringtest.agent.isolation.held import read_note

_GIB = 2**30

log = logging.getLogger("ringtest.agent")


class Budget:
    """`gib` GiB for the folders of attempts below `jobs`; 0 is without limit."""

    def __init__(self, jobs: Path, gib: float) -> None:
        self._jobs = jobs
        self._gib = gib
        self._limit = int(gib * _GIB)
        self._used = 0

    def make_room(self) -> bool:
        """Measure, and remove reported attempts, the oldest first, until there is room; False
        when there is none. Walks through all folders: for a thread."""
        if not self._limit:
            return True
        self._used = disk_usage(self._jobs)
        for attempt in list(read_attempts(self._jobs)):
            if self._used < self._limit:
                break
            if attempt.done is not None and read_note(attempt.folder) is None:
                size = disk_usage(attempt.folder)
                remove_tree(attempt.folder)
                self._used -= size
                log.info("%s: its folder is removed: the disk budget is used up", attempt.label)
        return self._used < self._limit

    def why_no_room(self, size: int) -> str:
        """Empty when so many bytes of log text fit; they then count."""
        if not self._limit or self._used + size <= self._limit:
            self._used += size * 4 // 3  # as it is written
            return ""
        return f"the lab's disk budget of {self._gib:g} GiB is used up"


def disk_usage(folder: Path) -> int:
    """Bytes on the disk of all files below a folder; what goes meanwhile does not count."""
    return sum(_sizes(folder))


def _sizes(folder: Path) -> Iterator[int]:
    try:
        entries = list(os.scandir(folder))
    except OSError:
        return
    for entry in entries:
        try:
            if entry.is_dir(follow_symlinks=False):
                yield from _sizes(Path(entry.path))
            else:
                yield entry.stat(follow_symlinks=False).st_blocks * 512
        except OSError:
            continue
