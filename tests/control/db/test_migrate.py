"""The schema: applied once, by whoever comes first."""

import asyncio

import asyncpg

from ringtest.control.db.launcher import Postgres
from ringtest.control.db.migrate import migrate


async def test_a_second_migration_applies_nothing(database_url: str) -> None:
    assert await migrate(database_url) == []


async def test_servers_that_start_together_migrate_once(postgres: Postgres) -> None:
    admin: asyncpg.Connection = await asyncpg.connect(postgres.dsn("postgres", "postgres"))
    try:
        await admin.execute("CREATE DATABASE together OWNER ringtest_owner")
        dsn = postgres.dsn("ringtest_owner", "together")
        applied = await asyncio.gather(*(migrate(dsn) for _ in range(3)))
        assert sorted(map(bool, applied)) == [False, False, True]
    finally:
        await admin.execute("DROP DATABASE IF EXISTS together WITH (FORCE)")
        await admin.close()
