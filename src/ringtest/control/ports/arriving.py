"""Bytes that arrive: digested and written in a thread while the next ones come."""

import asyncio
import hashlib
from collections import deque
from collections.abc import Callable
from typing import IO

from ringtest.control.kernel.errors import Unavailable
from ringtest.control.ports.object_store import Stored, flush_ahead

_WORTH = 256 * 1024
"""So many bytes are worth a visit to a thread."""
_HELD = 4 * 1024 * 1024
"""More bytes than these do not wait: who brings them does."""
_FLUSHED = 1024 * 1024
"""Bytes that the disk is told of at a time."""


class Arriving:
    """A stream on its way into a file. A thread takes what has come until nothing is left, so that
    a quick stream has one all the time and a slow one has none while it waits.

    `opened` gives the file at the first bytes, in the thread. Use: `add` for each piece, then
    `end`, which raise Unavailable when the disk does not take it; else `give_up`.
    """

    def __init__(self, opened: Callable[[], IO[bytes]]) -> None:
        self._opened = opened
        self._file: IO[bytes] | None = None
        self._digest = hashlib.sha256()
        self._pieces: deque[bytes] = deque()
        self._loop = asyncio.get_running_loop()
        self._room = asyncio.Event()
        self._working: asyncio.Future[None] | None = None
        self._taken = 0
        self.size = 0
        """Bytes that came."""

    async def add(self, data: bytes) -> None:
        """The next bytes. Waits while too many others do."""
        self._pieces.append(data)
        self.size += len(data)
        if self.size - self._taken >= _WORTH:
            self._work()
        while self.size - self._taken > _HELD:
            self._room.clear()
            if self.size - self._taken > _HELD:  # still, now that it would be told
                await self._room.wait()
            self._work()

    async def end(self) -> Stored:
        """All bytes are in the file: how many they are, and their digest."""
        while self._pieces or self._file is None or self._working is not None:
            self._work()
            assert self._working is not None
            await asyncio.shield(self._working)
            self._working = None
        return Stored(self.size, self._digest.hexdigest())

    async def give_up(self) -> None:
        """Nothing is written any more when this returns."""
        self._pieces.clear()
        if self._working is not None:  # a thread cannot be stopped
            await asyncio.gather(self._working, return_exceptions=True)

    def _work(self) -> None:
        """See to it that a thread is at work; raise what the last one met."""
        if self._working is not None:
            if not self._working.done():
                return
            self._working.result()
        self._working = asyncio.ensure_future(asyncio.to_thread(self._take))
        self._working.add_done_callback(lambda _: self._room.set())

    def _take(self) -> None:
        try:
            if self._file is None:
                self._file = self._opened()
            self._write(self._file)
        except OSError as error:
            raise Unavailable("the server cannot store files at the moment; try again") from error

    def _write(self, file: IO[bytes]) -> None:
        start = file.tell()
        at = start
        while True:
            try:
                data = self._pieces.popleft()
            except IndexError:
                break
            self._digest.update(data)
            view = memoryview(data)
            while view:
                view = view[file.write(view) :]
            at += len(data)
            self._taken += len(data)
            if at - start >= _FLUSHED:
                flush_ahead(file.fileno(), start, at - start)
                start = at
            if not self._room.is_set() and self.size - self._taken <= _HELD // 2:
                self._loop.call_soon_threadsafe(self._room.set)
        flush_ahead(file.fileno(), start, at - start)
