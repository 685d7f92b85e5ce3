"""Components in a lab: how fast a file comes, and how many bytes its next version moves.

Speed: a fresh file through the agent's own store (signed, digested, written, verified) against
loopback itself: httpx as it comes, which drops the bytes, and the same HTTP server with an
application that only gives them. Both take turns, round by round; the median of the rounds' ratios
is told.

Bytes: everything that passes a relay between agent and server in either direction, headers and
lists of chunks too, over the bytes of what changed: of a zip or wheel its compressed members that
the old version has not, of a tar its files, of anything else the runs of lines that differ.
`--pair OLD NEW` (repeat) measures real packages; without one, versions of a tar are made.
"""

import argparse
import asyncio
import hashlib
import io
import random
import struct
import subprocess
import sys
import tarfile
import tempfile
import time
import zipfile
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping
from contextlib import asynccontextmanager, suppress
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
LIMIT_SHARE, LIMIT_MOVED = 0.7, 1.2

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


class Relay:
    """Passes bytes on to the server and counts them."""

    def __init__(self, port: int) -> None:
        self._port, self.count, self.url = port, 0, ""

    @asynccontextmanager
    async def running(self) -> AsyncIterator["Relay"]:
        """Listening on an address of its own."""
        served = await asyncio.start_server(self._serve, "127.0.0.1", 0)
        self.url = f"http://127.0.0.1:{served.sockets[0].getsockname()[1]}"
        try:
            yield self
        finally:
            served.close()

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        there, back = await asyncio.open_connection("127.0.0.1", self._port)
        await asyncio.gather(self._pass(reader, back), self._pass(there, writer))

    async def _pass(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        with suppress(OSError):
            while data := await reader.read(256 * 1024):
                self.count += len(data)
                writer.write(data)
                await writer.drain()
        writer.close()


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


async def _moved(
    relay: Relay, ground: Ground, folder: Path, what: str, old: bytes, new: bytes
) -> None:
    async with AsyncClient(ground.connection(relay.url), retries=Retries(attempts=1)) as client:
        store = ComponentStore(folder / "store", LabApi(client), limit_bytes=10**12)
        for number, data in ((1, old), (2, new)):
            component = await ground.publish(f"{what}-{number}", data, listed=True)
            before = relay.count
            [path] = await store.provide(component, folder / str(number), _quiet)
            assert hashlib.sha256(path.read_bytes()).digest() == hashlib.sha256(data).digest()
    moved, changed = relay.count - before, changed_bytes(old, new)
    row(f"{what}: moved of {len(new) / 1e6:.2f} MB", f"{moved:,} B = {moved / changed:.2f} x",
        f"<= {LIMIT_MOVED} x {changed:,} B", moved <= LIMIT_MOVED * changed)  # fmt: skip


def changed_bytes(old: bytes, new: bytes) -> int:
    """Bytes of the parts of a package that its old version does not have."""
    for parts in (_members, _files):
        with suppress(zipfile.BadZipFile, tarfile.TarError):
            before = set(parts(old))
            return sum(len(part) for part in parts(new) if part not in before)
    seen = set(old.splitlines())
    return sum(len(line) + 1 for line in new.splitlines() if line not in seen)


def _members(data: bytes) -> list[bytes]:
    """Compressed members, and the table of them, which is another for any change."""
    with zipfile.ZipFile(io.BytesIO(data)) as archive:
        found = []
        for info in archive.infolist():
            name, extra = struct.unpack_from("<HH", data, info.header_offset + 26)
            start = info.header_offset + 30 + name + extra
            found.append(data[start : start + info.compress_size])
        return [*found, data[archive.start_dir :]]


def _files(data: bytes) -> list[bytes]:
    with tarfile.open(fileobj=io.BytesIO(data), mode="r:") as archive:
        opened = (archive.extractfile(each) for each in archive if each.isfile())
        return [each.read() for each in opened if each]


def unpacked(data: bytes) -> bytes:
    """The files of a zip as a tar, which is not compressed."""
    out = io.BytesIO()
    with zipfile.ZipFile(io.BytesIO(data)) as archive, tarfile.open(fileobj=out, mode="w") as tar:
        for info in sorted(archive.infolist(), key=lambda each: each.filename):
            about = tarfile.TarInfo(info.filename)
            about.size = info.file_size
            tar.addfile(about, io.BytesIO(archive.read(info)))
    return out.getvalue()


def _made() -> tuple[bytes, bytes]:
    """Two versions of a tar of 400 files, of which 12 of 100 kB differ as a whole."""
    dice = random.Random(4)
    files = {f"file-{each:03}": dice.randbytes(dice.randrange(1000, 90_000)) for each in range(400)}
    later = {**files, **{name: dice.randbytes(100_000) for name in dice.sample(sorted(files), 12)}}
    return _tar(files), _tar(later)


def _tar(files: dict[str, bytes]) -> bytes:
    out = io.BytesIO()
    with tarfile.open(fileobj=out, mode="w") as tar:
        for name, data in files.items():
            about = tarfile.TarInfo(name)
            about.size = len(data)
            tar.addfile(about, io.BytesIO(data))
    return out.getvalue()


async def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--pair", nargs=2, action="append", type=Path, default=[])
    pairs = {"made.tar": _made()}
    for old, new in parser.parse_args().pair:
        both = old.read_bytes(), new.read_bytes()
        pairs[new.name] = both
        if zipfile.is_zipfile(new):
            pairs[f"{new.stem}.tar"] = unpacked(both[0]), unpacked(both[1])
    async with running_server() as server:
        base, admin = f"{server.url}/api/v1", httpx.BasicAuth("admin", ADMIN_PASSWORD)
        with tempfile.TemporaryDirectory(dir=server.data.parent) as scratch:
            async with httpx.AsyncClient(base_url=base, auth=admin, timeout=120) as http:
                ground = Ground(http)
                await ground.prepare()
                await _speed(server, ground, Path(scratch))
                port = httpx.URL(server.url).port or 80
                async with Relay(port).running() as relay:
                    for number, (what, both) in enumerate(pairs.items()):
                        folder = Path(scratch) / f"pair-{number}"
                        await _moved(relay, ground, folder, what, *both)


if __name__ == "__main__":
    asyncio.run(main())
