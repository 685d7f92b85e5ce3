"""Many rows at once, from one database into another: COPY from here to there.

Two connections of their own, outside of the pool: one that can only read, and sees the same
moment of its database for as long as it is open, and the owner's, for whom policies do not
count. Rows pass through this process in PostgreSQL's binary form, a few chunks at a time.
"""

import asyncio
from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import asynccontextmanager
from typing import Any

import asyncpg

from ringtest.control.kernel.errors import BadRequest, Unavailable

_CHUNKS = 16
"""Pieces of 64 KiB or so that wait between the two databases."""
_REFUSED = (asyncpg.PostgresError, asyncpg.InterfaceError, OSError, ValueError)


class Rows:
    """A connection to a database. SQL and arguments as asyncpg takes them."""

    def __init__(self, connection: asyncpg.Connection) -> None:
        self._connection = connection

    async def fetch(self, sql: str, *args: Any) -> list[asyncpg.Record]:
        """All rows: only where there are few."""
        rows: list[asyncpg.Record] = await self._connection.fetch(sql, *args)
        return rows

    async def fetchrow(self, sql: str, *args: Any) -> asyncpg.Record | None:
        """The first row."""
        return await self._connection.fetchrow(sql, *args)

    async def fetchval(self, sql: str, *args: Any) -> Any:
        """The first value of the first row."""
        return await self._connection.fetchval(sql, *args)

    async def execute(self, sql: str, *args: Any) -> int:
        """Rows touched."""
        last = (await self._connection.execute(sql, *args)).rsplit(" ", 1)[-1]
        return int(last) if last.isdigit() else 0

    async def execute_many(self, sql: str, rows: Sequence[Sequence[Any]]) -> None:
        """The same statement for every row."""
        await self._connection.executemany(sql, rows)

    @asynccontextmanager
    async def transaction(self) -> AsyncIterator[None]:
        """Everything inside happens at once, or not at all."""
        async with self._connection.transaction():
            yield

    async def copy_from(
        self, source: "Rows", query: str, *args: Any, into: str, columns: Sequence[str]
    ) -> int:
        """Write what `query` of `source` answers into a table here; how many rows.

        The types of the query's columns must be exactly those of the table's.
        """
        pieces: asyncio.Queue[bytes] = asyncio.Queue(_CHUNKS)

        async def read() -> None:
            await source._connection.copy_from_query(
                query, *args, output=pieces.put, format="binary"
            )

        async def feed() -> AsyncIterator[bytes]:
            while not (reading.done() and pieces.empty()):
                waiting = asyncio.ensure_future(pieces.get())
                await asyncio.wait({reading, waiting}, return_when=asyncio.FIRST_COMPLETED)
                if not waiting.done():
                    waiting.cancel()
                    continue
                yield waiting.result()
            await reading  # what broke there breaks here too, before anything is written

        reading = asyncio.ensure_future(read())
        try:
            tag: str = await self._connection.copy_to_table(
                into, source=feed(), columns=list(columns), format="binary"
            )
        finally:
            reading.cancel()
            await asyncio.gather(reading, return_exceptions=True)
        return int(tag.rsplit(" ", 1)[-1])


@asynccontextmanager
async def open_snapshot(dsn: str) -> AsyncIterator[Rows]:
    """A database that is read as it is at this moment, and cannot be written to.

    BadRequest when there is none at `dsn`; no password is repeated.
    """
    async with _connected(dsn, {"timezone": "UTC", "default_transaction_read_only": "on"}) as link:
        await link.execute("BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY")
        yield Rows(link)


@asynccontextmanager
async def open_owner(dsn: str) -> AsyncIterator[Rows]:
    """The database of this server, as the owner of its tables."""
    async with _connected(dsn, {"timezone": "UTC", "statement_timeout": "0"}) as link:
        yield Rows(link)


@asynccontextmanager
async def _connected(dsn: str, settings: Mapping[str, str]) -> AsyncIterator[asyncpg.Connection]:
    try:
        link: asyncpg.Connection = await asyncpg.connect(
            dsn, server_settings=dict(settings), command_timeout=None, timeout=30
        )
    except TimeoutError as error:
        raise Unavailable("the database does not answer") from error
    except _REFUSED as error:
        raise BadRequest(f"the database cannot be opened: {error}") from error
    try:
        yield link
    finally:
        try:
            await link.close(timeout=10)
        except _REFUSED:
            link.terminate()
