"""Bodies that must be read before they are used: a signature covers the whole body.

A small body is kept in memory, a large one goes through a temporary file; either way
the request afterwards gives the same body to its handler, by `body()` or `stream()`.
"""

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


async def digest_body(
    request: Request[Any, Any, Any], *, limit: int, folder: Path | None = None
) -> str:
    """Hex SHA-256 of the body; more than `limit` bytes: TooLarge.

    `folder` holds the temporary file of a large body; it has no name and goes away
    with the request.
    """
    digest = hashlib.sha256()
    body: IO[bytes] = io.BytesIO()
    size = 0
    more = True
    while more:
        message = await request.receive()
        if message["type"] != "http.request":
            raise BadRequest("the client went away before its body was complete")
        size += len(message["body"])
        if size > limit:
            raise TooLarge(f"the body may have at most {limit} bytes", limit=limit)
        if size > _IN_MEMORY and isinstance(body, io.BytesIO):
            body = _on_disk(body, folder)
        digest.update(message["body"])
        body.write(message["body"])
        more = message.get("more_body", False)
    body.seek(0)
    request.receive = _Replay(body, size, request.receive)
    return digest.hexdigest()


def _on_disk(body: io.BytesIO, folder: Path | None) -> IO[bytes]:
    """A file without a name; it goes when the request, which owns it from now on, goes."""
    file = tempfile.TemporaryFile(dir=folder)  # noqa: SIM115
    file.write(body.getvalue())
    return file


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
