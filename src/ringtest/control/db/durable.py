"""Commits that come together reach the disk together.

A commit that notifies holds the one lock of all notifications until it is on disk, so such
commits would wait for the disk one after the other: some hundred a second, however many
processors there are. Of those that come while another is under way, each commits without
waiting for the disk, and one flush afterwards makes all of them durable before anybody is
answered. A single one commits as ever. Until the flush, others may read what a crash of
PostgreSQL undoes; whoever was told that it happened keeps it.
"""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import asyncpg

LATER = "SET LOCAL synchronous_commit=off;"
"""Before COMMIT: do not wait for the disk."""
_FLUSH = "SELECT pg_logical_emit_message(true, 'ringtest', '')"
"""The smallest transaction that writes, and so waits until all before it is on disk."""


class Commits:
    """Those of one process on one database."""

    def __init__(self) -> None:
        self._under_way = 0
        self._flushing = asyncio.Lock()
        self._begun = 0  # flushes that were begun, by number
        self._done = 0  # the last one that succeeded

    @asynccontextmanager
    async def one(self, connection: asyncpg.Connection) -> AsyncIterator[bool]:
        """A commit, inside; whether it must not wait for the disk. Durable at the end."""
        together = self._under_way > 0
        self._under_way += 1
        try:
            yield together
        finally:
            self._under_way -= 1
        if together:
            await self._flush(connection)

    async def _flush(self, connection: asyncpg.Connection) -> None:
        """Returns when a flush that was begun from now on has succeeded."""
        mine = self._begun + 1
        async with self._flushing:
            if self._done < mine:
                self._begun += 1
                number = self._begun
                await connection.execute(_FLUSH)
                self._done = number
