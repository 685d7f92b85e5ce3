"""Bodies that must be read before they are used: a signature covers the whole body.

A small body is kept in memory, a large one goes through a temporary file; either way
the request afterwards gives the same body to its handler, by `body()` or `stream()`.
"""

import asyncio
import hashlib
import io
import os
import tempfile
from collections.abc import AsyncIterator, Sequence
from pathlib import Path
from typing import IO, Any

from litestar import Request
from litestar.types import HTTPReceiveMessage, Receive, WebSocketReceiveMessage

from ringtest.control.kernel.errors import BadRequest, TooLarge, Unavailable
from ringtest.control.ports.object_store import Arrived, Stored, flush_ahead

_IN_MEMORY = 1024 * 1024
_CHUNK = 256 * 1024
_BATCH = 1024 * 1024
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
    request.receive = _Replay(spool.body, size, request.receive, spool.arrived())
    return spool.digest.hexdigest()


def stream(request: Request[Any, Any, Any]) -> AsyncIterator[bytes]:
    """The body of a request, as it comes; or, when it was read and is large, the file that it
    is in, so that nobody reads and writes and digests it again."""
    receive: object = request.receive
    if isinstance(receive, _Replay) and receive.arrived is not None:
        return receive.arrived
    return request.stream()


class _Spool:
    """A body on its way: in memory while it is small, then in a file without a name, which
    goes when the request goes. What is large is digested and written in threads, a batch at a
    time, while the next one comes."""

    def __init__(self, folder: Path | None) -> None:
        self.body: IO[bytes] = io.BytesIO()
        self.digest = hashlib.sha256()
        self._folder = folder
        self._size = 0
        self._batch: list[bytes] = []
        self._waiting = 0
        self._writing: asyncio.Future[Any] | None = None

    async def add(self, chunk: bytes) -> None:
        """More of the body."""
        self._batch.append(chunk)
        self._waiting += len(chunk)
        self._size += len(chunk)
        if self._waiting < _BATCH or self._size <= _IN_MEMORY:
            return
        await self._written()
        self._writing = asyncio.ensure_future(asyncio.to_thread(self._write, self._take()))

    async def settle(self) -> None:
        """There is no more."""
        await self._written()
        batch = self._take()
        if self._size <= _IN_MEMORY:
            for data in batch:
                self.digest.update(data)
                self.body.write(data)
        else:
            await asyncio.to_thread(self._write, batch)
        self.body.seek(0)

    def arrived(self) -> Arrived | None:
        """The whole body and its digest, if it is in a file."""
        if isinstance(self.body, io.BytesIO):
            return None
        stored = Stored(self._size, self.digest.hexdigest())
        return Arrived(self.body, stored)

    def _take(self) -> list[bytes]:
        batch, self._batch, self._waiting = self._batch, [], 0
        return batch

    async def _written(self) -> None:
        writing, self._writing = self._writing, None
        if writing:
            await asyncio.shield(writing)

    def _write(self, batch: Sequence[bytes]) -> None:
        try:
            if isinstance(self.body, io.BytesIO):
                self.body = nameless(self._folder)
            start = self.body.tell()
            for data in batch:
                self.digest.update(data)
                view = memoryview(data)
                while view:
                    view = view[self.body.write(view) :]
            flush_ahead(self.body.fileno(), start, self.body.tell() - start)
        except OSError as error:
            raise Unavailable("the server cannot take files at the moment; try again") from error


def nameless(folder: Path | None) -> IO[bytes]:
    """A file that is gone when it is closed, and that can be given a name where that is possible
    at all: what `tempfile` makes cannot."""
    try:
        handle = os.open(folder or tempfile.gettempdir(), os.O_TMPFILE | os.O_RDWR, 0o666)
    except (AttributeError, OSError):  # not Linux, or not this file system
        return tempfile.TemporaryFile(dir=folder, buffering=0)
    return os.fdopen(handle, "w+b", buffering=0)


class _Replay:
    """Gives a spooled body again, in the form the server would, then what comes after it."""

    def __init__(self, body: IO[bytes], size: int, then: Receive, arrived: Arrived | None) -> None:
        self.arrived = arrived
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
