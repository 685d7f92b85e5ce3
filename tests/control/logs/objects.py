"""An object store in memory that can be cut off at any moment."""

import hashlib
from collections.abc import AsyncIterator

from ringtest.control.kernel.errors import NotFound, TooLarge
from ringtest.control.ports.object_store import Listed, Stored


class PowerCut(Exception):
    """The process died here."""


class MemoryObjects:
    """Objects by key. `cut` names the moment of the next power cut: before or after a put."""

    def __init__(self) -> None:
        self.kept: dict[str, bytes] = {}
        self.cut = ""
        self.puts = 0

    async def put(self, key: str, chunks: AsyncIterator[bytes], *, limit: int) -> Stored:
        data = b"".join([chunk async for chunk in chunks])
        if len(data) > limit:
            raise TooLarge("too large", limit=limit)
        self._maybe_cut("before")
        self.kept[key] = data
        self.puts += 1
        self._maybe_cut("after")
        return Stored(len(data), hashlib.sha256(data).hexdigest())

    def _maybe_cut(self, moment: str) -> None:
        if self.cut == moment:
            self.cut = ""
            raise PowerCut

    async def get(
        self, key: str, *, start: int = 0, end: int | None = None
    ) -> AsyncIterator[bytes]:
        if key not in self.kept:
            raise NotFound("no such object")
        data = self.kept[key][start:end]
        for position in range(0, len(data), 1000):
            yield data[position : position + 1000]

    async def delete(self, key: str) -> None:
        self.kept.pop(key, None)

    async def presign(self, key: str, *, seconds: int, method: str = "GET") -> str | None:
        return None

    # last, so that `list` means the type above
    async def list(self, after: str = "") -> AsyncIterator[Listed]:
        for key in sorted(self.kept):
            if key > after:
                yield Listed(key, len(self.kept[key]), 0.0)
