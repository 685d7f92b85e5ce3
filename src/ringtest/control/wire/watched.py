"""An object store whose failures are counted."""

from collections.abc import AsyncIterator, Iterator
from contextlib import contextmanager
from typing import Any

from ringtest.control.kernel.errors import Unavailable
from ringtest.control.ports.object_store import Listed, ObjectStore, Stored
from ringtest.control.wire import measures


class WatchedStore:
    """Passes everything on. What the caller did wrong is no failure of the store."""

    def __init__(self, store: ObjectStore) -> None:
        self._store = store

    def __getattr__(self, name: str) -> Any:
        return getattr(self._store, name)

    async def put(self, key: str, chunks: AsyncIterator[bytes], *, limit: int) -> Stored:
        """See `ports.object_store`."""
        with _counting("put"):
            return await self._store.put(key, chunks, limit=limit)

    async def get(
        self, key: str, *, start: int = 0, end: int | None = None
    ) -> AsyncIterator[bytes]:
        """See `ports.object_store`."""
        with _counting("get"):
            async for chunk in self._store.get(key, start=start, end=end):
                yield chunk

    async def delete(self, key: str) -> None:
        """See `ports.object_store`."""
        with _counting("delete"):
            await self._store.delete(key)

    async def list(self, after: str = "") -> AsyncIterator[Listed]:
        """See `ports.object_store`."""
        with _counting("list"):
            async for listed in self._store.list(after):
                yield listed

    async def presign(self, key: str, *, seconds: int, method: str = "GET") -> str | None:
        """See `ports.object_store`."""
        with _counting("presign"):
            return await self._store.presign(key, seconds=seconds, method=method)


@contextmanager
def _counting(call: str) -> Iterator[None]:
    try:
        yield
    except (Unavailable, OSError):
        measures.OBJECT_ERRORS.labels(call).inc()
        raise
