"""What moving from DCI costs: rows per second of an import, against bare COPY of the same rows.

A DCI database of 20,000 jobs and what belongs to them (about 430,000 rows), into a fresh one on
the same PostgreSQL. Two limits in the same run: `COPY … TO` piped into `COPY … FROM` tables
without indexes, keys or checks; and the same of what the import made, into tables as ours are,
with all of these.
"""

import asyncio
import os
import tempfile
import time
from pathlib import Path

import asyncpg

from ringtest.control import registry
from ringtest.control.db.bulk import open_owner, open_snapshot
from ringtest.control.db.cluster import OWNER, SUPERUSER
from ringtest.control.db.launcher import Postgres
from ringtest.control.db.migrate import migrate
from ringtest.control.db.pool import Database
from ringtest.control.dci.model import TABLES
from ringtest.control.dci.service import look_at
from ringtest.control.importing import service
from ringtest.control.importing.model import BY_TABLE, LANDINGS, Outcome
from ringtest.control.kernel.settings import Settings
from tests.control.importing import seed
from tests.control.importing.moving import Seen, lost

JOBS = int(os.environ.get("RINGTEST_BENCH_JOBS", "20000"))


async def _make(server: Postgres, name: str) -> str:
    link: asyncpg.Connection = await asyncpg.connect(server.dsn(SUPERUSER, "postgres"))
    await link.execute(f"CREATE DATABASE {name} OWNER {OWNER}")
    await link.close()
    return server.dsn(OWNER, name)


async def _copy(source: str, target: str) -> float:
    """Seconds that bare COPY takes."""
    link: asyncpg.Connection = await asyncpg.connect(target)
    await link.execute(
        (seed.HERE / "dci.sql")
        .read_text()
        .replace("UNIQUE", "")
        .replace("PRIMARY KEY", "")
        .partition("CREATE TABLE teams")[0]
    )  # the types alone
    began = time.perf_counter()
    async with open_snapshot(source) as there, open_owner(target) as here:
        for table in TABLES:
            columns = ", ".join(f"{name} {kind}" for name, kind in table.columns.items())
            await here.execute(f"CREATE TABLE {table.name} ({columns})")
            values = ", ".join(f"{name}::{kind}" for name, kind in table.columns.items())
            await here.copy_from(
                there, f"SELECT {values} FROM {table.name}", into=table.name,
                columns=list(table.columns),
            )  # fmt: skip
    seconds = time.perf_counter() - began
    await link.close()
    return seconds


async def _copy_ours(source: str, target: str) -> float:
    """Seconds that COPY takes into tables with our indexes, references and triggers."""
    began = time.perf_counter()
    async with open_snapshot(source) as there, open_owner(target) as here:
        for landing in LANDINGS:
            columns = [name for name in landing.values if landing.into != "counters"]
            if columns:
                names = ", ".join(columns)
                await here.copy_from(
                    there, f"SELECT {names} FROM {landing.into}", into=landing.into,
                    columns=columns,
                )  # fmt: skip
    return time.perf_counter() - began


async def _bring(source: str, db: Database, settings: Settings) -> tuple[Outcome, float]:
    began = time.perf_counter()
    async with open_snapshot(source) as there, open_owner(db.dsn) as here:
        tools = service.Tools(
            db=db,
            objects=registry.object_store(settings),
            parsers=registry.result_parsers(settings),
            secrets=registry.secret_box(settings),
            watcher=Seen(),
            parts=frozenset(BY_TABLE),
        )
        outcome = await service.bring(await look_at(there), here, tools)
    return outcome, time.perf_counter() - began


async def main() -> None:
    """Print the figures."""
    with tempfile.TemporaryDirectory(prefix="ringtest-bench-") as folder:
        Path(folder).chmod(0o711)
        server = Postgres(Path(folder), source=os.environ.get("RINGTEST_POSTGRES", ""))
        await server.start()
        try:
            names = ("dci", "bare", "target", "copied")
            dci, bare, target, copied = [await _make(server, one) for one in names]
            await seed.make(dci, jobs=JOBS)
            await migrate(target)
            await migrate(copied)
            db = await Database.connect(target, connections=2)
            settings = Settings(data=Path(folder) / "data")
            limit = await _copy(dci, bare)
            first, seconds = await _bring(dci, db, settings)
            again, catching_up = await _bring(dci, db, settings)
            await db.close()
            ours = await _copy_ours(target, copied)
        finally:
            await server.stop()
    assert not lost(first)
    assert again.changes == 0
    rows = sum(one.source for one in first.compared)
    print(f"{rows:,} rows of {JOBS:,} jobs")
    print(f"bare COPY            {limit:6.1f} s  {rows / limit:9,.0f} rows/s")
    print(f"COPY into our tables {ours:6.1f} s  {rows / ours:9,.0f} rows/s")
    print(f"import               {seconds:6.1f} s  {rows / seconds:9,.0f} rows/s")
    print(f"run again, no change {catching_up:6.1f} s  {rows / catching_up:9,.0f} rows/s")
    print(f"import / bare COPY   {seconds / limit:6.1f} ×")
    print(f"import / our tables  {seconds / ours:6.1f} ×")


if __name__ == "__main__":
    asyncio.run(main())
