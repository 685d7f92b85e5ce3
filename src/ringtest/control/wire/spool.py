"""Bodies that must be read before they are used: a signature covers the whole body.

A small body is kept in memory, a large one goes through a temporary file; either way
the request afterwards gives the same body to its handler, by `body()` or `stream()`.
"""

import asyncio
import hashlib
import io
import tempfile
from pathlib import Path
from typing import IO, Any

from litestar import Request
from litestar.types import HTTPReceiveMessage, Receive, WebSocketReceiveMessage

from ringtest.control.kernel.errors import BadRequest, TooLarge

_IN_MEMORY = 1024 * 1024
_CHUNK = 256 * 1024
_BATCH = 512 * 1024
"""Bytes hashed and written at a time: each costs a visit to a thread."""


async def digest_body(
    request: Request[Any, Any, Any], *, limit: int, folder: Path | None = None
) -> str:
    """Hex SHA-256 of the body; more than `limit` bytes: TooLarge.

    `folder` holds the temporary file of a large body; it has no name and goes away
    with the request.
    """
    spool = _Spool(folder)
    size = 0
    more = True
    try:
        while more:
            message = await request.receive()
            if message["type"] != "http.request":
                raise BadRequest("the client went away before its body was complete")
            size += len(message["body"])
            if size > limit:
                raise TooLarge(f"the body may have at most {limit} bytes", limit=limit)
            await spool.add(message["body"])
            more = message.get("more_body", False)
    finally:
        await spool.settle()
    request.receive = _Replay(spool.body, size, request.receive)
    return spool.digest.hexdigest()


class _Spool:
    """A body on its way: in memory while it is small, then in a file without a name, which
    goes when the request goes. What is large is hashed and written in a thread, a batch at a
    time, while the next one comes."""

    def __init__(self, folder: Path | None) -> None:
        self.body: IO[bytes] = io.BytesIO()
        self.digest = hashlib.sha256()
        self._folder = folder
        self._size = 0
        self._batch: list[bytes] = []
        self._waiting = 0
        self._writing: asyncio.Future[None] | None = None

    async def add(self, chunk: bytes) -> None:
        """More of the body."""
        self._batch.append(chunk)
        self._waiting += len(chunk)
        self._size += len(chunk)
        if self._waiting < _BATCH or self._size <= _IN_MEMORY:
            return
        await self._written()
        batch, self._batch, self._waiting = self._batch, [], 0
        self._writing = asyncio.ensure_future(asyncio.to_thread(self._write, batch))

    async def settle(self) -> None:
        """There is no more."""
        await self._written()
        self._write(self._batch)
        self.body.seek(0)

    async def _written(self) -> None:
        writing, self._writing = self._writing, None
        if writing:
            await asyncio.shield(writing)

    def _write(self, batch: list[bytes]) -> None:
        if self._size > _IN_MEMORY and isinstance(self.body, io.BytesIO):
            self.body = tempfile.TemporaryFile(dir=self._folder)  # noqa: SIM115
        data = b"".join(batch)
        self.digest.update(data)
        self.body.write(data)


class _Replay:
    """Gives a spooled body again, in the form the server would, then what comes after it."""

    def __init__(self, body: IO[bytes], size: int, then: Receive) -> None:
        self._body = body
        self._left = size
        self._then = then
        self._done = False

    async def __call__(self) -> HTTPReceiveMessage | WebSocketReceiveMessage:
        if self._done:
            return await self._then()
        chunk = self._body.read(_CHUNK)
        self._left -= len(chunk)
        self._done = self._left <= 0
        return {"type": "http.request", "body": chunk, "more_body": not self._done}
