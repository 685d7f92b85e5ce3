"""A file that is put together, from its beginning to its end, and digested while it is written."""

import asyncio
import hashlib
from pathlib import Path
from typing import IO

_BATCH = 1024 * 1024
_BLOCK = 1024 * 1024


class Part:
    """What is here of a file. Bytes are written and digested while the next ones come; what is
    on disk is always a beginning of the file, so that a cut at any byte costs nothing."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self.size = 0
        self._digest = hashlib.sha256()
        self._file: IO[bytes] | None = None
        self._waiting: list[bytes] = []
        self._held = 0
        self._writing: asyncio.Task[None] | None = None

    async def open(self, *, most: int) -> None:
        """Go on with what an earlier try left; more than `most` bytes are none of this file."""
        self.path.parent.mkdir(parents=True, exist_ok=True)
        if self.path.exists() and self.path.stat().st_size > most:
            self.path.unlink()
        await asyncio.to_thread(self._take_up)

    async def write(self, data: bytes) -> None:
        """The next bytes."""
        self._waiting.append(data)
        self._held += len(data)
        self.size += len(data)
        if self._held >= _BATCH:
            await self._flush()

    async def close(self) -> None:
        """Everything that was written is in the file."""
        try:
            await self._flush()
            await self._wait()
        finally:
            if self._file:
                self._file.close()
                self._file = None

    def sha256(self) -> str:
        """Of all bytes; after `close`."""
        return self._digest.hexdigest()

    def remove(self) -> None:
        """Nothing of it can be used."""
        self.path.unlink(missing_ok=True)

    async def _flush(self) -> None:
        await self._wait()
        batch, self._waiting, self._held = self._waiting, [], 0
        if batch:
            self._writing = asyncio.create_task(asyncio.to_thread(self._put, batch))

    async def _wait(self) -> None:
        if self._writing:
            writing, self._writing = self._writing, None
            await asyncio.shield(writing)

    def _put(self, batch: list[bytes]) -> None:
        if self._file is None:
            raise ValueError(f"{self.path} is closed")
        for data in batch:
            self._file.write(data)
            self._digest.update(data)
        self._file.flush()

    def _take_up(self) -> None:
        self._digest, self.size = hashlib.sha256(), 0
        if self.path.exists():
            with self.path.open("rb") as there:
                while block := there.read(_BLOCK):
                    self._digest.update(block)
                    self.size += len(block)
        self._file = self.path.open("ab")


def read_block(source: Path, offset: int, length: int) -> bytes:
    """Bytes of a file; fewer at its end."""
    with source.open("rb") as file:
        file.seek(offset)
        return file.read(length)
