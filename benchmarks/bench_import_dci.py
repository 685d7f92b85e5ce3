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
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import asyncpg

from benchmarks.harness import Server, row
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


@contextmanager
def _measured(machine: Server) -> Iterator[list[float]]:
    """Seconds by the clock and of CPU, once it is left."""
    figures: list[float] = []
    began, before = time.perf_counter(), machine.cpu_seconds()
    yield figures
    figures += [time.perf_counter() - began, machine.cpu_seconds() - before]


async def _copy(source: str, target: str) -> None:
    """Bare COPY."""
    link: asyncpg.Connection = await asyncpg.connect(target)
    await link.execute(
        (seed.HERE / "dci.sql")
        .read_text()
        .replace("UNIQUE", "")
        .replace("PRIMARY KEY", "")
        .partition("CREATE TABLE teams")[0]
    )  # the types alone
    async with open_snapshot(source) as there, open_owner(target) as here:
        for table in TABLES:
            columns = ", ".join(f"{name} {kind}" for name, kind in table.columns.items())
            await here.execute(f"CREATE TABLE {table.name} ({columns})")
            values = ", ".join(f"{name}::{kind}" for name, kind in table.columns.items())
            await here.copy_from(
                there, f"SELECT {values} FROM {table.name}", into=table.name,
                columns=list(table.columns),
            )  # fmt: skip
    await link.close()


async def _copy_ours(source: str, target: str) -> None:
    """COPY into tables with our indexes, references and triggers."""
    async with open_snapshot(source) as there, open_owner(target) as here:
        for landing in LANDINGS:
            columns = [name for name in landing.values if landing.into != "counters"]
            if columns:
                names = ", ".join(columns)
                await here.copy_from(
                    there, f"SELECT {names} FROM {landing.into}", into=landing.into,
                    columns=columns,
                )  # fmt: skip


async def _bring(source: str, db: Database, settings: Settings) -> Outcome:
    async with open_snapshot(source) as there, open_owner(db.dsn) as here:
        tools = service.Tools(
            db=db,
            objects=registry.object_store(settings),
            parsers=registry.result_parsers(settings),
            secrets=registry.secret_box(settings),
            watcher=Seen(),
            parts=frozenset(BY_TABLE),
        )
        return await service.bring(await look_at(there), here, tools)


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
            machine = Server("", os.getpid(), Path(folder))
            with _measured(machine) as limit:
                await _copy(dci, bare)
            with _measured(machine) as moved:
                first = await _bring(dci, db, settings)
            with _measured(machine) as catching_up:
                again = await _bring(dci, db, settings)
            await db.close()
            with _measured(machine) as ours:
                await _copy_ours(target, copied)
        finally:
            await server.stop()
    assert not lost(first)
    assert again.changes == 0
    rows = sum(one.source for one in first.compared)
    print(f"{rows:,} rows of {JOBS:,} jobs; CPU of PostgreSQL and of this process")
    for name, (wall, cpu) in (
        ("bare COPY", limit),
        ("COPY into our tables", ours),
        ("import", moved),
        ("run again, nothing changed", catching_up),
    ):
        row(name, f"{cpu:.1f} s CPU, {wall:.1f} s", f"{rows / cpu:,.0f} rows per CPU second")
    row("import / COPY into our tables", f"{moved[1] / ours[1]:.1f} ×", "CPU")


if __name__ == "__main__":
    asyncio.run(main())
