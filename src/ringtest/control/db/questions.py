"""Transactions of questions over many rows: they read, and have an end."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import asyncpg

from ringtest.control.db.pool import Database, Transaction
from ringtest.control.kernel.errors import BadRequest
from ringtest.control.kernel.tenant import Tenant

PATIENCE_MS = 20_000
"""A statement of a question that takes longer is ended."""
_SLOW = "this question takes too long: narrow it down, by from and to for example"


@asynccontextmanager
async def asking(db: Database, tenant: Tenant) -> AsyncIterator[Transaction]:
    """A transaction in which each statement has `PATIENCE_MS`; 400 when one takes longer."""
    try:
        async with db.transaction(tenant) as tx:
            await tx.execute(f"SET LOCAL statement_timeout = {PATIENCE_MS}")
            yield tx
    except asyncpg.QueryCanceledError as error:
        raise BadRequest(_SLOW, limit_ms=PATIENCE_MS) from error
