"""The archive: what writing a month's results to files costs, what they weigh, what SQL takes.

Generated results (`--size`, 2 M) lie in PostgreSQL. What they cost to write is held against
PostgreSQL's own COPY of the same rows, joined with their names; what SQL over them takes
against the engine alone, in a process that is there already, over the same files.
"""

import argparse
import asyncio
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path

import asyncpg
import duckdb
import httpx

from benchmarks.generate_results import generate, read_number
from benchmarks.generated import CASES
from benchmarks.harness import ADMIN_PASSWORD, Server, cpu_of, median, row, running_server
from ringtest.control.archive import service
from ringtest.control.archive.service import Archivist
from ringtest.control.connectors.disk import DiskStore
from ringtest.control.connectors.duckdb_columnar import DuckColumnar
from ringtest.control.db.cluster import OWNER
from ringtest.control.db.pool import Database
from ringtest.control.kernel.clock import SystemClock

LIMIT_RATIO = 2.0
"""Of the CPU of COPY, which packs nothing. Each file costs 0.1 s whatever is in it, and those of
two million generated results hold 15,000 rows."""
LIMIT_BYTES = 10.0
"""Of which 4 are times, which are random here and do not pack."""
LIMIT_SECONDS = 1.0
ROUNDS = 5
_COPY = """
SELECT r.job_id, r.file_id, n.place - 1 AS position, r.created_at, r.topic_id, o.name AS topic,
  r.team_id, m.name AS team, r.remoteci_id, l.name AS remoteci, r.set_key, j.name AS job_name,
  r.attempt, f.name AS file_name, t.suite, t.classname, t.name,
  lpad(to_hex(n.test), 16, '0') AS test_id, get_byte(r.outcomes, n.place::int - 1) AS outcome,
  get_byte(r.states, n.place::int - 1) AS state
FROM test_results r JOIN jobs j ON j.id = r.job_id JOIN files f ON f.id = r.file_id
JOIN topics o ON o.id = r.topic_id JOIN teams m ON m.id = r.team_id
JOIN remotecis l ON l.id = j.remoteci_id JOIN test_plans p ON p.id = r.plan_id
CROSS JOIN unnest(p.test_ids) WITH ORDINALITY n (test, place)
JOIN tests t ON t.team_id = r.team_id AND t.id = n.test
WHERE r.is_counted AND r.created_at < date_trunc('month', now())
"""
QUESTIONS = {
    "count by outcome": "SELECT outcome, count(*) FROM results GROUP BY ALL",
    "tests that fail most": "SELECT name, count(*) FILTER (WHERE outcome = 'failed') AS bad"
    " FROM results GROUP BY name ORDER BY bad DESC LIMIT 20",
    "median time of a test by month": "SELECT date_trunc('month', created_at) AS month,"
    " median(seconds) FROM results WHERE test_id < '0800' GROUP BY ALL ORDER BY ALL",
}


@dataclass(slots=True)
class Spent:
    """CPU and wall seconds."""

    cpu: float = 0.0
    wall: float = 0.0


@asynccontextmanager
async def _spending(server: Server) -> AsyncIterator[Spent]:
    """What this process and the server with its database take meanwhile."""
    spent = Spent()
    cpu, wall = server.cpu_seconds() + time.process_time(), time.perf_counter()
    yield spent
    spent.cpu = server.cpu_seconds() + time.process_time() - cpu
    spent.wall = time.perf_counter() - wall


async def _copy(server: Server) -> tuple[int, int, Spent]:
    """Rows and bytes of COPY, and what it took."""
    size = 0

    async def drop(data: bytes) -> None:
        nonlocal size
        size += len(data)

    connection: asyncpg.Connection = await asyncpg.connect(server.dsn(OWNER))
    try:
        async with _spending(server) as spent:
            tag = await connection.copy_from_query(_COPY, output=drop)
    finally:
        await connection.close()
    return int(tag.split()[-1]), size, spent


async def _write(server: Server) -> tuple[int, int, Spent]:
    """The same by the archive: rows, bytes of its files, and what it took."""
    db = await Database.connect(server.dsn(OWNER))
    objects = DiskStore(server.data / "objects")
    archivist = Archivist(
        db, objects, DuckColumnar(server.data / "scratch"), server.data / "copies"
    )
    try:
        async with _spending(server) as spent:
            await service.begin_months(db)
            while await service.write_next(archivist):
                pass
    finally:
        await db.close()
    connection: asyncpg.Connection = await asyncpg.connect(server.dsn(OWNER))
    try:
        found = await connection.fetchrow("SELECT sum(rows), sum(bytes) FROM archived_months")
        assert found is not None
        return int(found[0]), int(found[1]), spent
    finally:
        await connection.close()


async def _ask(server: Server, client: httpx.AsyncClient, sql: str) -> tuple[float, float]:
    """Wall and CPU seconds of an answer, in the middle."""
    walls, cpus = [], []
    for _ in range(ROUNDS):
        async with _spending(server) as spent:
            body = {"sql": sql, "live": False}
            (await client.post("/archive/query", json=body)).raise_for_status()
        walls.append(spent.wall)
        cpus.append(spent.cpu)
    return median(walls), median(cpus)


def _by_hand(files: list[str], sql: str) -> tuple[float, float]:
    """The same by the engine in this process."""
    walls, cpus = [], []
    with duckdb.connect(config={"threads": 2}) as box:
        box.execute(f"CREATE VIEW results AS FROM read_parquet({files})")
        for _ in range(ROUNDS):
            cpu, wall = cpu_of(_own()), time.perf_counter()
            box.execute(sql).fetchall()
            walls.append(time.perf_counter() - wall)
            cpus.append(cpu_of(_own()) - cpu)
    return median(walls), median(cpus)


def _own() -> int:
    return int(Path("/proc/self").readlink().name)


async def main(size: int) -> bool:
    """Everything once; whether all limits are met."""
    met = []
    until = SystemClock().now().replace(microsecond=0)
    async with running_server(environment={"RINGTEST_RATE_LIMIT": "0"}) as server:
        await generate(server.dsn(OWNER), results=size, cases=CASES, until=until)
        rows, size_copied, copied = await _copy(server)
        written_rows, size_written, written = await _write(server)
        assert rows == written_rows, f"COPY has {rows} rows, the files have {written_rows}"
        ratio = written.cpu / copied.cpu
        met.append(ratio <= LIMIT_RATIO)
        figure = f"{rows / written.cpu / 1e3:.0f} k rows/CPU-s"
        row("archive: write", figure, f"<= {LIMIT_RATIO:.1f} x the CPU of COPY", met[-1],
            by_hand=f"{rows / copied.cpu / 1e3:.0f} k", ratio=ratio)  # fmt: skip
        row("  COPY", f"{rows / copied.cpu / 1e3:.0f} k rows/CPU-s", f"ratio {ratio:.2f}")
        met.append(size_written / rows <= LIMIT_BYTES)
        row("archive: bytes per row", f"{size_written / rows:.2f}", f"<= {LIMIT_BYTES:.0f}",
            met[-1], by_hand=f"{size_copied / rows:.0f}")  # fmt: skip
        files = [str(path) for path in (server.data / "objects" / "archive").rglob("*.parquet")]
        row("  files", str(len(files)), "")
        auth = ("admin", ADMIN_PASSWORD)
        base = f"{server.url}/api/v1"
        async with httpx.AsyncClient(base_url=base, auth=auth, timeout=60) as client:
            for name, sql in QUESTIONS.items():
                wall, cpu = await _ask(server, client, sql)
                bare_wall, bare_cpu = _by_hand(files, sql)
                met.append(cpu <= LIMIT_SECONDS)
                row(f"archive: {name}", f"{wall * 1e3:.0f} ms, CPU {cpu * 1e3:.0f} ms",
                    f"CPU <= {LIMIT_SECONDS:.0f} s", met[-1],
                    by_hand=f"{bare_wall * 1e3:.0f} ms, {bare_cpu * 1e3:.0f} ms",
                    ratio=cpu / bare_cpu)  # fmt: skip
                row(
                    "  the engine alone",
                    f"{bare_wall * 1e3:.0f} ms, CPU {bare_cpu * 1e3:.0f} ms",
                    "",
                )
    return all(met)


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--size", default="2M", help="test cases, as 2M")
    if not asyncio.run(main(read_number(parser.parse_args().size))):
        raise SystemExit("a limit was not met")
