"""Where bytes live: uploaded files, component files, sealed log frames."""

from collections.abc import AsyncIterator
from dataclasses import dataclass
from typing import Protocol, runtime_checkable


@dataclass(frozen=True, slots=True)
class Stored:
    """What `put` wrote. Digests are lower-case hex."""

    size: int
    sha256: str
    md5: str


@runtime_checkable
class ObjectStore(Protocol):
    """Keys are relative paths of our own making, e.g. `<team>/<job>/<file>`."""

    async def put(self, key: str, chunks: AsyncIterator[bytes], *, limit: int) -> Stored:
        """Store a stream under `key`: whole and durable, or not at all.

        More than `limit` bytes: TooLarge, and nothing is kept. An existing key is replaced.
        """
        ...

    def get(self, key: str, *, start: int = 0, end: int | None = None) -> AsyncIterator[bytes]:
        """Bytes `start` to `end` (exclusive; None: to the end) in chunks. NotFound if absent."""
        ...

    async def delete(self, key: str) -> None:
        """Remove; absent is fine."""
        ...
