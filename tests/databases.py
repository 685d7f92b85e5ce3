"""Empty, migrated databases for tests: emptied and given out again, as making one takes long.

A copy of the template is a thousand files. What a test leaves in one of them is far less:
rows, and now and then a table of its own. A database whose tables, functions, policies or
settings are no longer the template's, or that has grown, is dropped; each other one is
emptied, its sequences begin at one, and the few rows that migrations made are put back.
One connection to each stays open for that: what a new one must learn of the tables costs
more than all the rest.
"""

import itertools
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path

import asyncpg

from ringtest.control.db.cluster import OWNER, SUPERUSER
from ringtest.control.db.launcher import Postgres
from ringtest.control.db.migrate import migrate

_TEMPLATE = "template_migrated"
_LARGE = 256 * 1024
"""Bytes of a table from which it is quicker to make another database than to empty this one."""

_SHAPE = """
WITH ours AS (
  SELECT oid FROM pg_namespace WHERE nspname !~ '^pg_' AND nspname <> 'information_schema'
) SELECT concat_ws(' ',
  (SELECT sum(hashtextextended(concat_ws(' ', oid, relname, relkind, relowner, relrowsecurity,
     relforcerowsecurity, relacl, reloptions), 0)) FROM pg_class
   WHERE relnamespace IN (SELECT oid FROM ours)),
  (SELECT sum(hashtextextended(concat_ws(' ', attrelid, attnum, attname, atttypid, attnotnull,
     attacl), 0)) FROM pg_attribute JOIN pg_class c ON c.oid = attrelid
   WHERE attnum > 0 AND c.relnamespace IN (SELECT oid FROM ours)),
  (SELECT sum(hashtextextended(concat_ws(' ', oid, proname, prosrc, proowner, proacl), 0))
   FROM pg_proc WHERE pronamespace IN (SELECT oid FROM ours)),
  (SELECT sum(hashtextextended(concat_ws(' ', oid, polname, polroles, polqual, polwithcheck), 0))
   FROM pg_policy),
  (SELECT sum(hashtextextended(concat_ws(' ', oid, tgname, tgenabled), 0)) FROM pg_trigger),
  (SELECT sum(hashtextextended(concat_ws(' ', oid, conname, convalidated), 0)) FROM pg_constraint),
  (SELECT sum(hashtextextended(concat_ws(' ', oid, nspname, nspacl), 0)) FROM pg_namespace
   WHERE oid IN (SELECT oid FROM ours)),
  (SELECT count(*) FROM pg_extension), (SELECT count(*) FROM pg_largeobject_metadata),
  (SELECT count(*) FROM pg_db_role_setting s JOIN pg_database d ON d.oid = s.setdatabase
   WHERE d.datname = current_database()))
"""
_USED = """
SELECT oid::regclass::text AS name, pg_relation_size(oid) AS bytes FROM pg_class
WHERE relkind = 'r' AND relnamespace = 'public'::regnamespace AND pg_relation_size(oid) > 0
"""
_END_OTHERS = """
SELECT pg_terminate_backend(pid, 5000) FROM pg_stat_activity
WHERE datname = current_database() AND pid <> pg_backend_pid()
"""
_REWIND = """
SELECT setval(format('%I.%I', schemaname, sequencename), start_value, false) FROM pg_sequences
WHERE last_value IS NOT NULL
"""


@dataclass(slots=True)
class Databases:
    """Databases like the migrated template of one PostgreSQL."""

    server: Postgres
    _seeds: dict[str, str] = field(default_factory=dict)  # a table's rows, as JSON
    _free: list[str] = field(default_factory=list)
    _shapes: dict[str, str] = field(default_factory=dict)  # of each database when it was made
    _keepers: dict[str, asyncpg.Connection] = field(default_factory=dict)
    _numbers: "itertools.count[int]" = field(default_factory=lambda: itertools.count(1))

    async def prepare(self) -> None:
        """Make the template. Whoever may reach the socket may connect: no time for passwords."""
        async with self._connected("postgres") as connection:
            rules = Path(await connection.fetchval("SHOW hba_file"))
            rules.write_text("local all all trust\n")
            await connection.execute("SELECT pg_reload_conf()")
            await connection.execute(f"CREATE DATABASE {_TEMPLATE} OWNER {OWNER}")
        await migrate(self.server.dsn(OWNER, _TEMPLATE))
        async with self._connected(_TEMPLATE) as connection:
            for table in await connection.fetch(_USED):
                name = table["name"]
                self._seeds[name] = await connection.fetchval(f"SELECT json_agg(t) FROM {name} t")

    async def close(self) -> None:
        """End what stays connected."""
        for keeper in self._keepers.values():
            await keeper.close()

    @asynccontextmanager
    async def fresh(self) -> AsyncIterator[str]:
        """The owner's DSN of an empty, migrated database; it is emptied or dropped at the end."""
        name = self._free.pop() if self._free else await self._make()
        try:
            yield self.server.dsn(OWNER, name)
        finally:
            if await self._emptied(name):
                self._free.append(name)
            else:
                await self._drop(name)

    async def _make(self) -> str:
        name = f"test_{next(self._numbers)}"
        async with self._connected("postgres") as connection:
            await connection.execute(
                f"CREATE DATABASE {name} TEMPLATE {_TEMPLATE} OWNER {OWNER} STRATEGY file_copy"
            )
        self._shapes[name] = await (await self._keeper(name)).fetchval(_SHAPE)
        return name

    async def _drop(self, name: str) -> None:
        await self._keepers.pop(name).close()
        async with self._connected("postgres") as connection:
            await connection.execute(f"DROP DATABASE {name} WITH (FORCE)")

    async def _emptied(self, name: str) -> bool:
        """Whether the database is as it was made."""
        connection = await self._keeper(name)
        await connection.execute(_END_OTHERS)
        used = await connection.fetch(_USED)
        if any(table["bytes"] > _LARGE for table in used):
            return False
        if await connection.fetchval(_SHAPE) != self._shapes[name]:
            return False
        # neither triggers nor references between tables are looked at
        emptying = [f"DELETE FROM ONLY {table['name']}" for table in used]
        filling = [self._filled(table) for table in self._seeds]
        await connection.execute(
            ";".join(["SET session_replication_role = replica", *emptying, *filling])
        )
        await connection.execute(_REWIND)
        # to no page at all: rows lie where they would in a new one
        await connection.execute(f"VACUUM {', '.join(table['name'] for table in used)}")
        return True

    async def _keeper(self, name: str) -> asyncpg.Connection:
        """The connection that stays, or another one after a test that ended it."""
        if name not in self._keepers or self._keepers[name].is_closed():
            self._keepers[name] = await self._connect(name)
        return self._keepers[name]

    def _filled(self, table: str) -> str:
        rows = self._seeds[table].replace("'", "''")
        return (
            f"INSERT INTO {table} OVERRIDING SYSTEM VALUE"
            f" SELECT * FROM json_populate_recordset(NULL::{table}, '{rows}')"
        )

    @asynccontextmanager
    async def _connected(self, database: str) -> AsyncIterator[asyncpg.Connection]:
        connection = await self._connect(database)
        try:
            yield connection
        finally:
            await connection.close()

    async def _connect(self, database: str) -> asyncpg.Connection:
        dsn = self.server.dsn(SUPERUSER, database)
        return await asyncpg.connect(dsn, statement_cache_size=0)
