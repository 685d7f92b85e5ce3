"""MD5 of a body, for those who ask for it. It takes longer than all the rest of storing a file
does, and SHA-256 is there anyway: so nobody pays for it who does not want it."""

import asyncio
import hashlib
import os
from collections.abc import AsyncIterator
from typing import Any

from ringtest.control.ports.object_store import Arrived

_BATCH = 512 * 1024
"""Bytes digested at a time: each costs a visit to a thread."""


class Md5:
    """The digest of what has passed; lower-case hex, complete after the last chunk."""

    def __init__(self) -> None:
        self._digest = hashlib.md5(usedforsecurity=False)

    def hex(self) -> str:
        return self._digest.hexdigest()

    async def watch(self, chunks: AsyncIterator[bytes]) -> AsyncIterator[bytes]:
        """The same stream, digested. What has `Arrived` is digested at once and stays as it is,
        so that a store may still take its file."""
        if isinstance(chunks, Arrived):
            await asyncio.to_thread(self._read, chunks.file.fileno())
            return chunks
        return self._pass(chunks)

    def _read(self, handle: int) -> None:
        at = 0
        while data := os.pread(handle, _BATCH, at):
            self._digest.update(data)
            at += len(data)

    async def _pass(self, chunks: AsyncIterator[bytes]) -> AsyncIterator[bytes]:
        """In a thread, while the next chunks come."""
        batch: list[bytes] = []
        waiting = 0
        digesting: asyncio.Future[Any] | None = None
        async for chunk in chunks:
            batch.append(chunk)
            waiting += len(chunk)
            if waiting >= _BATCH:
                if digesting:
                    await digesting
                digesting = asyncio.ensure_future(
                    asyncio.to_thread(self._digest.update, b"".join(batch))
                )
                batch, waiting = [], 0
            yield chunk
        if digesting:
            await digesting
        self._digest.update(b"".join(batch))
