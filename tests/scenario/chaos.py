"""Faults for the scenario world: a process that dies at a statement, a network that loses."""

import random
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from typing import Any

import asyncpg
import httpx

from ringtest.control.db.pool import Database, Transaction
from ringtest.control.kernel.tenant import Tenant


class Killed(BaseException):
    """The process is gone, here and now: nobody may handle this but the scenario."""


class Fuse:
    """Burns down by one at every step of the database; at zero the process is killed."""

    def __init__(self) -> None:
        self._left: int | None = None
        self.kills = 0

    def light(self, steps: int) -> None:
        self._left = steps

    def put_out(self) -> None:
        self._left = None

    def burn(self) -> None:
        if self._left is None:
            return
        self._left -= 1
        if self._left < 0:
            self._left = None
            self.kills += 1
            raise Killed


class FragileTransaction(Transaction):
    """A transaction whose process may die before any statement."""

    def __init__(self, inner: Transaction, fuse: Fuse) -> None:
        super().__init__(inner._connection, inner.tenant, inner.now, inner.footprint)
        self._notes = inner._notes
        self._fuse = fuse

    async def fetch(self, sql: str, *args: Any) -> list[asyncpg.Record]:
        self._fuse.burn()
        return await super().fetch(sql, *args)

    async def fetchrow(self, sql: str, *args: Any) -> asyncpg.Record | None:
        self._fuse.burn()
        return await super().fetchrow(sql, *args)

    async def fetchval(self, sql: str, *args: Any) -> Any:
        self._fuse.burn()
        return await super().fetchval(sql, *args)

    async def execute(self, sql: str, *args: Any) -> int:
        self._fuse.burn()
        return await super().execute(sql, *args)


class FragileDatabase(Database):
    """A pool whose process may die before any statement, before and after any commit."""

    fuse: Fuse

    @asynccontextmanager
    async def transaction(self, tenant: Tenant) -> AsyncIterator[Transaction]:
        async with super().transaction(tenant) as tx:
            yield FragileTransaction(tx, self.fuse)
            self.fuse.burn()
        self.fuse.burn()


class LossyTransport(httpx.AsyncBaseTransport):
    """Loses requests before they arrive and answers after they were made, half and half; what
    arrived of a lab's may arrive once more, after others that were sent later."""

    def __init__(self, inner: httpx.AsyncBaseTransport, rng: random.Random) -> None:
        self._inner = inner
        self._rng = rng
        self.loss = 0.0
        self._late: list[httpx.Request] = []

    async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
        await self._deliver_late(request)
        dice = self._rng.random()
        if dice < self.loss / 2:
            raise httpx.ConnectError("request lost", request=request)
        try:
            response = await self._inner.handle_async_request(request)
        except Killed:
            raise httpx.ReadError("server killed", request=request) from None
        if dice < self.loss:
            raise httpx.ReadError("answer lost", request=request)
        return response

    async def _deliver_late(self, request: httpx.Request) -> None:
        """A copy of an earlier request arrives, and nobody hears the answer."""
        if self.loss and self._late and self._rng.random() < self.loss / 3:
            late = self._late.pop(self._rng.randrange(len(self._late)))
            with suppress(Killed):
                await self._inner.handle_async_request(late)
        if request.url.path.endswith(("/records", "/files")) and self._rng.random() < self.loss:
            await request.aread()
            self._late.append(
                httpx.Request(
                    request.method, request.url, headers=request.headers, content=request.content
                )
            )
