"""Bodies that must be read before they are used: a signature covers the whole body.

A small body is kept in memory, a large one goes through a temporary file; either way
the request afterwards gives the same body to its handler, by `body()` or `stream()`.
"""

import hashlib
import io
import os
import tempfile
from collections.abc import AsyncIterator
from pathlib import Path
from typing import IO, Any

from litestar import Request
from litestar.types import HTTPReceiveMessage, Receive, WebSocketReceiveMessage

from ringtest.control.kernel.errors import BadRequest, TooLarge
from ringtest.control.ports.arriving import Arriving
from ringtest.control.ports.object_store import Arrived, Stored

_IN_MEMORY = 1024 * 1024
_CHUNK = 256 * 1024


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
        stored = await spool.end()
    except BaseException:
        await spool.give_up()
        raise
    request.receive = _Replay(spool.body, size, request.receive, spool.arrived(stored))
    return stored.sha256


def stream(request: Request[Any, Any, Any]) -> AsyncIterator[bytes]:
    """The body of a request, as it comes; or, when it was read and is large, the file that it
    is in, so that nobody reads and writes and digests it again."""
    receive: object = request.receive
    if isinstance(receive, _Replay) and receive.arrived is not None:
        return receive.arrived
    return request.stream()


class _Spool:
    """A body on its way: in memory while it is small, then in a file without a name, which
    goes when the request goes."""

    def __init__(self, folder: Path | None) -> None:
        self.body: IO[bytes] = io.BytesIO()
        self._folder = folder
        self._small: list[bytes] = []
        self._size = 0
        self._arriving: Arriving | None = None

    async def add(self, chunk: bytes) -> None:
        """More of the body; Unavailable when the disk does not take it."""
        self._size += len(chunk)
        if self._size <= _IN_MEMORY:
            self._small.append(chunk)
            return
        if self._arriving is None:
            self._arriving = Arriving(self._open)
        first, self._small = self._small, []
        for piece in (*first, chunk):
            await self._arriving.add(piece)

    async def end(self) -> Stored:
        """There is no more: how many bytes it has, and their digest."""
        if self._arriving is None:
            data = b"".join(self._small)
            self.body.write(data)
            stored = Stored(len(data), hashlib.sha256(data).hexdigest())
        else:
            stored = await self._arriving.end()
        self.body.seek(0)
        return stored

    async def give_up(self) -> None:
        """Nobody wants it."""
        if self._arriving is not None:
            await self._arriving.give_up()

    def arrived(self, stored: Stored) -> Arrived | None:
        """The whole body and its digest, if it is in a file."""
        return None if isinstance(self.body, io.BytesIO) else Arrived(self.body, stored)

    def _open(self) -> IO[bytes]:
        self.body = nameless(self._folder)
        return self.body


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
