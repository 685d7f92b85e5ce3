"""Files of jobs: what a small one costs, how fast a large one goes, and in how much memory.

2 kB: CPU of server and PostgreSQL per upload, signed as agents sign, over the CPU of
PostgreSQL and a bare asyncpg client that writes the same rows durably (file, job, event),
in the same run. 10 MB: bytes a second up and down against loopback itself: the same
client and the same HTTP server with an application that only takes or gives the bytes.
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
from pathlib import Path
from uuid import UUID, uuid4

import asyncpg
import httpx

from benchmarks.harness import ADMIN_PASSWORD, Server, median, row, running_server
from ringtest.client.auth import BODY_SHA256, HmacAuth
from ringtest.control.db.cluster import OWNER, locate_cluster
from ringtest.control.db.launcher import DATABASE

SMALL, LARGE = 2048, 10 * 1024 * 1024
UPLOADS, ROUNDS = 400, 7
LIMIT_MS = 3.0
LIMIT_SHARE = 0.5
"""Of loopback's speed."""
LIMIT_GROWTH_MB = 64
_PIECE = 256 * 1024

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
    headers = {"DCI-NAME": "task.txt", "DCI-JOB-ID": job, "DCI-MIME": "text/plain"}
    body = b"TASK [install packages] ok: [node-1] => changed\n" * (SMALL // 48)
    for _ in range(20):
        await http.post("/files", content=body, headers=headers)
    before, began = server.cpu_seconds(), time.monotonic()
    for _ in range(UPLOADS):
        answer = await http.post("/files", content=body, headers=headers)
        assert answer.status_code == 201, answer.text
    wall = (time.monotonic() - began) / UPLOADS * 1000
    cpu = (server.cpu_seconds() - before) / UPLOADS * 1000
    statements = answer.headers["server-timing"].partition("desc=")[2]
    raw = await _raw_write(server, dsn, UUID(job), body)
    row("POST /files, 2 kB, signed: CPU", f"{cpu:.2f} ms", f"<= {LIMIT_MS} ms", cpu <= LIMIT_MS)
    row("  wall / SQL statements", f"{wall:.2f} ms / {statements}", "")
    row("  the same rows in raw SQL: CPU with its client", f"{raw:.2f} ms", f"{cpu / raw:.1f} x")


async def _raw_write(server: Server, dsn: str, job: UUID, body: bytes) -> float:
    """CPU milliseconds per file of PostgreSQL and a bare client, durable like ours."""
    connection: asyncpg.Connection = await asyncpg.connect(dsn)
    team = await connection.fetchval("SELECT team_id FROM jobs WHERE id = $1", job)
    await connection.execute("SET ringtest.scope = 'all'")

    async def write() -> None:
        async with connection.transaction():
            await connection.execute(
                "INSERT INTO files (id, created_at, updated_at, etag, name, mime, md5, sha256,"
                " size, object_key, content, job_id, team_id) VALUES ($1, now(), now(), md5($2),"
                " 'task.txt', 'text/plain', $2, $3, $4, $5, $6, $7, $8)",
                uuid4(),
                hashlib.md5(body).hexdigest(),
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
                "INSERT INTO events (created_at, type, payload, team_id)"
                " VALUES (now(), 'x', '{}', $1)",
                team,
            )

    for _ in range(20):
        await write()
    before, own = server.cpu_seconds(), time.process_time()
    for _ in range(UPLOADS):
        await write()
    cpu = server.cpu_seconds() - before + time.process_time() - own
    await connection.close()
    return cpu / UPLOADS * 1000


@asynccontextmanager
async def _bare_server() -> AsyncIterator[str]:
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    process = await asyncio.create_subprocess_exec(
        sys.executable, "-c", _BARE, str(port), str(LARGE), str(_PIECE)
    )
    try:
        async with httpx.AsyncClient() as http:
            while True:
                try:
                    await http.post(f"http://127.0.0.1:{port}/", content=b"x")
                    break
                except httpx.ConnectError:
                    await asyncio.sleep(0.05)
        yield f"http://127.0.0.1:{port}"
    finally:
        process.terminate()
        await process.wait()


async def _seconds(act: Callable[[], Awaitable[None]]) -> float:
    began = time.monotonic()
    await act()
    return time.monotonic() - began


async def _large(url: str, http: httpx.AsyncClient, auths: dict[str, httpx.Auth], job: str) -> None:
    """Turn by turn, so that what else the machine does meets both."""
    body = os.urandom(LARGE)
    digest = hashlib.sha256(body).hexdigest()
    headers = {"DCI-NAME": "big", "DCI-JOB-ID": job, "DCI-MIME": "application/octet-stream"}
    names = ["loopback up", *(f"up, {who}" for who in auths), "loopback down", "down"]
    took: dict[str, list[float]] = {name: [] for name in names}
    file_id = ""

    async def up_by(auth: httpx.Auth) -> None:
        nonlocal file_id
        more = {BODY_SHA256: digest}  # the digest costs the client, not us
        answer = await http.post(
            "/files", content=body, headers=headers, auth=auth, extensions=more
        )
        assert answer.status_code == 201, answer.text
        file_id = answer.json()["file"]["id"]

    async def bare_up() -> None:
        await http.post(url, content=body)

    async def bare_down() -> None:
        assert len((await http.get(url)).content) == LARGE

    async def down() -> None:
        assert (await http.get(f"/files/{file_id}/content")).content == body

    for _ in range(ROUNDS):
        took["loopback up"].append(await _seconds(bare_up))
        for who, auth in auths.items():
            took[f"up, {who}"].append(await _seconds(lambda auth=auth: up_by(auth)))  # type: ignore[misc]
        took["loopback down"].append(await _seconds(bare_down))
        took["down"].append(await _seconds(down))
    speed = {name: LARGE / 1e6 / median(times) for name, times in took.items()}
    for name in names:
        if name.startswith("loopback"):
            row(f"10 MB {name}", f"{speed[name]:.0f} MB/s", "the limit")
        else:
            share = speed[name] / speed[f"loopback {name.split(',')[0]}"]
            told = f">= {LIMIT_SHARE} x loopback"
            row(f"10 MB {name}", f"{speed[name]:.0f} MB/s = {share:.2f} x", told,
                share >= LIMIT_SHARE)  # fmt: skip


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
    async with running_server(environment=environment) as server, _bare_server() as bare:
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
            await _large(bare, http, {"password": password, "signed": signed}, job)
            if gigabytes:
                await _huge(server, http, job, gigabytes)


if __name__ == "__main__":
    asyncio.run(main())
