"""What an agent asks and tells all day, out of 100,000 jobs: our server against PostgreSQL alone.

CPU of the server and its PostgreSQL per signed HTTP request, policies on, over CPU of
PostgreSQL and a bare asyncpg client that builds the same JSON, or writes the same rows and
commits, as the owner of the tables. Both are measured in turns in one run. Writes go to
jobs of their own; what is read was seeded.
"""

import argparse
import asyncio
import json
import time
from collections.abc import Awaitable, Callable, Iterator
from dataclasses import dataclass, field
from itertools import cycle
from typing import Any
from uuid import UUID, uuid4

import asyncpg
import httpx

from benchmarks.harness import ADMIN_PASSWORD, Server, median, percentile, row, seeded_server
from ringtest.client.auth import HmacAuth
from ringtest.control.db.cluster import OWNER

ROUNDS = 5
REPEATS = 120
TOPIC = "md5('topic3')::uuid"

_FILE = """f.id, f.created_at, f.updated_at, f.etag, f.state, f.name, f.mime, f.md5, f.sha256,
  f.size, f.attempt, f.jobstate_id, f.job_id, f.team_id"""
_RAW_JOB = f"""
SELECT row_to_json(q)::text FROM (
  SELECT j.*,
    (SELECT json_agg(r) FROM (SELECT r.id, r.created_at, r.name, r.total, r.success, r.skips,
       r.failures, r.errors, r.regressions, r.successfixes, r.time, r.job_id, r.file_id
       FROM test_results r WHERE r.job_id = j.id ORDER BY r.created_at, r.id) r) AS results,
    (SELECT row_to_json(x) FROM remotecis x WHERE x.id = j.remoteci_id) AS remoteci,
    (SELECT json_agg(c) FROM (SELECT c.* FROM components c
       JOIN jobs_components jc ON jc.component_id = c.id
       WHERE jc.job_id = j.id ORDER BY c.type, c.id) c) AS components,
    (SELECT row_to_json(x) FROM topics x WHERE x.id = j.topic_id) AS topic,
    (SELECT row_to_json(x) FROM teams x WHERE x.id = j.team_id) AS team,
    (SELECT row_to_json(x) FROM pipelines x WHERE x.id = j.pipeline_id) AS pipeline,
    (SELECT json_agg(k) FROM jobs_keys_values k WHERE k.job_id = j.id) AS keys_values,
    (SELECT json_agg(s ORDER BY s.created_at, s.id) FROM jobstates s
       WHERE s.job_id = j.id) AS jobstates,
    (SELECT json_agg(f) FROM (SELECT {_FILE} FROM files f WHERE f.job_id = j.id
       AND f.jobstate_id IS NULL ORDER BY f.created_at, f.id) f) AS files
  FROM jobs j WHERE j.id = $1) q"""
_RAW_STATES = f"""
SELECT json_agg(q)::text FROM (
  SELECT s.id, s.created_at, s.status, s.comment, s.job_id,
    (SELECT json_agg(f) FROM (SELECT {_FILE} FROM files f WHERE f.jobstate_id = s.id
       ORDER BY f.created_at, f.id) f) AS files
  FROM jobstates s WHERE s.job_id = $1 ORDER BY s.created_at DESC, s.id) q"""
_RAW_NEW_JOB = """
WITH job AS (
  INSERT INTO jobs (id, created_at, updated_at, etag, name, topic_id, product_id, remoteci_id,
    team_id, set_key)
  SELECT $1, now(), now(), 'e', 'bench', t.id, t.product_id, l.id, l.team_id, 'set'
  FROM topics t, remotecis l WHERE t.id = $2 AND l.id = $3 RETURNING *),
components AS (INSERT INTO jobs_components SELECT $1, unnest($4::uuid[]), team_id FROM job),
event AS (INSERT INTO events (created_at, type, payload, team_id, topic_id)
  SELECT now(), 'bench', json_build_object('job_id', id), team_id, topic_id FROM job)
SELECT row_to_json(job)::text FROM job"""
_RAW_STATE = """
WITH job AS (UPDATE jobs SET status = 'running', stage = 'test', updated_at = now(), etag = $3,
  duration = 1, started_at = coalesce(started_at, now()) WHERE id = $2 RETURNING *),
event AS (INSERT INTO events (created_at, type, payload, team_id, topic_id)
  SELECT now(), 'bench', json_build_object('job_id', id), team_id, topic_id FROM job),
state AS (INSERT INTO jobstates (id, created_at, status, comment, job_id, team_id)
  SELECT $1, now(), 'running', 'step', id, team_id FROM job RETURNING *)
SELECT row_to_json(state)::text FROM state"""
_RAW_STATS = """
SELECT json_agg(q)::text FROM (
  SELECT topic_id, json_agg(json_build_object('id', l.job_id, 'team_name', m.name,
    'remoteci_name', r.name, 'status', l.result, 'created_at', l.created_at)) AS jobs
  FROM latest_jobs l JOIN teams m ON m.id = l.team_id JOIN remotecis r ON r.id = l.remoteci_id
  GROUP BY topic_id) q"""

Act = Callable[[], Awaitable[Any]]


@dataclass(slots=True)
class Case:
    """A call, the same by hand, and the most CPU milliseconds and statements it may cost."""

    name: str
    ours: Callable[[], Awaitable[httpx.Response]]
    raw: Act
    limit_ms: float
    most_sql: int | None = None
    repeats: int = REPEATS
    figures: dict[str, list[float]] = field(
        default_factory=lambda: {"ours": [], "raw": [], "wall": []}
    )


async def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--jobs", type=int, default=100_000)
    jobs = parser.parse_args().jobs
    async with seeded_server(jobs) as server:
        connection: asyncpg.Connection = await asyncpg.connect(server.dsn(OWNER))
        base = f"{server.url}/api/v1"
        admin = httpx.BasicAuth("admin", ADMIN_PASSWORD)
        async with httpx.AsyncClient(base_url=base, auth=admin, timeout=60) as people:
            lab_id, auth = await _lab(people)
            async with httpx.AsyncClient(base_url=base, auth=auth, timeout=60) as lab:
                for case in await _cases(connection, people, lab, lab_id):
                    await _run(server, case)
        await connection.close()


async def _lab(http: httpx.AsyncClient) -> tuple[UUID, HmacAuth]:
    """A lab of a partner's team, which signs its requests."""
    team = await http.get("/teams", params={"where": "name:partner 5"})
    team_id = team.json()["teams"][0]["id"]
    made = await http.post("/remotecis", json={"name": "bench", "team_id": team_id})
    lab = made.json()["remoteci"]
    return UUID(lab["id"]), HmacAuth(f"remoteci/{lab['id']}", lab["api_secret"])


async def _cases(
    connection: asyncpg.Connection, people: httpx.AsyncClient, lab: httpx.AsyncClient, lab_id: UUID
) -> list[Case]:
    return [
        *await _reads(connection, people, lab),
        *await _writes(connection, lab, lab_id),
    ]


async def _reads(
    connection: asyncpg.Connection, people: httpx.AsyncClient, lab: httpx.AsyncClient
) -> list[Case]:
    found = await connection.fetch(
        "SELECT id FROM jobs WHERE team_id = (SELECT id FROM teams WHERE name = 'partner 5')"
        " ORDER BY md5(id::text) LIMIT 400"
    )
    ids = cycle([record["id"] for record in found])
    raw_ids = cycle([record["id"] for record in reversed(found)])

    async def states() -> httpx.Response:
        answer = await lab.get(f"/jobs/{next(ids)}/jobstates", params={"limit": 20, "offset": 0})
        assert len(answer.json()["jobstates"]) == 6
        assert len(answer.json()["jobstates"][0]["files"]) == 1
        return answer

    async def raw(sql: str) -> None:
        json.dumps(await connection.fetchval(sql, next(raw_ids)))

    return [
        Case("one job with all its details", lambda: lab.get(f"/jobs/{next(ids)}"),
             lambda: raw(_RAW_JOB), 3),
        Case("its jobstates with their files", states, lambda: raw(_RAW_STATES), 3),
        Case("stats, all teams", lambda: people.get("/stats"),
             lambda: connection.fetchval(_RAW_STATS), 10, repeats=60),
    ]  # fmt: skip


async def _writes(
    connection: asyncpg.Connection, lab: httpx.AsyncClient, lab_id: UUID
) -> list[Case]:
    topic: UUID = await connection.fetchval(f"SELECT {TOPIC}")
    found = await connection.fetch(
        "SELECT DISTINCT ON (type) id FROM components WHERE topic_id = $1", topic
    )
    components = [record["id"] for record in found]
    assert len(components) == 6
    chosen = {"components": [str(one) for one in components], "name": "bench"}
    running = await _open_jobs(lab, chosen)
    raw_running = await _open_jobs(lab, chosen)

    async def state() -> httpx.Response:
        body = {"job_id": next(running), "status": "running", "comment": "step"}
        return await lab.post("/jobstates", json=body)

    async def raw_job() -> None:
        await connection.fetchval(_RAW_NEW_JOB, uuid4(), topic, lab_id, components)

    async def raw_state() -> None:
        await connection.fetchval(_RAW_STATE, uuid4(), next(raw_running), uuid4().hex)

    return [
        Case("POST jobs with 6 components", lambda: lab.post("/jobs", json=chosen), raw_job, 4, 5),
        Case("POST jobs/schedule of 6 types",
             lambda: lab.post("/jobs/schedule", json={"topic_id": str(topic)}), raw_job, 4, 6),
        Case("POST jobstates, running", state, raw_state, 2),
    ]  # fmt: skip


async def _open_jobs(lab: httpx.AsyncClient, body: dict[str, Any]) -> Iterator[str]:
    """Ids of jobs that run, round and round: an agent posts some states to each."""
    made = [(await lab.post("/jobs", json=body)).json()["job"]["id"] for _ in range(50)]
    for job_id in made:
        await lab.post("/jobstates", json={"job_id": job_id, "status": "pre-run"})
    return cycle(made)


async def _run(server: Server, case: Case) -> None:
    for _ in range(8):  # statements are prepared, plans are kept
        answer = await case.ours()
        assert answer.status_code < 300, answer.text
        await case.raw()
    for _ in range(ROUNDS):
        await _round(server, case)
    ours, raw = median(case.figures["ours"]), median(case.figures["raw"])
    row(f"{case.name}: CPU", f"{ours:.2f} ms", f"<= {case.limit_ms} ms", ours <= case.limit_ms,
        by_hand=f"{raw:.2f} ms", ratio=ours / raw)  # fmt: skip
    row("  against the same by hand", f"{ours / raw:.1f} x", f"{raw:.2f} ms")
    walls = case.figures["wall"]
    wall = f"{median(walls):.1f} / {percentile(walls, 0.95):.1f} / {percentile(walls, 0.99):.1f} ms"
    row("  wall p50 / p95 / p99", wall, "printed")
    statements = int(answer.headers["server-timing"].partition("desc=")[2])
    limit = f"<= {case.most_sql}" if case.most_sql else "printed"
    verdict = statements <= case.most_sql if case.most_sql else None
    row("  SQL statements", str(statements), limit, verdict)


async def _round(server: Server, case: Case) -> None:
    async def ours() -> None:
        started = time.perf_counter()
        answer = await case.ours()
        case.figures["wall"].append((time.perf_counter() - started) * 1000)
        assert answer.status_code < 300, answer.text

    own = time.process_time()
    spent = await _spent(server, case.raw, case.repeats)
    case.figures["raw"].append(spent + (time.process_time() - own) * 1000 / case.repeats)
    case.figures["ours"].append(await _spent(server, ours, case.repeats))


async def _spent(server: Server, act: Act, repeats: int) -> float:
    """CPU milliseconds of server and PostgreSQL per call."""
    before = server.cpu_seconds()
    for _ in range(repeats):
        await act()
    return (server.cpu_seconds() - before) * 1000 / repeats


if __name__ == "__main__":
    asyncio.run(main())
