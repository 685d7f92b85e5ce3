"""kill -9 of every program at every hop, for real: processes, sockets, files, PostgreSQL."""

import os
import signal
from collections.abc import AsyncIterator
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import asyncpg
import httpx
import pytest

from ringtest.control.db import launcher
from ringtest.control.db.launcher import Postgres
from tests.conftest import reachable_folder
from tests.parts import ADMIN
from tests.scenario.programs import Program, Sink, until

HOPS = (
    "component.published",
    "job.requested",
    "job.assigned",
    "job.claimed",
    "job.stage_changed",
    "result.recorded",
    "job.finished",
    "failure.grouped",
    "report.delivered",
)
WORDS = ("amber", "birch", "cedar", "dune", "ember", "fjord", "grove", "heath", "isle")
"""Versions without digits: each word makes a failure of its own, since digits are masked."""

_JUNIT = (
    '<testsuite name=\\"s\\"><testcase classname=\\"c\\" name=\\"t\\"><failure type=\\"Broken\\"'
    ' message=\\"broken by $RINGTEST_COMPONENT_BUILD_VERSION\\"/></testcase></testsuite>'
)
_RUN = (
    'for n in 1 2 3 4 5 6 7 8; do echo "$RINGTEST_COMPONENT_BUILD_VERSION $n"; sleep 0.1; done;'
    f' echo "{_JUNIT}" > junit.xml; exit 1'
)
SPEC = {
    "timeout_seconds": 600,
    "max_attempts": 10,
    "isolation": "none",
    "stages": {"prepare": [], "test": [{"name": "test", "run": _RUN}], "collect": []},
    "artifacts": [{"path": "junit.xml", "mime": "application/junit"}],
}


@dataclass(slots=True)
class Installation:
    """Two server processes by role, one agent, one PostgreSQL, one receiver of reports."""

    dsn: str
    postgres: Postgres
    sink: Sink
    http: httpx.AsyncClient
    programs: dict[str, Program] = field(default_factory=dict)
    topic_id: str = ""

    async def kill(self, victim: str) -> None:
        """End the victim at once; what brings it back is started as in real life."""
        if victim == "postgres":
            assert self.postgres.pid is not None
            os.kill(self.postgres.pid, signal.SIGKILL)
            await until(self.answers, "PostgreSQL comes back")
        else:
            await self.programs[victim].kill()
            await self.programs[victim].start()

    async def value(self, sql: str, *args: Any) -> Any:
        connection = await asyncpg.connect(self.dsn)
        try:
            return await connection.fetchval(sql, *args)
        finally:
            await connection.close()

    async def answers(self) -> bool:
        with suppress(OSError, asyncpg.PostgresError):
            return bool(await self.value("SELECT true"))
        return False

    async def holds(self, sql: str, *args: Any) -> bool:
        with suppress(OSError, asyncpg.PostgresError):
            return bool(await self.value(sql, *args))
        return False

    async def post(self, path: str, body: dict[str, Any]) -> dict[str, Any]:
        answer = await self.http.post(path, json=body)
        assert answer.status_code == 201, f"{path}: {answer.status_code} {answer.text}"
        content: dict[str, Any] = answer.json()
        inner = next(iter(content.values()))
        return inner if isinstance(inner, dict) else content


@pytest.fixture
async def installation(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> AsyncIterator[Installation]:
    """Everything running, with one topic, one rule, one subscribed lab and one report target."""
    monkeypatch.setattr(launcher, "_RESTS", (0.2,))  # or nine kills in a row are mostly rest
    sink = Sink()
    with reachable_folder() as folder:
        postgres = Postgres(folder, fsync=False)
        dsn = await postgres.start()
        common = {
            "RINGTEST_DATABASE_URL": dsn,
            "RINGTEST_DATA": str(tmp_path / "data"),
            "RINGTEST_ADMIN_PASSWORD": "admin password",
            "RINGTEST_LEASE_SECONDS": "3",
            "RINGTEST_HEARTBEAT_SECONDS": "1",
            "RINGTEST_DELIVERY_SECONDS": "15",
        }
        api = Program(
            ("up", "--role", "api", "--listen", "127.0.0.1:0"), common, tmp_path / "api", "ready"
        )
        loops = Program(("up", "--role", "loops"), common, tmp_path / "loops", "ready")
        await api.start()
        port = api.address.rpartition(":")[2]
        api.arguments = ("up", "--role", "api", "--listen", f"127.0.0.1:{port}")
        await loops.start()
        async with httpx.AsyncClient(
            base_url=f"{api.address}/api/v1", auth=ADMIN, timeout=20
        ) as http:
            ours = Installation(dsn, postgres, sink, http, {"api": api, "loops": loops})
            ours.programs["agent"] = await _agent(ours, tmp_path, sink.start())
            try:
                yield ours
            finally:
                for program in ours.programs.values():
                    await program.stop()
                await postgres.stop()
                sink.stop()


async def _agent(ours: Installation, folder: Path, hook: str) -> Program:
    product = await ours.post("/products", {"name": "p"})
    team = await ours.post("/teams", {"name": "lab team"})
    await ours.post(f"/products/{product['id']}/teams", {"team_id": team["id"]})
    topic = await ours.post(
        "/topics",
        {
            "name": "t",
            "product_id": product["id"],
            "component_types": ["build"],
            "export_control": True,
        },
    )
    ours.topic_id = topic["id"]
    definition = {"name": "d", "topic_id": topic["id"], "spec": SPEC}
    made = await ours.post("/job_definitions", definition)
    rule = {"name": "r", "topic_id": topic["id"], "definition_id": made["id"]}
    await ours.post("/trigger_rules", rule)
    lab = await ours.post("/remotecis", {"name": "lab", "team_id": team["id"]})
    await ours.post(f"/remotecis/{lab['id']}/topics", {"topic_id": topic["id"]})
    target = {"name": "hook", "channel": "webhook", "address": hook, "team_id": team["id"]}
    await ours.post("/report_targets", target)
    agent = Program(
        ("agent", "--id", f"remoteci/{lab['id']}", "--data", str(folder / "agent")),
        {"RINGTEST_SERVER": ours.programs["api"].address, "DCI_API_SECRET": lab["api_secret"]},
        folder / "agent-log",
    )
    await agent.start()
    return agent


@pytest.mark.parametrize("victim", ["api", "loops", "agent", "postgres"])
async def test_a_program_killed_at_every_hop_loses_and_doubles_nothing(
    installation: Installation, victim: str
) -> None:
    ours = installation
    for hop, word in zip(HOPS, WORDS, strict=True):
        before = await ours.value("SELECT coalesce(max(id), 0) FROM events")
        body = {"type": "build", "topic_id": ours.topic_id, "display_name": word, "version": word}
        await ours.post("/components", body)
        happened = "SELECT count(*) > 0 FROM events WHERE type = $1 AND id > $2"
        await until(
            lambda: ours.holds(happened, hop, before),  # noqa: B023
            f"{hop} for {word}",
            seconds=60,
        )
        await ours.kill(victim)
    delivered = "SELECT count(*) = $1 FROM deliveries WHERE status = 'delivered'"
    await until(
        lambda: ours.holds(delivered, len(HOPS)), f"the end after killing {victim}", seconds=60
    )
    await _assert_whole(ours)


async def _assert_whole(ours: Installation) -> None:
    count = ours.value
    jobs = len(HOPS)
    assert await count("SELECT count(*) FROM jobs") == jobs
    assert await count("SELECT count(*) FROM jobs WHERE result = 'failed'") == jobs
    assert await count("SELECT count(*) FROM failure_groups") == jobs
    assert await count("SELECT count(*) FROM deliveries WHERE status = 'delivered'") == jobs
    assert len(set(ours.sink.ids)) == jobs
    listed = await ours.http.get("/jobs", params={"limit": 50, "offset": 0})
    for job in listed.json()["jobs"]:
        word = job["components"][0]["version"]
        log = (await ours.http.get(f"/jobs/{job['id']}/log/raw")).text
        assert [line for line in log.splitlines() if line.startswith(word)] == [
            f"{word} {n}" for n in range(1, 9)
        ]
