"""Requests a second over 16 connections: two api processes against PostgreSQL alone.

Reads are pages of 20 jobs and one job by its id; the limit has 16 connections of a bare asyncpg
client ask PostgreSQL for the same JSON. Writes are pipelines, each durable; the limit has the
same 16 connections insert a row of the same table and commit it.

That limit has no HTTP in it, though HTTP works on the same cores. So a second limit stands
beside it: two processes of the same framework and HTTP server that ask PostgreSQL the very same
statement for each request, and do nothing else: no caller, no rights, no row-level security, no
note, no measure. What that gets of the first limit is what no server of this kind can exceed.

All in turns in one run, on the same cores, with a client that does nothing but count bytes.
CPU of a request stands beside each rate: on a machine that does other things too it tells more,
as those who ask with more processes get more of the cores.
"""

import argparse
import asyncio
import base64
import json
import os
import socket
import sys
import tempfile
import time
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from pathlib import Path
from uuid import uuid4

import asyncpg
import httpx

from benchmarks.bench_job_list import _RAW
from benchmarks.harness import (
    ADMIN_PASSWORD,
    Server,
    cpu_of_tree,
    median,
    row,
    seeded_server,
)
from ringtest.control.db.cluster import OWNER
from ringtest.control.jobs import store

CONNECTIONS = 16
SECONDS = 4.0
ROUNDS = 3
NOT_MODIFIED_MS = 0.5
READS, WRITES = 0.5, 0.8
"""Our rate over PostgreSQL's."""
_ONE = f"""SELECT row_to_json(x)::text FROM (SELECT {store._JOB}, {store._DETAILS}
  FROM jobs p WHERE p.state <> 'archived' AND p.id = '{{job}}') x"""
_INSERT = """INSERT INTO pipelines (id, created_at, updated_at, etag, name, team_id)
  VALUES ($1, now(), now(), $2, 'nightly', '{team}')"""
_BARE = """
import os
from uuid import uuid4
import asyncpg
from litestar import Litestar, Response, get, post
SQL, DSN = os.environ["BARE_SQL"], os.environ["BARE_DSN"]
pools = []
async def leave_as_it_is(connection):
    pass
async def connect():
    pools.append(
        await asyncpg.create_pool(DSN, min_size=8, max_size=8, reset=leave_as_it_is)
    )
@get("/")
async def read() -> Response[bytes]:
    text = await pools[0].fetchval(SQL)
    return Response(text.encode(), media_type="application/json")
@get("/nothing")
async def nothing() -> Response[bytes]:
    return Response(b"{}", media_type="application/json")
@post("/")
async def write() -> Response[bytes]:
    await pools[0].execute(SQL, uuid4(), uuid4().hex)
    return Response(b"{}", status_code=201, media_type="application/json")
app = Litestar([read, nothing, write], on_startup=[connect], openapi_config=None)
"""
"""The same framework, asking PostgreSQL the same, and nothing else."""


class Caller(asyncio.Protocol):
    """Sends the same request again as soon as its answer is whole; counts the answers."""

    def __init__(self, request: bytes, status: bytes) -> None:
        self._request = request
        self._status = status
        self._buffer = bytearray()
        self._left = -1
        self._transport: asyncio.Transport | None = None
        self.answers = 0
        self.wrong = b""
        self.ended = asyncio.get_running_loop().create_future()

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        assert isinstance(transport, asyncio.Transport)
        self._transport = transport
        transport.write(self._request)

    def data_received(self, data: bytes) -> None:
        assert self._transport is not None
        if self._left < 0:
            self._buffer += data
            end = self._buffer.find(b"\r\n\r\n")
            if end < 0:
                return
            head = bytes(self._buffer[:end]).lower()
            if not head.startswith(b"http/1.1 " + self._status):
                self.wrong = bytes(self._buffer)
                self._transport.close()
                return
            length = int(head.partition(b"content-length:")[2].partition(b"\r\n")[0] or 0)
            self._left = length - (len(self._buffer) - end - 4)
            self._buffer.clear()
        else:
            self._left -= len(data)
        if self._left <= 0:
            self._left = -1
            self.answers += 1
            self._transport.write(self._request)

    def connection_lost(self, error: Exception | None) -> None:
        if not self.ended.done():
            self.ended.set_result(None)

    def stop(self) -> None:
        assert self._transport is not None
        self._transport.abort()


Clock = Callable[[], float]
Taken = tuple[float, float]
"""Answers a second, and CPU milliseconds of each."""


async def _asked(
    url: httpx.URL, clock: Clock, method: str, path: str, body: bytes = b"", etag: str = ""
) -> Taken:
    login = base64.b64encode(f"admin:{ADMIN_PASSWORD}".encode()).decode()
    request = (
        f"{method} {path} HTTP/1.1\r\nHost: ringtest\r\nAuthorization: Basic {login}\r\n"
        f"Content-Type: application/json\r\nContent-Length: {len(body)}\r\n"
        + (f"If-None-Match: {etag}\r\n\r\n" if etag else "\r\n")
    ).encode() + body
    status = b"304" if etag else b"201" if method == "POST" else b"200"
    loop = asyncio.get_running_loop()
    callers = [
        (await loop.create_connection(lambda: Caller(request, status), url.host, url.port or 80))[1]
        for _ in range(CONNECTIONS)
    ]
    await asyncio.sleep(0.5)  # connections are spread, passwords known, plans kept
    taken = await _counted(clock, lambda: sum(caller.answers for caller in callers))
    for caller in callers:
        assert not caller.wrong, caller.wrong
        caller.stop()
        await caller.ended
    return taken


async def _counted(clock: Clock, count: Callable[[], int]) -> Taken:
    cpu, before, began = clock(), count(), time.perf_counter()
    await asyncio.sleep(SECONDS)
    done, seconds = count() - before, time.perf_counter() - began
    return done / seconds, (clock() - cpu) / done * 1000


@asynccontextmanager
async def _bare_server(sql: str, dsn: str) -> AsyncIterator[tuple[httpx.URL, int]]:
    """Two processes that ask `sql` for each request."""
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    with tempfile.TemporaryDirectory() as folder:
        Path(folder, "bare.py").write_text(_BARE)
        process = await asyncio.create_subprocess_exec(
            sys.executable, "-m", "uvicorn", "bare:app", "--app-dir", folder, "--port", str(port),
            "--workers", "2", "--log-level", "error", "--no-access-log",
            env=os.environ | {"BARE_SQL": sql, "BARE_DSN": dsn},
        )  # fmt: skip
        try:
            url = httpx.URL(f"http://127.0.0.1:{port}")
            async with httpx.AsyncClient() as http:
                while True:
                    try:
                        await http.get(url.join("/nothing"))
                        break
                    except httpx.TransportError:
                        await asyncio.sleep(0.05)
            yield url, process.pid
        finally:
            process.terminate()
            await process.wait()


async def _alone(
    dsn: str, clock: Clock, act: Callable[[asyncpg.Connection], Awaitable[object]]
) -> Taken:
    opened = [await asyncpg.connect(dsn) for _ in range(CONNECTIONS)]
    done = 0
    over = False

    async def go_on(connection: asyncpg.Connection) -> None:
        nonlocal done
        while not over:
            await act(connection)
            done += 1

    tasks = [asyncio.create_task(go_on(connection)) for connection in opened]
    await asyncio.sleep(0.5)
    taken = await _counted(clock, lambda: done)
    over = True
    await asyncio.gather(*tasks)
    for connection in opened:
        await connection.close()
    return taken


async def _compare(
    name: str, bar: float, server: Server, sql: str, path: str, body: bytes = b""
) -> None:
    """Print what we do, what PostgreSQL does, and what the framework can do of that."""
    method, url, dsn = "POST" if body else "GET", httpx.URL(server.url), server.dsn(OWNER)
    postgres = server.postgres_cpu_seconds

    async def act(connection: asyncpg.Connection) -> None:
        if body:
            await connection.execute(sql, uuid4(), uuid4().hex)
        else:
            await connection.fetchval(sql)

    taken: list[list[Taken]] = [[], [], [], []]
    async with _bare_server(sql, dsn) as (bare, pid):

        def both() -> float:
            return cpu_of_tree(pid) + postgres()

        for _ in range(ROUNDS):
            ours = await _asked(url, server.cpu_seconds, method, f"/api/v1{path}", body)
            taken[0].append(ours)
            taken[1].append(await _alone(dsn, lambda: time.process_time() + postgres(), act))
            taken[2].append(await _asked(bare, both, method, "/", body))
            taken[3].append(await _asked(bare, both, "GET", "/nothing"))
    rates, cpus = ([median([one[at] for one in way]) for way in taken] for at in range(2))
    _tell(name, bar, rates, cpus)


def _tell(name: str, bar: float, rates: list[float], cpus: list[float]) -> None:
    """Both in the order: ours, PostgreSQL alone, the framework with it, the framework alone."""
    rate, limit, most, empty = rates
    row(f"{name}: a second", f"{rate:,.0f}", f"PostgreSQL alone {limit:,.0f}")
    row("  of what PostgreSQL does", f"{rate / limit:.2f} x", f">= {bar} x", rate / limit >= bar,
        by_hand=f"{limit:,.0f}/s")  # fmt: skip
    row("  of what the same framework does with that statement", f"{rate / most:.2f} x",
        f">= {bar} x", rate / most >= bar, by_hand=f"{most:,.0f}/s")  # fmt: skip
    row("  that, of what PostgreSQL does: nobody can do more", f"{most / limit:.2f} x",
        f"{most:,.0f}/s; empty requests {empty:,.0f}/s")  # fmt: skip
    row("  CPU of one: ours, PostgreSQL, framework, empty",
        " / ".join(f"{cpu:.2f}" for cpu in cpus) + " ms",
        f"{cpus[1] / cpus[0]:.2f} x, {cpus[2] / cpus[0]:.2f} x")  # fmt: skip


async def _unchanged(server: Server, path: str) -> None:
    """What a page costs for who has it already, when the server is kept busy with it."""
    url = httpx.URL(server.url)
    async with httpx.AsyncClient(auth=("admin", ADMIN_PASSWORD)) as http:
        etag = (await http.get(url.join(f"/api/v1{path}"))).headers["etag"]
    taken = [
        await _asked(url, server.cpu_seconds, "GET", f"/api/v1{path}", etag=etag)
        for _ in range(ROUNDS)
    ]
    rate, cpu = (median([one[at] for one in taken]) for at in range(2))
    row("not modified, 20 jobs: CPU", f"{cpu:.2f} ms", "<= 0.5 ms", cpu <= NOT_MODIFIED_MS)
    row("  a second", f"{rate:,.0f}", "")


async def _same(url: httpx.URL, path: str, connection: asyncpg.Connection, sql: str) -> None:
    """The statement gives what we answer."""
    async with httpx.AsyncClient(auth=("admin", ADMIN_PASSWORD)) as http:
        told = (await http.get(url.join(f"/api/v1{path}"))).json()
    asked = json.loads(await connection.fetchval(sql))
    found = next(iter(told.values()))
    assert found == asked, (path, found, asked)


async def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--jobs", type=int, default=100_000)
    jobs = parser.parse_args().jobs
    environment = {"RINGTEST_RATE_LIMIT": "0", "RINGTEST_RATE_LIMIT_ADDRESS": "0"}
    arguments = ("--role", "api", "--workers", "2")
    async with seeded_server(jobs, environment=environment, arguments=arguments) as server:
        connection: asyncpg.Connection = await asyncpg.connect(server.dsn(OWNER))
        job, team = await connection.fetchrow(
            "SELECT id, team_id FROM jobs ORDER BY created_at DESC LIMIT 1"
        )
        page = _RAW.format(where="", limit=20, offset="")
        pages, path = "/jobs?limit=20&offset=0", f"/jobs/{job}"
        one = _ONE.format(job=job)
        await _same(httpx.URL(server.url), path, connection, one)
        await connection.close()
        body = json.dumps({"name": "nightly", "team_id": str(team)}).encode()
        await _unchanged(server, pages)
        await _compare("pages of 20 jobs", READS, server, page, pages)
        await _compare("a job by its id", READS, server, one, path)
        insert = _INSERT.format(team=team)
        await _compare("pipelines made", WRITES, server, insert, "/pipelines", body)


if __name__ == "__main__":
    asyncio.run(main())
