"""The next version of a component: how many bytes come to a lab that has the one before.

Bytes are everything that passes a relay between agent and server in either direction, headers and
lists of chunks too. They are told over the bytes of what changed: of a wheel its compressed members
that the old version has not, of a tar its files, of a packed tar or Debian package its files, each
packed alone; of anything else the runs of lines that differ.

Real packages are asked of the registry that pip knows (RINGTEST_BENCH_PAIRS=made: none are). Where
it is not to be reached versions are made, and that is told. `--pair OLD NEW` (repeat) measures
others instead.
"""

import argparse
import asyncio
import gzip
import hashlib
import io
import lzma
import os
import random
import struct
import subprocess
import sys
import tarfile
import tempfile
import time
import zipfile
import zlib
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import asynccontextmanager, suppress
from pathlib import Path

import httpx

from benchmarks.bench_component_download import Ground
from benchmarks.harness import ADMIN_PASSWORD, row, running_server
from ringtest.agent.components.storing import ComponentStore
from ringtest.agent.lab_api import LabApi
from ringtest.client import AsyncClient, Retries

LIMIT_MOVED = 1.2
REAL = (
    ("setuptools", "80.8.0", "80.9.0", ":none:"),
    ("setuptools", "80.8.0", "80.9.0", ":all:"),
    ("Django", "5.2.7", "5.2.8", ":none:"),
)
"""Name, two versions, and of what pip is to take no wheels; of moderate sizes: the server lists
what is in a packed file at some 10 MB a second."""
_DOWNLOAD_SECONDS = 60


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


async def _moved(
    relay: Relay, ground: Ground, folder: Path, what: str, old: bytes, new: bytes
) -> None:
    async with AsyncClient(ground.connection(relay.url), retries=Retries(attempts=1)) as client:
        store = ComponentStore(folder / "store", LabApi(client), limit_bytes=10**12)
        for number, data in ((1, old), (2, new)):
            component = await ground.publish(f"{what}-{number}", data, listed=True)
            before, began = relay.count, time.process_time()
            [path] = await store.provide(component, folder / str(number), lambda text: None)
            assert hashlib.sha256(path.read_bytes()).digest() == hashlib.sha256(data).digest()
    spent = time.process_time() - began
    moved, changed = relay.count - before, changed_bytes(old, new)
    row(f"{what}: moved of {len(new) / 1e6:.2f} MB", f"{moved:,} B = {moved / changed:.2f} x",
        f"<= {LIMIT_MOVED} x {changed:,} B", moved <= LIMIT_MOVED * changed)  # fmt: skip
    row("  the agent's and the relay's CPU", f"{spent:.2f} s", "")


def changed_bytes(old: bytes, new: bytes) -> int:
    """Bytes of the parts of a package that its old version does not have."""
    for parts, cost in _KINDS:
        with suppress(zipfile.BadZipFile, tarfile.TarError, lzma.LZMAError, OSError, ValueError):
            before = set(parts(old))
            return sum(cost(part) for part in parts(new) if part not in before)
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
    """Of a tar that is not packed."""
    with tarfile.open(fileobj=io.BytesIO(data), mode="r:") as archive:
        opened = (archive.extractfile(each) for each in archive if each.isfile())
        return [each.read() for each in opened if each]


def _packed_files(data: bytes) -> list[bytes]:
    """Of a tar that gzip packed."""
    return _files(gzip.decompress(data))


def _debian_files(data: bytes) -> list[bytes]:
    """Of a Debian package, whose tars xz packed."""
    found, at = [], 8
    if not data.startswith(b"!<arch>\n"):
        raise ValueError
    while at < len(data):
        size = int(data[at + 48 : at + 58])
        member = data[at + 60 : at + 60 + size]
        if data[at : at + 16].rstrip().endswith(b".tar.xz"):
            found += _files(lzma.decompress(member))
        at += 60 + size + size % 2
    return found


def _by_zlib(data: bytes) -> int:
    return len(zlib.compress(data, 9))


def _by_xz(data: bytes) -> int:
    return len(lzma.compress(data))


_KINDS: tuple[tuple[Callable[[bytes], list[bytes]], Callable[[bytes], int]], ...] = (
    (_debian_files, _by_xz),
    (_members, len),
    (_packed_files, _by_zlib),
    (_files, len),
)
"""What is in a package of each kind, and what one of these is counted as."""


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


def _real(folder: Path) -> Iterator[tuple[str, bytes, bytes]]:
    """Real packages, if the registry can be reached: name, old and new."""
    for name, old, new, no_wheels in REAL:
        first = _download(folder, f"{name}=={old}", no_wheels)
        second = _download(folder, f"{name}=={new}", no_wheels) if first else None
        if first and second:
            yield second.name, first.read_bytes(), second.read_bytes()


def _download(folder: Path, what: str, no_wheels: str) -> Path | None:
    """The file that pip gets. What it says of a package that it cannot build does not matter."""
    place = folder / f"{what} {no_wheels.strip(':')}"
    command = [sys.executable, "-m", "pip", "download", "-q", "--no-deps", "--no-build-isolation"]
    command += ["--disable-pip-version-check", "--retries", "0", "--timeout", "10"]
    with suppress(subprocess.TimeoutExpired):
        subprocess.run(
            [*command, "--no-binary", no_wheels, "-d", str(place), what],
            capture_output=True,
            timeout=_DOWNLOAD_SECONDS,
        )
    return next(place.iterdir(), None) if place.exists() else None


def _pairs(wanted: list[tuple[Path, Path]], folder: Path) -> Iterator[tuple[str, bytes, bytes]]:
    if wanted:
        for old, new in wanted:
            yield new.name, old.read_bytes(), new.read_bytes()
        return
    real = [] if os.environ.get("RINGTEST_BENCH_PAIRS") == "made" else list(_real(folder))
    yield from real
    if not real:
        row("real packages", "none: the registry is not reached, or not asked", "")
    old_tar, new_tar = _made()
    yield "made.tar", old_tar, new_tar
    yield "made.tar.gz", gzip.compress(old_tar), gzip.compress(new_tar)


async def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--pair", nargs=2, action="append", type=Path, default=[])
    wanted = parser.parse_args().pair
    async with running_server() as server:
        base, admin = f"{server.url}/api/v1", httpx.BasicAuth("admin", ADMIN_PASSWORD)
        with tempfile.TemporaryDirectory(dir=server.data.parent) as scratch:
            async with httpx.AsyncClient(base_url=base, auth=admin, timeout=120) as http:
                ground = Ground(http)
                await ground.prepare()
                port = httpx.URL(server.url).port or 80
                async with Relay(port).running() as relay:
                    for number, pair in enumerate(_pairs(wanted, Path(scratch))):
                        await _moved(relay, ground, Path(scratch) / f"pair-{number}", *pair)


if __name__ == "__main__":
    asyncio.run(main())
