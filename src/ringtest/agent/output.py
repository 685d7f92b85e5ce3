"""What a job's commands print, on its way into the journal.

The first line goes at once; then what has come is passed on every 100 ms, or as soon as
32 KiB are full. Pieces end at a line's end; only a line that stays unfinished for a
second (a prompt, a progress bar) or is very long is cut.
"""

import asyncio
import fcntl
import os
import sys
import termios
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import BinaryIO

from ringtest.agent.inside import ANYWHERE, create_inside

INTERVAL = 0.1
MOST = 32 * 1024
PATIENCE = 1.0


class Output:
    """The read end of the pipe that all commands of a job write to."""

    def __init__(
        self, write: Callable[[bytes], None], *, on_error: Callable[[OSError], None]
    ) -> None:
        self._loop = asyncio.get_running_loop()
        self._write = write
        self._on_error = on_error
        self._pending = bytearray()
        self._passed_on_at = 0.0
        self._pending_since = 0.0
        self._timer: asyncio.TimerHandle | None = None
        self._copies: list[BinaryIO] = []
        self._source, self.write_end = os.pipe2(os.O_CLOEXEC)
        os.set_blocking(self._source, False)
        self._loop.add_reader(self._source, self._read)

    def say(self, text: str) -> None:
        """Add a line of the agent's own."""
        self.drain()
        self._take(text.encode() + b"\n")
        self._pass_on(everything=True)

    def drain(self) -> None:
        """Take all that was printed so far and pass it on, unfinished lines too.

        To be called when a command has ended: what it printed is in the pipe by then. What
        others print meanwhile, without end perhaps, is left to the loop.
        """
        left = self._waiting_bytes()
        while left > 0 and (size := self._read()):
            left -= size
        self._pass_on(everything=True)

    @contextmanager
    def copying(self, path: Path, folders: Sequence[Path] = ANYWHERE) -> Iterator[None]:
        """What commands print meanwhile goes to this file too, without the agent's own lines, at
        once: runners read it while it grows. OSError when it is in none of `folders`."""
        self.drain()
        with create_inside(path, folders) as file:
            self._copies.append(file)
            try:
                yield
            finally:
                self.drain()
                self._copies.remove(file)

    def close(self) -> None:
        """Stop reading."""
        self._loop.remove_reader(self._source)
        self._cancel_timer()
        os.close(self._source)
        os.close(self.write_end)

    def _waiting_bytes(self) -> int:
        answer = fcntl.ioctl(self._source, termios.FIONREAD, b"\0" * 4)
        return int.from_bytes(answer, sys.byteorder)

    def _read(self) -> int:
        try:
            chunk = os.read(self._source, 65536)
        except BlockingIOError:
            return 0
        for copy in self._copies:
            copy.write(chunk)
        self._take(chunk)
        self._schedule()
        return len(chunk)

    def _take(self, chunk: bytes) -> None:
        if not self._pending:
            self._pending_since = self._loop.time()
        self._pending += chunk
        while len(self._pending) >= MOST:
            self._emit(self._pending.rfind(b"\n", 0, MOST) + 1 or MOST)

    def _schedule(self) -> None:
        if not self._pending:
            return
        due = self._pending_since + PATIENCE
        if b"\n" in self._pending:
            due = min(due, self._passed_on_at + INTERVAL)
        if due <= self._loop.time():
            self._pass_on()
        elif self._timer is None or self._timer.when() > due:
            self._cancel_timer()
            self._timer = self._loop.call_at(due, self._pass_on)

    def _pass_on(self, *, everything: bool = False) -> None:
        self._cancel_timer()
        impatient = self._loop.time() >= self._pending_since + PATIENCE
        whole = everything or impatient
        cut = len(self._pending) if whole else self._pending.rfind(b"\n") + 1
        if cut:
            self._emit(cut)
        self._schedule()

    def _emit(self, cut: int) -> None:
        data = bytes(self._pending[:cut])
        del self._pending[:cut]
        self._passed_on_at = self._pending_since = self._loop.time()
        try:
            self._write(data)
        except OSError as error:
            self._on_error(error)

    def _cancel_timer(self) -> None:
        if self._timer:
            self._timer.cancel()
            self._timer = None
