"""Memory of the server for each idle event stream: 1,000 of them, opened and left alone.

Resident memory of the server's process before and after, per stream; and how long one event
takes to reach all of them.
"""

import asyncio
import base64
import contextlib
import resource
import time
from pathlib import Path

import httpx

from benchmarks.harness import ADMIN_PASSWORD, Server, row, running_server

STREAMS = 1000
_OPENING = 50
_BAR_KB = 100.0


def _resident_kb(pid: int) -> int:
    for line in Path(f"/proc/{pid}/status").read_text().splitlines():
        if line.startswith("VmRSS"):
            return int(line.split()[1])
    raise SystemExit("the server is gone")


async def _open(server: Server) -> tuple[asyncio.StreamReader, asyncio.StreamWriter]:
    url = httpx.URL(server.url)
    reader, writer = await asyncio.open_connection(url.host, url.port, limit=4096)
    login = base64.b64encode(f"admin:{ADMIN_PASSWORD}".encode()).decode()
    writer.write(
        b"GET /api/v1/events/stream HTTP/1.1\r\nHost: ringtest\r\n"
        b"Authorization: Basic " + login.encode() + b"\r\n\r\n"
    )
    assert b" 200 " in await reader.readline()
    await reader.readuntil(b"retry: 1000\n\n")
    return reader, writer


async def _hear(reader: asyncio.StreamReader) -> None:
    while not (await reader.readline()).startswith(b"event: "):
        pass


async def main() -> None:
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (max(soft, min(hard, 4 * STREAMS)), hard))
    async with running_server() as server:
        login = httpx.BasicAuth("admin", ADMIN_PASSWORD)
        async with httpx.AsyncClient(base_url=f"{server.url}/api/v1", auth=login) as http:
            for _ in range(200):  # what is loaded and remembered anyway
                await http.get("/identity")
            open_ones = [await _open(server) for _ in range(_OPENING)]
            before = _resident_kb(server.pid)
            for _ in range(STREAMS // _OPENING):
                open_ones += await asyncio.gather(*(_open(server) for _ in range(_OPENING)))
            each = (_resident_kb(server.pid) - before) / STREAMS
            row(
                f"memory per idle stream, of {STREAMS:,}",
                f"{each:.1f} kB",
                f"<= {_BAR_KB:.0f} kB",
                each <= _BAR_KB,
            )
            began = time.perf_counter()
            product = await http.post("/products", json={"name": "heard"})
            topic = {"name": "heard", "product_id": product.json()["product"]["id"]}
            made = await http.post("/topics", json=topic)
            component = {"type": "build", "topic_id": made.json()["topic"]["id"], "name": "one 1"}
            assert (await http.post("/components", json=component)).status_code == 201
            await asyncio.gather(*(_hear(reader) for reader, _ in open_ones))
            row("an event reaches all of them within", f"{time.perf_counter() - began:.2f} s", "")
        for _, writer in open_ones:
            writer.close()
        for _, writer in open_ones:
            with contextlib.suppress(ConnectionError):
                await writer.wait_closed()


if __name__ == "__main__":
    asyncio.run(main())
