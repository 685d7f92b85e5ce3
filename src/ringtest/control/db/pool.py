"""Connections and transactions. Nothing else in the server talks to PostgreSQL."""

import contextvars
from collections.abc import AsyncIterator, Iterable, Sequence
from contextlib import asynccontextmanager, suppress
from datetime import datetime
from typing import Any
from uuid import UUID

import asyncpg
import msgspec

from ringtest.control.db import audits
from ringtest.control.db.changes import Changes, Footprint, Memory
from ringtest.control.db.keyed import Keyed
from ringtest.control.db.reading import settled
from ringtest.control.db.statements import Statements
from ringtest.control.kernel.clock import Clock, SystemClock
from ringtest.control.kernel.errors import (
    BadRequest,
    Conflict,
    NotFound,
    RingtestError,
    Unauthorised,
    Unavailable,
)
from ringtest.control.kernel.events import EventType, consumers_of
from ringtest.control.kernel.tenant import Tenant
from ringtest.control.wire import context, measures

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
    measures.STATEMENTS.inc()
    counter = statements.get(None)
    if counter is not None:
        counter[0] += 1


class Transaction:
    """One transaction for one tenant at one moment (`now`, naive UTC)."""

    def __init__(
        self, connection: asyncpg.Connection, tenant: Tenant, now: datetime, footprint: Footprint
    ) -> None:
        self._connection = connection
        self.tenant = tenant
        self.now = now
        self.footprint = footprint
        self._notes: list[audits.Note] = []
        self._subject_id: UUID | None = None
        self._team_id: UUID | None = None

    def note(self, note: audits.Note) -> None:
        """Say what this transaction does, for GET /audits: written with its COMMIT.

        A request that says nothing is noted under the name of its route.
        """
        self._notes.append(note)

    def concern(self, subject_id: UUID, team_id: UUID | None) -> None:
        """Name what a request without an id in its address is about; the first one counts."""
        if self._subject_id is None:
            self._subject_id, self._team_id = subject_id, team_id

    def notes_sql(self) -> str:
        """What goes before COMMIT: the notes of this transaction, or nothing."""
        request = context.current.get()
        if self._notes:
            if request is not None:
                request.is_noted = True
            return audits.noted_sql(self._notes, self.now, request) + ";"
        if request is None or request.is_noted or not request.is_audited:
            return ""
        if not self.tenant.may_write:
            return ""
        return audits.changed_sql(request, self.now, self._subject_id, self._team_id) + ";"

    def _saw(self, sql: str) -> None:
        _count()
        self.footprint.saw(sql)

    async def fetch(self, sql: str, *args: Any) -> list[asyncpg.Record]:
        self._saw(sql)
        rows: list[asyncpg.Record] = await self._connection.fetch(sql, *args)
        return rows

    async def fetchrow(self, sql: str, *args: Any) -> asyncpg.Record | None:
        self._saw(sql)
        return await self._connection.fetchrow(sql, *args)

    async def fetchval(self, sql: str, *args: Any) -> Any:
        self._saw(sql)
        return await self._connection.fetchval(sql, *args)

    async def execute(self, sql: str, *args: Any) -> int:
        """Rows touched."""
        self._saw(sql)
        tag = await self._connection.execute(sql, *args)
        last = tag.rsplit(" ", 1)[-1]
        return int(last) if last.isdigit() else 0

    async def execute_many(self, sql: str, rows: Iterable[Sequence[Any]]) -> None:
        self._saw(sql)
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
        if self._subject_id is None and payload:
            with suppress(ValueError):  # an event's first word is what it is about
                self.concern(UUID(str(next(iter(payload.values())))), team_id)
        self._team_id = self._team_id or team_id
        return event.value, payload, team_id, topic_id, self.now, consumers_of(event)

    async def notify(self, channel: str, payload: str) -> None:
        """A wake-up that may be lost; never the only copy of anything."""
        await self.execute("SELECT pg_notify($1, $2)", channel, payload)


class Reading(Transaction):
    """Looks like a transaction to who reads; each of its queries is one by itself."""

    def __init__(
        self, connection: asyncpg.Connection, tenant: Tenant, now: datetime, footprint: Footprint
    ) -> None:
        super().__init__(connection, tenant, now, footprint)
        self._settings = tenant.settings()

    async def fetch(self, sql: str, *args: Any) -> list[asyncpg.Record]:
        self._saw(sql)
        rows: list[asyncpg.Record] = await self._connection.fetch(
            settled(sql, len(args)), *args, self._settings
        )
        return rows

    async def fetchrow(self, sql: str, *args: Any) -> asyncpg.Record | None:
        self._saw(sql)
        return await self._connection.fetchrow(settled(sql, len(args)), *args, self._settings)

    async def fetchval(self, sql: str, *args: Any) -> Any:
        self._saw(sql)
        return await self._connection.fetchval(settled(sql, len(args)), *args, self._settings)

    async def execute(self, sql: str, *args: Any) -> int:
        raise NotImplementedError("a reading changes nothing")

    async def execute_many(self, sql: str, rows: Iterable[Sequence[Any]]) -> None:
        raise NotImplementedError("a reading changes nothing")

    def note(self, note: audits.Note) -> None:
        raise NotImplementedError("a reading has nothing to note")


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


def _is_gone(connection: asyncpg.Connection) -> bool:
    try:
        gone: bool = connection.is_closed()
    except asyncpg.InterfaceError:  # so much so that the pool took it back
        return True
    return gone


class Database:
    """A pool of application connections and the clock of its transactions.

    jsonb comes back as text, ready to be sent on; pass Python values or text in.
    """

    def __init__(self, pool: asyncpg.Pool, dsn: str, clock: Clock, memory: Memory) -> None:
        self._pool = pool
        self.dsn = dsn
        self.clock = clock
        self.memory = memory

    @property
    def changes(self) -> Changes:
        """When tables changed (`db.changes` says how to remember what was read)."""
        return self.memory.changes

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
        async with pool.acquire() as connection:
            statements = await Statements.load(connection)
        return cls(pool, dsn, clock or SystemClock(), Memory(statements))

    async def close(self) -> None:
        await self._pool.close()

    def pool_use(self) -> tuple[int, int, int]:
        """Connections open, of these idle, and how many there may be."""
        pool = self._pool
        return pool.get_size(), pool.get_idle_size(), pool.get_max_size()

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

        Within a request that has an Idempotency-Key, all of them are one, which ends with
        the request's answer (`db.keyed`). What PostgreSQL refuses becomes the error a caller
        can act on; a database that went away is `Unavailable`, which clients retry.
        """
        request = context.current.get()
        claim = request.claim_now() if request is not None and tenant.may_write else None
        try:
            if claim is not None:
                async with self._keyed(claim, tenant) as tx:
                    yield tx
            else:
                async with self._connection() as connection:
                    _count()
                    await connection.execute(tenant.begin_sql())
                    footprint = Footprint(self.memory, self.changes.moment())
                    tx = Transaction(connection, tenant, self.clock.now(), footprint)
                    try:
                        yield tx
                    except BaseException as error:
                        if not await _roll_back(connection) and isinstance(error, _CUT):
                            raise Unavailable(_UNREACHABLE) from error
                        raise
                    _count()
                    try:
                        await connection.execute(f"{tx.notes_sql()}COMMIT")
                    finally:  # also when nobody knows whether it happened
                        self.changes.wrote(footprint.writes)
        except (asyncpg.PostgresError, *_LOST) as error:
            known = _understood(error)
            if known is None:
                raise
            raise known from error

    @asynccontextmanager
    async def reading(self, tenant: Tenant) -> AsyncIterator[Transaction]:
        """For queries alone: as a transaction, without the round trips of BEGIN and COMMIT.

        Each query sees what is committed when it begins, as in `transaction`. Nothing can be
        changed or locked in it. Of a request whose transactions are one it is part of that.
        """
        request = context.current.get()
        if request is not None and request.claim is not None:
            async with self.transaction(tenant) as tx:
                yield tx
            return
        try:
            async with self._connection() as connection:
                footprint = Footprint(self.memory, self.changes.moment())
                try:
                    yield Reading(connection, tenant, self.clock.now(), footprint)
                except _CUT as error:
                    if _is_gone(connection):
                        raise Unavailable(_UNREACHABLE) from error
                    raise
        except (asyncpg.PostgresError, *_LOST) as error:
            known = _understood(error)
            if known is None:
                raise
            raise known from error

    async def call(
        self, tenant: Tenant, sql: str, *args: Any, writes: frozenset[str]
    ) -> asyncpg.Record | None:
        """One statement that is a transaction of its own: one round trip instead of three.

        `sql` calls a function that sets its first argument (`Tenant.settings`) and notes its
        second (`audits.note_of_call`); `writes` names what it changes as `db.changes` does.
        Only for tenants that may write, and where `is_alone` says so.
        """
        note = audits.note_of_call(context.current.get())
        try:
            async with self._connection() as connection:
                _count()
                try:
                    return await connection.fetchrow(sql, tenant.settings(), note, *args)
                finally:  # also when nobody knows whether it happened
                    self.changes.wrote(writes)
        except (asyncpg.PostgresError, *_LOST) as error:
            known = _understood(error)
            if known is None:
                raise
            raise known from error
        except _CUT as error:
            raise Unavailable(_UNREACHABLE) from error

    @staticmethod
    def is_alone(tenant: Tenant) -> bool:
        """Whether a statement may be a transaction of its own: no key holds one open, and what
        may not write is stopped by a transaction that is read-only."""
        request = context.current.get()
        return tenant.may_write and (request is None or request.claim_now() is None)

    @asynccontextmanager
    async def _keyed(self, claim: context.Claim, tenant: Tenant) -> AsyncIterator[Transaction]:
        """A part of the one transaction of a keyed request."""
        held = claim.held
        if not isinstance(held, Keyed):
            held = claim.held = await self._hold(claim, tenant)
        outer = held.tenant
        if outer != tenant:
            await held.become(tenant)
        footprint = Footprint(self.memory, None)
        tx = Transaction(held.connection, tenant, self.clock.now(), footprint)
        try:
            yield tx
        except BaseException as error:
            if not await held.abandon() and isinstance(error, _CUT):
                raise Unavailable(_UNREACHABLE) from error
            raise
        held.note(tx.notes_sql())
        held.writes |= footprint.writes
        if outer != tenant:
            await held.become(outer)

    async def _hold(self, claim: context.Claim, tenant: Tenant) -> Keyed:
        try:
            connection = await self._pool.acquire()
        except OSError as error:
            raise Unavailable(_UNREACHABLE) from error

        async def release(connection: asyncpg.Connection) -> None:
            self.changes.wrote(held.writes)
            await self._pool.release(connection)

        held = Keyed(connection, release, claim, tenant)
        try:
            _count()
            await held.begin(self.clock.now())
        except BaseException:
            await held.abandon()
            raise
        return held

    async def note_refusal(self, request: context.RequestContext) -> None:
        """Keep that somebody tried what is not permitted."""
        _count()
        await self._pool.execute(audits.refused_sql(request, self.clock.now()))

    async def ask(self, sql: str, *args: Any) -> Any:
        """One value from one statement with no tenant: for the rt_identity functions only."""
        try:
            _count()
            return await self._pool.fetchval(sql, *args)
        except (*_LOST, OSError) as error:
            raise Unavailable(_UNREACHABLE) from error


def _understood(error: BaseException) -> RingtestError | None:
    """What a refusal of PostgreSQL means to a caller; None: that the server made a mistake.

    A unique violation is a `Conflict` (two writers met, and one lost), a policy
    `Unauthorised`, a reference to nothing `NotFound`, a value it cannot hold `BadRequest`.
    """
    match error:
        case asyncpg.UniqueViolationError():
            return Conflict("already exists", constraint=error.constraint_name)
        case asyncpg.InsufficientPrivilegeError():
            return Unauthorised()
        case asyncpg.ReadOnlySQLTransactionError():
            return Unauthorised("this token may only read")
        case asyncpg.ForeignKeyViolationError():
            return NotFound("it refers to something that does not exist")
        case asyncpg.InvalidRegularExpressionError():
            why = str(error).removeprefix("invalid regular expression: ")
            return BadRequest(f"a pattern of the query is no regular expression: {why}")
        case asyncpg.DataError():
            return BadRequest("a value is out of range or cannot be stored")
        case asyncpg.ProgramLimitExceededError():
            return BadRequest("a name is too long to be found again: shorten it")
        case asyncpg.LockNotAvailableError():
            return Unavailable("another request holds what this one needs; try again")
        case _ if isinstance(error, _LOST):
            return Unavailable(_UNREACHABLE)
        case _:
            return None
