"""Where bytes live: uploaded files, component files, sealed log frames."""

import asyncio
import os
import re
from collections.abc import AsyncIterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import IO, Protocol, runtime_checkable

from ringtest.control.kernel.errors import BadRequest

_SEGMENT = re.compile(r"[A-Za-z0-9_][A-Za-z0-9_.+@=-]{0,199}")
_KEY_LIMIT = 1000
_CHUNK = 1024 * 1024


@dataclass(frozen=True, slots=True)
class Stored:
    """What `put` wrote. The digest is lower-case hex."""

    size: int
    sha256: str


@dataclass(frozen=True, slots=True)
class Listed:
    """An object that is there: its key, its bytes, and for how many seconds."""

    key: str
    size: int
    age: float


class Arrived(AsyncIterator[bytes]):
    """A stream that has come whole: its bytes are in a file without a name, its digest known.

    It can be read like any other, once. A store may take the file itself instead.
    """

    def __init__(self, file: IO[bytes], stored: Stored) -> None:
        self.file = file
        self.stored = stored
        file.seek(0)

    async def __anext__(self) -> bytes:
        chunk = await asyncio.to_thread(self.file.read, _CHUNK)
        if not chunk:
            raise StopAsyncIteration
        return chunk


async def put_back(first: Sequence[bytes], rest: AsyncIterator[bytes]) -> AsyncIterator[bytes]:
    """A stream whose beginning was looked at, from its beginning."""
    for chunk in first:
        yield chunk
    async for chunk in rest:
        yield chunk


def flush_ahead(handle: int, start: int, size: int) -> None:
    """Tell the disk to write these bytes of a file while the next ones come, so that flushing
    at the end has little left to wait for. A hint: where it is not understood nothing happens.
    """
    if hasattr(os, "posix_fadvise"):  # what is dirty is not dropped, only begun to be written
        os.posix_fadvise(handle, start, size, os.POSIX_FADV_DONTNEED)


def check_key(key: str) -> str:
    """The key, if it is one; BadRequest. Keys are plain relative paths on every store.

    >>> check_key("team/job/lib-1.2.whl")
    'team/job/lib-1.2.whl'
    >>> check_key("a/../b")
    Traceback (most recent call last):
    ringtest.control.kernel.errors.BadRequest: not a key of an object: 'a/../b'
    """
    if len(key) > _KEY_LIMIT or not all(_SEGMENT.fullmatch(part) for part in key.split("/")):
        raise BadRequest(f"not a key of an object: {key[:80]!r}")
    return key


@runtime_checkable
class ObjectStore(Protocol):
    """Keys are relative paths of our own making, e.g. `<team>/<job>/<file>`."""

    async def put(self, key: str, chunks: AsyncIterator[bytes], *, limit: int) -> Stored:
        """Store a stream under `key`: whole and durable when this returns, else not at all.

        More than `limit` bytes: TooLarge, and nothing is kept. An existing key is replaced.
        What has `Arrived` need not be read again.
        """
        ...

    def get(self, key: str, *, start: int = 0, end: int | None = None) -> AsyncIterator[bytes]:
        """Bytes `start` to `end` (exclusive; None: to the end) in chunks. NotFound if absent."""
        ...

    async def delete(self, key: str) -> None:
        """Remove; absent is fine."""
        ...

    def list(self, after: str = "") -> AsyncIterator[Listed]:
        """Every object whose key is greater than `after`, in the order of keys (code points).

        What is put or deleted meanwhile may be there or not.
        """
        ...

    async def presign(self, key: str, *, seconds: int, method: str = "GET") -> str | None:
        """An address that gives the object to whoever has it, for so long; absent objects
        have one too. None: this store is not reachable but through the server."""
        ...


def path_of(store: ObjectStore, key: str) -> Path | None:
    """The file of an object in a store whose objects are files of this machine, whether it is
    there or not; None: they are not. Nobody writes to it."""
    path = getattr(store, "path", None)
    found: Path | None = path(check_key(key)) if path else None
    return found
