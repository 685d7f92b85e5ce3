"""Components in a lab: how fast a file comes.

A fresh file through the agent's own store (signed, digested, written, verified) against loopback
itself: httpx as it comes, which drops the bytes, and the same HTTP server with an application that
only gives them. Both take turns, round by round; the median of the rounds' ratios is told.
"""

import asyncio
import hashlib
import random
import subprocess
import sys
import tempfile
import time
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping
from contextlib import asynccontextmanager
from pathlib import Path

import httpx

from benchmarks.bench_files import bare_server
from benchmarks.harness import ADMIN_PASSWORD, Server, median, row, running_server
from ringtest.agent.components.storing import ComponentStore
from ringtest.agent.lab_api import LabApi
from ringtest.agent.protocol import Component, ComponentFile
from ringtest.client import AsyncClient, Connection, Retries

LARGE = 64 * 1024 * 1024
ROUNDS = 15
LIMIT_SHARE = 0.7

_PLAIN = """
import asyncio, sys, time
import httpx

async def main():
    async with httpx.AsyncClient(timeout=60) as http:
        for url in sys.stdin:
            began, cpu, count = time.monotonic(), time.process_time(), 0
            async with http.stream("GET", url.strip()) as answer:
                async for data in answer.aiter_raw():
                    count += len(data)
            print(count, time.monotonic() - began, time.process_time() - cpu, flush=True)

asyncio.run(main())
"""
"""A process of its own: ours reads larger pieces, and that setting is the whole process's."""


class Ground:
    """A topic whose components' files a lab may fetch."""

    def __init__(self, http: httpx.AsyncClient) -> None:
        self._http = http
        self.client_id = self.api_secret = ""
        self._topic = ""

    async def prepare(self) -> None:
        """Make team, topic and lab."""
        team = await self._make("team", {"name": "lab team"})
        product = await self._make("product", {"name": "Linux"})
        body = {"team_id": team["id"]}
        await self._http.post(f"/products/{product['id']}/teams", json=body)
        named = {"name": "linux-9", "product_id": product["id"], "export_control": True}
        self._topic = (await self._make("topic", named))["id"]
        lab = await self._make("remoteci", {"name": "lab", "team_id": team["id"]})
        self.client_id, self.api_secret = f"remoteci/{lab['id']}", lab["api_secret"]

    async def publish(self, name: str, data: bytes, *, listed: bool) -> Component:
        """A component with one file, and its list of chunks if it is waited for."""
        body = {"type": "rpm", "topic_id": self._topic, "display_name": name}
        made = await self._make("component", body)
        path = f"/components/{made['id']}/files"
        stored = await self._http.post(path, content=data, headers={"DCI-NAME": name})
        file = stored.json()["component_file"]
        while listed:  # the server makes it when it has a moment
            await asyncio.sleep(0.2)
            answer = await self._http.get(f"{path}/{file['id']}/chunks")
            listed = answer.status_code == 404
        told = ComponentFile(file["id"], file["name"], file["size"], file["sha256"])
        return Component(made["id"], "rpm", files=[told])

    async def _make(self, noun: str, body: Mapping[str, object]) -> dict[str, str]:
        answer = await self._http.post(f"/{noun}s", json=body)
        assert answer.status_code == 201, answer.text
        found: dict[str, str] = answer.json()[noun]
        return found

    def connection(self, server: str) -> Connection:
        """To the server, as the lab."""
        return Connection.for_key(server, self.client_id, self.api_secret)


async def _speed(server: Server, ground: Ground, folder: Path) -> None:
    body = random.Random(1).randbytes(LARGE)
    component = await ground.publish("big.iso", body, listed=False)
    ours, bare, shares, extra = [], [], [], []
    async with (
        bare_server(LARGE) as limit,
        _plain_client() as plain,
        AsyncClient(ground.connection(server.url), retries=Retries(attempts=1)) as client,
    ):
        for number in range(ROUNDS + 1):
            there, floor = await plain(limit.url)
            floor += _by_hand(body, folder)
            store = ComponentStore(folder / f"files-{number}", LabApi(client), limit_bytes=0)
            began, cpu = time.monotonic(), time.process_time()
            await store.provide(component, folder / f"job-{number}", _quiet)
            here, spent = time.monotonic() - began, time.process_time() - cpu
            store.prune()
            if number:  # the first warms up
                ours.append(here)
                bare.append(there)
                shares.append(there / here)
                extra.append(spent / floor)
    share = median(shares)
    row("64 MB of a component, verified", f"{LARGE / 1e6 / median(ours):.0f} MB/s = {share:.2f} x",
        f">= {LIMIT_SHARE} x loopback", share >= LIMIT_SHARE,
        by_hand=f"{LARGE / 1e6 / median(bare):.0f} MB/s")  # fmt: skip
    row("  least and most of the rounds", f"{min(shares):.2f} to {max(shares):.2f} x", "")
    row("  the agent's CPU", f"{median(extra):.2f} x", "of the client's, a digest's and a write's")


@asynccontextmanager
async def _plain_client() -> AsyncIterator[Callable[[str], Awaitable[tuple[float, float]]]]:
    """`await client(url)`: seconds by the clock and of its processor to get LARGE bytes."""
    process = await asyncio.create_subprocess_exec(
        *(sys.executable, "-c", _PLAIN), stdin=subprocess.PIPE, stdout=subprocess.PIPE
    )
    assert process.stdin and process.stdout

    async def get(url: str) -> tuple[float, float]:
        assert process.stdin and process.stdout
        process.stdin.write(f"{url}\n".encode())
        count, wall, cpu = (await process.stdout.readline()).split()
        assert int(count) == LARGE
        return float(wall), float(cpu)

    try:
        yield get
    finally:
        process.stdin.close()
        await process.wait()


def _by_hand(body: bytes, folder: Path) -> float:
    """CPU seconds of what cannot be done without: a digest, and the bytes in a file."""
    began = time.process_time()
    with (folder / "by-hand").open("wb", buffering=0) as file:
        file.write(body)
    hashlib.sha256(body).hexdigest()
    return time.process_time() - began


def _quiet(text: str) -> None:
    """Nobody reads it."""


async def main() -> None:
    async with running_server() as server:
        base, admin = f"{server.url}/api/v1", httpx.BasicAuth("admin", ADMIN_PASSWORD)
        with tempfile.TemporaryDirectory(dir=server.data.parent) as scratch:
            async with httpx.AsyncClient(base_url=base, auth=admin, timeout=120) as http:
                ground = Ground(http)
                await ground.prepare()
                await _speed(server, ground, Path(scratch))


if __name__ == "__main__":
    asyncio.run(main())
