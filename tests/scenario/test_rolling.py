"""Two api and two loops processes on one PostgreSQL: each is stopped and replaced under load."""

import asyncio
import os
import re
import signal
from collections.abc import AsyncIterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import asyncpg
import httpx
import pytest

from ringtest.client import AsyncClient, Connection, Retries
from tests.parts import ADMIN
from tests.scenario.programs import Program, until

CLIENTS = 4
PACE = 0.02
"""Seconds that each of them lets pass: without a rest they would only slow the restarts down."""
KILLS = 10 if os.environ.get("RINGTEST_SOAK") else 2
_PASSWORD = "admin password"


@dataclass(slots=True)
class Ring:
    """The server's processes. `started` and `ready` read what the workers' parent logs."""

    dsn: str
    api: Program
    loops: list[Program] = field(default_factory=list)
    team: str = ""

    @property
    def url(self) -> str:
        return f"{self.api.address}/api/v1"

    def logged(self, pattern: str) -> list[str]:
        return re.findall(pattern, self.api.log.read_text())

    def workers(self) -> list[int]:
        """Process ids of the api workers that serve."""
        ended = self.logged(r"worker\.ended place=\d+ pid=(\d+)")
        return [int(pid) for pid in self.logged(r"worker\.ready pid=(\d+)") if pid not in ended]

    async def replace(self, number: int) -> None:
        """Send `number` to each worker in turn; the next one when the first was replaced."""
        for pid in self.workers():
            there = len(self.logged(r"worker\.ready"))
            os.kill(pid, number)

            async def back(there: int = there) -> bool:
                return len(self.logged(r"worker\.ready")) > there

            await until(back, "a new worker")

    async def count(self, sql: str) -> Any:
        connection: asyncpg.Connection = await asyncpg.connect(self.dsn)
        try:
            return await connection.fetchval(sql)
        finally:
            await connection.close()


@pytest.fixture
async def ring(database_url: str, tmp_path: Path) -> AsyncIterator[Ring]:
    environment = {
        "RINGTEST_DATABASE_URL": database_url,
        "RINGTEST_DATA": str(tmp_path / "data"),
        "RINGTEST_ADMIN_PASSWORD": _PASSWORD,
    }
    common = ("up", "--listen", "127.0.0.1:0")
    api = Program(
        (*common, "--role", "api", "--workers", "2"), environment, tmp_path / "api", "ready",
        anew=True,
    )  # fmt: skip
    ring = Ring(database_url, api)
    for name in ("one", "two"):
        ring.loops.append(
            Program((*common, "--role", "loops"), environment, tmp_path / name, "ready")
        )
    programs = [ring.api, *ring.loops]
    try:
        for program in programs:
            await program.start()
        async with httpx.AsyncClient(base_url=ring.url, auth=ADMIN) as http:
            made = await http.post("/teams", json={"name": "red"})
            ring.team = made.json()["team"]["id"]
        yield ring
    finally:
        for program in programs:
            await program.stop()


async def hammer(ring: Ring, name: str, over: asyncio.Event) -> tuple[int, list[str]]:
    """Read and write one after the other on one connection, never trying anything again:
    how many requests were answered, and what went wrong."""
    wrong: list[str] = []
    number = 0
    limits = httpx.Limits(max_connections=1)
    async with httpx.AsyncClient(base_url=ring.url, auth=ADMIN, timeout=30, limits=limits) as http:
        while not over.is_set():
            await asyncio.sleep(PACE)
            number += 1
            try:
                made = await http.post(
                    "/pipelines", json={"name": f"{name} {number}", "team_id": ring.team}
                )
                read = await http.get("/identity")
            except httpx.HTTPError as error:
                wrong.append(f"{name} {number}: {error!r}")
                continue
            wrong += [
                f"{name} {number}: {answer.status_code} {answer.text}"
                for answer in (made, read)
                if answer.status_code not in (200, 201)
            ]
    return number, wrong


async def test_a_rolling_restart_loses_and_doubles_no_request(ring: Ring) -> None:
    over = asyncio.Event()
    async with asyncio.TaskGroup() as group:
        hammers = [
            group.create_task(hammer(ring, f"client {number}", over)) for number in range(CLIENTS)
        ]
        await ring.replace(signal.SIGTERM)
        assert ring.api.process is not None
        ring.api.process.send_signal(signal.SIGHUP)

        async def replaced() -> bool:
            return bool(ring.logged(r"workers\.replaced"))

        await until(replaced, "every worker to be replaced")
        for loops in ring.loops:
            await loops.stop()
            await loops.start()
        over.set()
    told = [task.result() for task in hammers]
    assert [fault for _, wrong in told for fault in wrong] == []
    sent = sum(number for number, _ in told)
    assert sent > 20
    assert await ring.count("SELECT count(*) FROM pipelines") == sent
    assert await ring.count("SELECT count(DISTINCT name) FROM pipelines") == sent
    notes = "SELECT count(*) FROM audits WHERE action = 'create_pipeline'"
    assert await ring.count(notes) == sent


async def test_kill_9_of_every_worker_doubles_and_loses_no_keyed_request(ring: Ring) -> None:
    connection = Connection.for_user(ring.api.address, "admin", _PASSWORD)
    over = asyncio.Event()
    retries = Retries(attempts=60, first=0.05, most=0.5)

    async def post(name: str) -> int:
        number = 0
        async with AsyncClient(connection, retries=retries) as client:
            while not over.is_set():
                await asyncio.sleep(PACE)
                number += 1
                body = {"name": f"{name} {number}", "team_id": ring.team}
                made = await client.post("/pipelines", body)
                assert made["pipeline"]["name"] == body["name"]
        return number

    async with asyncio.TaskGroup() as group:
        posts = [group.create_task(post(f"client {number}")) for number in range(CLIENTS)]
        for _ in range(KILLS):
            await ring.replace(signal.SIGKILL)
        over.set()
    sent = sum(task.result() for task in posts)
    assert await ring.count("SELECT count(*) FROM pipelines") == sent
    assert await ring.count("SELECT count(DISTINCT name) FROM pipelines") == sent
