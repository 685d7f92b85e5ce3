"""Files of jobs: what a small one costs, how fast a large one goes, and in how much memory.

2 kB: CPU of server and PostgreSQL per upload, signed as agents sign, over the CPU of
PostgreSQL and a bare asyncpg client that writes the same rows durably (file, job, event).
10 MB: bytes a second up and down against loopback itself: the same client and the same HTTP
server with an application that only takes or gives the bytes; beside it what SHA-256 and
a write that is flushed take alone, as no store can do without. All ways take turns, round by
round, and medians are told; CPU is read from the processes' clocks, so that other work on the
machine weighs less.
With `--gigabytes` one upload of that size, and what the server's memory grew by.
"""

import argparse
import asyncio
import hashlib
import os
import socket
import sys
import time
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path
from uuid import UUID, uuid4

import asyncpg
import httpx

from benchmarks.harness import ADMIN_PASSWORD, Server, cpu_of, median, row, running_server
from ringtest.client.auth import BODY_SHA256, HmacAuth
from ringtest.control.db.cluster import OWNER, locate_cluster
from ringtest.control.db.launcher import DATABASE

SMALL, LARGE = 2048, 10 * 1024 * 1024
UPLOADS, SMALL_ROUNDS, ROUNDS = 50, 9, 15
IDLE_SECONDS = 3
LIMIT_MS = 3.0
LIMIT_SHARE = 0.5
"""Of loopback's speed."""
LIMIT_GROWTH_MB = 64
_PIECE = 256 * 1024
_BATCH = 512 * 1024

_BARE = """
import sys, uvicorn
port, large, piece = map(int, sys.argv[1:])
BODY = bytes(large)
async def app(scope, receive, send):
    if scope["type"] != "http":
        return
    more = scope["method"] == "POST"
    body = b"" if more else BODY
    while more:
        more = (await receive()).get("more_body", False)
    length = [(b"content-length", b"%d" % len(body))]
    await send({"type": "http.response.start", "status": 200, "headers": length})
    for at in range(0, len(body) or 1, piece):
        more = at + piece < len(body)
        part = body[at : at + piece]
        await send({"type": "http.response.body", "body": part, "more_body": more})
uvicorn.run(app, host="127.0.0.1", port=port, log_level="error", access_log=False)
"""


async def _job(http: httpx.AsyncClient) -> tuple[HmacAuth, str]:
    """A lab that signs, and a job of it."""
    team = (await http.post("/teams", json={"name": "lab team"})).json()["team"]
    product = (await http.post("/products", json={"name": "Linux"})).json()["product"]
    await http.post(f"/products/{product['id']}/teams", json={"team_id": team["id"]})
    body = {"name": "linux-9", "product_id": product["id"], "export_control": True}
    topic = (await http.post("/topics", json=body)).json()["topic"]
    made = await http.post("/remotecis", json={"name": "lab", "team_id": team["id"]})
    lab = made.json()["remoteci"]
    auth = HmacAuth(f"remoteci/{lab['id']}", lab["api_secret"])
    job = {"topic_id": topic["id"], "components": []}
    answer = await http.post("/jobs", json=job, auth=auth)
    assert answer.status_code == 201, answer.text
    return auth, answer.json()["job"]["id"]


async def _small(server: Server, http: httpx.AsyncClient, job: str, dsn: str) -> None:
    """Turn by turn with the raw writes. What the server does by itself while nobody asks is
    measured first and taken off by the second: a busy machine draws requests out."""
    headers = {"DCI-NAME": "task.txt", "DCI-JOB-ID": job, "DCI-MIME": "text/plain"}
    body = b"TASK [install packages] ok: [node-1] => changed\n" * (SMALL // 48)
    statements = ""

    async def upload() -> None:
        nonlocal statements
        answer = await http.post("/files", content=body, headers=headers)
        assert answer.status_code == 201, answer.text
        statements = answer.headers["server-timing"].partition("desc=")[2]

    connection: asyncpg.Connection = await asyncpg.connect(dsn)
    await connection.execute("SET ringtest.scope = 'all'")
    team = await connection.fetchval("SELECT team_id FROM jobs WHERE id = $1", UUID(job))
    await _turn(server, upload, 0.0)
    idle = await _idle(server)
    ours, walls, raws = [], [], []
    for _ in range(SMALL_ROUNDS):
        cpu, wall, _ = await _turn(server, upload, idle)
        ours.append(cpu)
        walls.append(wall)
        cpu, _, own = await _turn(
            server, lambda: _raw_write(connection, UUID(job), team, body), idle
        )
        raws.append(cpu + own)
    await connection.close()
    cpu, raw = median(ours), median(raws)
    row("POST /files, 2 kB, signed: CPU", f"{cpu:.2f} ms", f"<= {LIMIT_MS} ms",
        cpu <= LIMIT_MS, by_hand=f"{raw:.2f} ms", ratio=cpu / raw)  # fmt: skip
    row("  least and most of the rounds", f"{min(ours):.2f} to {max(ours):.2f} ms", "")
    row("  wall / SQL statements", f"{median(walls):.2f} ms / {statements}", "")
    row("  the same rows in raw SQL: CPU with its client", f"{raw:.2f} ms", f"{cpu / raw:.1f} x")
    row("  the server by itself, not in the above", f"{idle * 1000:.1f} ms/s", "")


async def _idle(server: Server) -> float:
    """CPU seconds a second."""
    before, began = server.cpu_seconds(), time.monotonic()
    await asyncio.sleep(IDLE_SECONDS)
    return (server.cpu_seconds() - before) / (time.monotonic() - began)


async def _turn(
    server: Server, act: Callable[[], Awaitable[None]], idle: float
) -> tuple[float, float, float]:
    """Milliseconds of one of `UPLOADS` acts: CPU of the server, wall, own CPU."""
    before, own, began = server.cpu_seconds(), time.process_time(), time.monotonic()
    for _ in range(UPLOADS):
        await act()
    wall = time.monotonic() - began
    cpu = server.cpu_seconds() - before - idle * wall
    own = time.process_time() - own
    return cpu / UPLOADS * 1000, wall / UPLOADS * 1000, own / UPLOADS * 1000


async def _raw_write(connection: asyncpg.Connection, job: UUID, team: UUID, body: bytes) -> None:
    """The rows of a file, durable like ours, by a bare client."""
    async with connection.transaction():
        await connection.execute(
            "INSERT INTO files (id, created_at, updated_at, etag, name, mime, sha256,"
            " size, object_key, content, job_id, team_id) VALUES ($1, now(), now(), md5($2),"
            " 'task.txt', 'text/plain', $2, $3, $4, $5, $6, $7)",
            uuid4(),
            hashlib.sha256(body).hexdigest(),
            len(body),
            "x",
            body,
            job,
            team,
        )
        await connection.execute(
            "UPDATE jobs SET etag = $2, updated_at = now() WHERE id = $1", job, uuid4().hex
        )
        await connection.execute(
            "INSERT INTO events (created_at, type, payload, team_id) VALUES (now(), 'x', '{}', $1)",
            team,
        )


@dataclass(frozen=True, slots=True)
class Bare:
    """The same HTTP server, with an application that only takes or gives bytes."""

    url: str
    pid: int

    def cpu_seconds(self) -> float:
        """CPU used so far."""
        return cpu_of(self.pid)


@asynccontextmanager
async def bare_server(size: int = LARGE) -> AsyncIterator[Bare]:
    """Running; what it gives has so many bytes."""
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    process = await asyncio.create_subprocess_exec(
        sys.executable, "-c", _BARE, str(port), str(size), str(_PIECE)
    )
    try:
        async with httpx.AsyncClient() as http:
            while True:
                try:
                    await http.post(f"http://127.0.0.1:{port}/", content=b"x")
                    break
                except httpx.ConnectError:
                    await asyncio.sleep(0.05)
        yield Bare(f"http://127.0.0.1:{port}", process.pid)
    finally:
        process.terminate()
        await process.wait()


@dataclass(slots=True)
class _Taken:
    """What one way took, round by round: milliseconds, and CPU of those who serve it."""

    wall: list[float] = field(default_factory=list)
    cpu: list[float] = field(default_factory=list)


def _by_hand(body: bytes, folder: Path) -> None:
    """What storing it durably under its digest takes, without a network or a database."""
    with (folder / "by-hand").open("wb", buffering=0) as file:
        sha256 = hashlib.sha256()
        for at in range(0, len(body), _BATCH):
            part = body[at : at + _BATCH]
            sha256.update(part)
            file.write(part)
        os.fsync(file.fileno())


async def _large(
    bare: Bare, server: Server, http: httpx.AsyncClient, auths: dict[str, httpx.Auth], job: str
) -> None:
    """Turn by turn, and each round compared with its own loopback: what else the machine does
    meets both."""
    rest, body, digest = os.urandom(LARGE - 16), b"", ""
    headers = {"DCI-NAME": "big", "DCI-JOB-ID": job, "DCI-MIME": "application/octet-stream"}
    file_id = ""

    def make_body() -> None:
        """Another one each time: of what is there already only a row is kept."""
        nonlocal body, digest
        body = os.urandom(16) + rest
        digest = hashlib.sha256(body).hexdigest()

    async def up_by(auth: httpx.Auth) -> None:
        nonlocal file_id
        more = {BODY_SHA256: digest}  # the digest costs the client, not us
        answer = await http.post(
            "/files", content=body, headers=headers, auth=auth, extensions=more
        )
        assert answer.status_code == 201, answer.text
        file_id = answer.json()["file"]["id"]

    async def bare_up() -> None:
        await http.post(bare.url, content=body)

    async def bare_down() -> None:
        assert len((await http.get(bare.url)).content) == LARGE

    async def down() -> None:
        assert (await http.get(f"/files/{file_id}/content")).content == body

    async def by_hand() -> None:
        _by_hand(body, server.data.parent)

    def own() -> float:
        return time.process_time()

    acts: dict[str, tuple[Callable[[], Awaitable[None]], Callable[[], float]]] = {
        "loopback up": (bare_up, bare.cpu_seconds),
        "digest and durable write": (by_hand, own),
        **{f"up, {who}": (partial(up_by, auth), server.cpu_seconds) for who, auth in auths.items()},
        "loopback down": (bare_down, bare.cpu_seconds),
        "down": (down, server.cpu_seconds),
    }
    make_body()
    taken = {name: _Taken() for name in acts}
    for number in range(ROUNDS + 1):
        for name, (act, clock) in acts.items():
            if name.startswith("up"):
                make_body()
            cpu, began = clock(), time.monotonic()
            await act()
            if number:  # the first warms up
                taken[name].wall.append((time.monotonic() - began) * 1000)
                taken[name].cpu.append((clock() - cpu) * 1000)
    for name in acts:
        _tell_large(name, taken)


def _tell_large(name: str, taken: dict[str, _Taken]) -> None:
    wall, cpu = median(taken[name].wall), median(taken[name].cpu)
    speed = LARGE / 1e3 / wall
    way = name.partition(",")[0]
    limit = taken.get(f"loopback {way}")
    if limit is None:
        told = "the limit" if name.startswith("loopback") else "no network, no database"
        row(f"10 MB {name}", f"{speed:.0f} MB/s, {cpu:.1f} ms CPU", told)
        return
    share = median([there / ours for there, ours in zip(limit.wall, taken[name].wall, strict=True)])
    row(f"10 MB {name}", f"{speed:.0f} MB/s = {share:.2f} x", f">= {LIMIT_SHARE} x loopback",
        share >= LIMIT_SHARE, by_hand=f"{LARGE / 1e3 / median(limit.wall):.0f} MB/s")  # fmt: skip
    if way == "up":
        floor = median(limit.cpu) + median(taken["digest and durable write"].cpu)
        row("  CPU, over loopback + digest + durable write",
            f"{cpu:.1f} ms = {cpu / floor:.2f} x", f"{floor:.1f} ms")  # fmt: skip


def _rss_mb(pid: int, field: str) -> float:
    text = Path(f"/proc/{pid}/status").read_text()
    return int(text.split(f"{field}:")[1].split()[0]) / 1024


async def _huge(server: Server, http: httpx.AsyncClient, job: str, gigabytes: float) -> None:
    """One upload; the server's most memory ever is reset before and read after."""
    headers = {"DCI-NAME": "huge", "DCI-JOB-ID": job, "DCI-MIME": "application/octet-stream"}
    size = int(gigabytes * 1e9)
    piece = os.urandom(1024 * 1024)

    def pieces() -> Iterator[bytes]:
        for at in range(0, size, len(piece)):
            yield piece[: size - at]

    async def body() -> AsyncIterator[bytes]:
        for one in pieces():
            yield one

    Path(f"/proc/{server.pid}/clear_refs").write_text("5")
    before, began = _rss_mb(server.pid, "VmRSS"), time.monotonic()
    answer = await http.post("/files", content=body(), headers=headers, timeout=3600)
    assert answer.status_code == 201, answer.text
    assert answer.json()["file"]["size"] == size
    grown = _rss_mb(server.pid, "VmHWM") - before
    speed = size / 1e6 / (time.monotonic() - began)
    row(f"{gigabytes:g} GB up: memory {before:.0f} MB, grew at most by", f"{grown:.0f} MB",
        f"<= {LIMIT_GROWTH_MB} MB", grown <= LIMIT_GROWTH_MB)  # fmt: skip
    row("  speed", f"{speed:.0f} MB/s", "")


async def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--gigabytes", type=float, default=1.0)
    gigabytes = parser.parse_args().gigabytes
    environment = {"RINGTEST_MAX_FILE": str(max(int(gigabytes * 2e9), 10**9))}
    async with running_server(environment=environment) as server, bare_server() as bare:
        base = f"{server.url}/api/v1"
        password = httpx.BasicAuth("admin", ADMIN_PASSWORD)
        async with httpx.AsyncClient(base_url=base, auth=password, timeout=120) as http:
            signed, job = await _job(http)
            cluster = locate_cluster(server.data)
            dsn = (
                f"postgresql://{OWNER}:{cluster.password(OWNER)}@/{DATABASE}?host={cluster.sockets}"
            )
            http.auth = signed
            await _small(server, http, job, dsn)
            http.auth = password
            await _large(bare, server, http, {"password": password, "signed": signed}, job)
            if gigabytes:
                await _huge(server, http, job, gigabytes)


if __name__ == "__main__":
    asyncio.run(main())
