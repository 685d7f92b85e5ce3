"""Connections and transactions. Nothing else in the server talks to PostgreSQL."""

import contextvars
from collections.abc import AsyncIterator, Iterable, Sequence
from contextlib import asynccontextmanager
from datetime import datetime
from typing import Any
from uuid import UUID

import asyncpg
import msgspec

from ringtest.control.kernel.clock import Clock, SystemClock
from ringtest.control.kernel.errors import (
    BadRequest,
    Conflict,
    NotFound,
    Unauthorised,
    Unavailable,
)
from ringtest.control.kernel.events import EventType, consumers_of
from ringtest.control.kernel.tenant import Tenant

APPLICATION_ROLE = "ringtest_app"
"""What every pooled connection becomes: owns nothing, bypasses no policy."""

statements: contextvars.ContextVar[list[int]] = contextvars.ContextVar("statements")
"""A one-element counter of the SQL statements of the current request, if anyone set it."""

_LOST = (
    asyncpg.PostgresConnectionError,
    asyncpg.AdminShutdownError,
    asyncpg.CrashShutdownError,
    asyncpg.CannotConnectNowError,
    ConnectionError,
)
_CUT = (asyncpg.InterfaceError, asyncpg.InternalClientError)
"""What asyncpg says of a connection whose server went away between or within its steps."""
_UNREACHABLE = "the database is not reachable; try again"


def _count() -> None:
    counter = statements.get(None)
    if counter is not None:
        counter[0] += 1


class Transaction:
    """One transaction for one tenant at one moment (`now`, naive UTC)."""

    def __init__(self, connection: asyncpg.Connection, tenant: Tenant, now: datetime) -> None:
        self._connection = connection
        self.tenant = tenant
        self.now = now

    async def fetch(self, sql: str, *args: Any) -> list[asyncpg.Record]:
        _count()
        rows: list[asyncpg.Record] = await self._connection.fetch(sql, *args)
        return rows

    async def fetchrow(self, sql: str, *args: Any) -> asyncpg.Record | None:
        _count()
        return await self._connection.fetchrow(sql, *args)

    async def fetchval(self, sql: str, *args: Any) -> Any:
        _count()
        return await self._connection.fetchval(sql, *args)

    async def execute(self, sql: str, *args: Any) -> int:
        """Rows touched."""
        _count()
        tag = await self._connection.execute(sql, *args)
        last = tag.rsplit(" ", 1)[-1]
        return int(last) if last.isdigit() else 0

    async def execute_many(self, sql: str, rows: Iterable[Sequence[Any]]) -> None:
        _count()
        await self._connection.executemany(sql, rows)

    async def add_event(
        self, event: EventType, *, team_id: UUID | None, topic_id: UUID | None, **payload: Any
    ) -> int:
        """Tell what this transaction did; readers learn of it if and only if it commits.

        `team_id` and `topic_id` say who may see the event; a row of neither is for
        those who read everything. Returns the event's number.
        """
        told = self.event(event, team_id=team_id, topic_id=topic_id, **payload)
        number: int = await self.fetchval(
            "SELECT rt_add_event($1, $2::jsonb, $3, $4, $5, $6)", *told
        )
        return number

    def event(
        self, event: EventType, *, team_id: UUID | None, topic_id: UUID | None, **payload: Any
    ) -> tuple[Any, ...]:
        """The six arguments of `rt_add_event`, for a statement that tells what it does."""
        return event.value, payload, team_id, topic_id, self.now, consumers_of(event)

    async def notify(self, channel: str, payload: str) -> None:
        """A wake-up that may be lost; never the only copy of anything."""
        await self.execute("SELECT pg_notify($1, $2)", channel, payload)


_encoder = msgspec.json.Encoder()


def _encode_json(value: Any) -> str:
    return value if isinstance(value, str) else _encoder.encode(value).decode()


async def _prepare(connection: asyncpg.Connection) -> None:
    for kind in ("json", "jsonb"):
        await connection.set_type_codec(
            kind, encoder=_encode_json, decoder=lambda text: text, schema="pg_catalog"
        )
    await connection.execute(f"SET ROLE {APPLICATION_ROLE}")


async def _release(connection: asyncpg.Connection) -> None:
    """Transactions leave nothing behind, so nothing is reset; one left open is cut off.

    A connection that kept a tenant's settings must never serve another tenant.
    """
    if connection.is_in_transaction():
        connection.terminate()


async def _roll_back(connection: asyncpg.Connection) -> bool:
    """False when there is no connection left to do it on: then PostgreSQL did it."""
    try:
        await connection.execute("ROLLBACK")
    except (*_CUT, *_LOST):
        return False
    return True


class Database:
    """A pool of application connections and the clock of its transactions.

    jsonb comes back as text, ready to be sent on; pass Python values or text in.
    """

    def __init__(self, pool: asyncpg.Pool, dsn: str, clock: Clock) -> None:
        self._pool = pool
        self.dsn = dsn
        self.clock = clock

    @classmethod
    async def connect(
        cls, dsn: str, *, clock: Clock | None = None, connections: int = 10
    ) -> "Database":
        """Open the pool; the schema must be there (`db.migrate`)."""
        pool = await asyncpg.create_pool(
            dsn,
            min_size=1,
            max_size=connections,
            init=_prepare,
            reset=_release,
            command_timeout=60,
        )
        return cls(pool, dsn, clock or SystemClock())

    async def close(self) -> None:
        await self._pool.close()

    @asynccontextmanager
    async def _connection(self) -> AsyncIterator[asyncpg.Connection]:
        try:
            connection = await self._pool.acquire()
        except OSError as error:  # connecting fails in more ways than a connection does
            raise Unavailable(_UNREACHABLE) from error
        try:
            yield connection
        finally:
            await self._pool.release(connection)

    @asynccontextmanager
    async def transaction(self, tenant: Tenant) -> AsyncIterator[Transaction]:
        """Everything inside happens at once, or not at all.

        What PostgreSQL refuses becomes the error a caller can act on: a unique violation
        `Conflict` (two writers met, and one lost), a policy `Unauthorised`, a reference to
        nothing `NotFound`, a value it cannot hold `BadRequest`; a database that went away
        `Unavailable`, which clients retry.
        """
        try:
            async with self._connection() as connection:
                _count()
                await connection.execute(tenant.begin_sql())
                try:
                    yield Transaction(connection, tenant, self.clock.now())
                except BaseException as error:
                    if not await _roll_back(connection) and isinstance(error, _CUT):
                        raise Unavailable(_UNREACHABLE) from error
                    raise
                _count()
                await connection.execute("COMMIT")
        except asyncpg.UniqueViolationError as error:
            raise Conflict("already exists", constraint=error.constraint_name) from error
        except asyncpg.InsufficientPrivilegeError as error:
            raise Unauthorised from error
        except asyncpg.ReadOnlySQLTransactionError as error:
            raise Unauthorised("this token may only read") from error
        except asyncpg.ForeignKeyViolationError as error:
            raise NotFound("it refers to something that does not exist") from error
        except asyncpg.DataError as error:
            raise BadRequest("a value is out of range or cannot be stored") from error
        except asyncpg.ProgramLimitExceededError as error:
            raise BadRequest("a name is too long to be found again: shorten it") from error
        except _LOST as error:
            raise Unavailable(_UNREACHABLE) from error

    async def ask(self, sql: str, *args: Any) -> Any:
        """One value from one statement with no tenant: for the rt_identity functions only."""
        try:
            _count()
            return await self._pool.fetchval(sql, *args)
        except (*_LOST, OSError) as error:
            raise Unavailable(_UNREACHABLE) from error
