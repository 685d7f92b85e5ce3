"""Counts that the pytest plugin writes to a file, read at most twice a second."""

import asyncio
from collections.abc import Callable
from pathlib import Path

import msgspec

from ringtest.agent.inside import open_inside
from ringtest.agent.protocol import Progress

INTERVAL = 0.5


class _Line(msgspec.Struct):
    session: str
    total: int = 0
    passed: int = 0
    failed: int = 0
    errored: int = 0
    skipped: int = 0

    def counts(self) -> Progress:
        return Progress(self.total, self.passed, self.failed, self.errored, self.skipped)


_decoder = msgspec.json.Decoder(_Line)


class ProgressReader:
    """Sums over all pytest sessions of a job; each line replaces its session's counts."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._offset = 0
        self._sessions: dict[str, Progress] = {}
        self._told = Progress()

    def read(self) -> Progress | None:
        """The counts if they have changed since the last call."""
        try:
            with open_inside(self._path, [self._path.parent]) as file:
                file.seek(self._offset)
                data = file.read()
        except OSError:
            return None
        whole = data[: data.rfind(b"\n") + 1]
        self._offset += len(whole)
        for line in whole.splitlines():
            try:
                counts = _decoder.decode(line)
            except msgspec.MsgspecError:
                continue  # not ours: the file belongs to the job
            self._sessions[counts.session] = counts.counts()
        total = sum(self._sessions.values(), Progress())
        if total == self._told:
            return None
        self._told = total
        return total


async def watch_progress(reader: ProgressReader, tell: Callable[[Progress], None]) -> None:
    """Tell of changes until cancelled."""
    while True:
        await asyncio.sleep(INTERVAL)
        counts = reader.read()
        if counts:
            tell(counts)
