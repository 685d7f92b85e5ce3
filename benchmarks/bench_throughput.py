"""Requests a second over 16 connections: two api processes against PostgreSQL alone.

Reads are pages of 20 jobs (and, without a bar, one job by its id); the limit has 16
connections of a bare asyncpg client ask PostgreSQL for the same JSON. Writes are pipelines,
each durable; the limit has the same 16 connections insert a row of the same table and commit
it. All in turns in one run, on the same two cores, with a client that does nothing but count
bytes.
"""

import argparse
import asyncio
import base64
import json
import time
from collections.abc import Awaitable, Callable
from uuid import UUID, uuid4

import asyncpg
import httpx

from benchmarks.bench_job_list import _RAW
from benchmarks.harness import ADMIN_PASSWORD, median, row, seeded_server
from ringtest.control.db.cluster import OWNER

CONNECTIONS = 16
SECONDS = 4.0
ROUNDS = 3
READS, WRITES = 0.5, 0.8
"""Our rate over PostgreSQL's."""


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
            length = int(head.partition(b"content-length:")[2].partition(b"\r\n")[0])
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


async def _ours(url: httpx.URL, method: str, path: str, body: bytes, status: bytes) -> float:
    login = base64.b64encode(f"admin:{ADMIN_PASSWORD}".encode()).decode()
    request = (
        f"{method} /api/v1{path} HTTP/1.1\r\nHost: ringtest\r\nAuthorization: Basic {login}\r\n"
        f"Content-Type: application/json\r\nContent-Length: {len(body)}\r\n\r\n"
    ).encode() + body
    loop = asyncio.get_running_loop()
    callers = [
        (await loop.create_connection(lambda: Caller(request, status), url.host, url.port or 80))[1]
        for _ in range(CONNECTIONS)
    ]
    await asyncio.sleep(0.5)  # connections are spread, passwords known, plans kept
    before, began = sum(caller.answers for caller in callers), time.perf_counter()
    await asyncio.sleep(SECONDS)
    rate = (sum(caller.answers for caller in callers) - before) / (time.perf_counter() - began)
    for caller in callers:
        assert not caller.wrong, caller.wrong
        caller.stop()
        await caller.ended
    return rate


async def _alone(
    dsn: str, act: Callable[[asyncpg.Connection], Awaitable[object]], connections: int
) -> float:
    opened = [await asyncpg.connect(dsn) for _ in range(connections)]
    done = 0
    over = False

    async def go_on(connection: asyncpg.Connection) -> None:
        nonlocal done
        while not over:
            await act(connection)
            done += 1

    tasks = [asyncio.create_task(go_on(connection)) for connection in opened]
    await asyncio.sleep(0.5)
    before, began = done, time.perf_counter()
    await asyncio.sleep(SECONDS)
    rate = (done - before) / (time.perf_counter() - began)
    over = True
    await asyncio.gather(*tasks)
    for connection in opened:
        await connection.close()
    return rate


async def _compare(
    name: str,
    ours: Callable[[], Awaitable[float]],
    raw: Callable[[], Awaitable[float]],
    bar: float | None,
) -> None:
    rates: list[float] = []
    limits: list[float] = []
    for _ in range(ROUNDS):
        rates.append(await ours())
        limits.append(await raw())
    rate, limit = median(rates), median(limits)
    row(f"{name}: a second", f"{rate:,.0f}", f"PostgreSQL alone {limit:,.0f}")
    wanted, met = ("", None) if bar is None else (f">= {bar} x", rate / limit >= bar)
    share = rate / limit
    row("  of what PostgreSQL does", f"{share:.2f} x", wanted, met, by_hand=f"{limit:,.0f}/s")


async def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--jobs", type=int, default=100_000)
    jobs = parser.parse_args().jobs
    environment = {"RINGTEST_RATE_LIMIT": "0", "RINGTEST_RATE_LIMIT_ADDRESS": "0"}
    arguments = ("--role", "api", "--workers", "2")
    async with seeded_server(jobs, environment=environment, arguments=arguments) as server:
        owner = server.dsn(OWNER)
        url = httpx.URL(server.url)
        connection: asyncpg.Connection = await asyncpg.connect(owner)
        job, team = await connection.fetchrow(
            "SELECT id, team_id FROM jobs ORDER BY created_at DESC LIMIT 1"
        )
        await connection.close()
        page = _RAW.format(where="", limit=20, offset="")
        one = _RAW.format(where=f"AND id = '{job}'", limit=1, offset="")

        async def read_page() -> float:
            return await _ours(url, "GET", "/jobs?limit=20&offset=0", b"", b"200")

        async def read_one() -> float:
            return await _ours(url, "GET", f"/jobs/{job}", b"", b"200")

        async def write_pipeline() -> float:
            body = json.dumps({"name": "nightly", "team_id": str(team)}).encode()
            return await _ours(url, "POST", "/pipelines", body, b"201")

        async def insert_pipeline(connection: asyncpg.Connection) -> None:
            await connection.execute(
                "INSERT INTO pipelines (id, created_at, updated_at, etag, name, team_id)"
                " VALUES ($1, now(), now(), $2, 'nightly', $3)",
                uuid4(),
                uuid4().hex,
                UUID(str(team)),
            )

        await _compare(
            "pages of 20 jobs", read_page,
            lambda: _alone(owner, lambda c: c.fetchval(page), CONNECTIONS), READS,
        )  # fmt: skip
        await _compare(
            "a job by its id", read_one,
            lambda: _alone(owner, lambda c: c.fetchval(one), CONNECTIONS), None,
        )  # fmt: skip
        await _compare(
            "pipelines made", write_pipeline,
            lambda: _alone(owner, insert_pipeline, CONNECTIONS), WRITES,
        )  # fmt: skip


if __name__ == "__main__":
    asyncio.run(main())
