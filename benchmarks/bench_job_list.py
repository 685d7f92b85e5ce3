"""Pages of lists out of 100,000 jobs and 12,000 components: our server against PostgreSQL alone.

CPU of the server and its PostgreSQL per HTTP request (signed or with a password, policies
on, total counted) over CPU of PostgreSQL and a bare asyncpg client that has it build the
same JSON, as the owner of the tables, without policies and without a total. Both are
measured in turns in one run, and the JSON of both is compared first. The pages are warm
on both sides: PostgreSQL has its buffers, our server the rows that many jobs share.
"""

import argparse
import asyncio
import hashlib
import json
import time
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import Any
from uuid import UUID

import asyncpg
import httpx

from benchmarks.harness import ADMIN_PASSWORD, Server, median, percentile, row, seeded_server
from ringtest.client.auth import HmacAuth
from ringtest.control.db.cluster import OWNER
from ringtest.control.kernel.cursors import write_cursor

ROUNDS = 5
LIMIT = 2.0
"""Our CPU over PostgreSQL's for the same JSON, for a page of twenty."""

_RAW = """
SELECT json_agg(row_to_json(q)) FROM (
  SELECT j.id, j.created_at, j.updated_at, j.etag, j.state, j.duration, j.comment,
    j.status_reason, j.configuration, j.url, j.name,
    CASE j.status WHEN 'queued' THEN 'new' WHEN 'running' THEN 'running' ELSE
      CASE j.result WHEN 'failed' THEN 'failure' WHEN 'errored' THEN 'error'
        WHEN 'cancelled' THEN 'killed' ELSE 'success' END END AS status,
    j.topic_id, j.remoteci_id, j.team_id, j.product_id, j.pipeline_id, j.user_agent,
    j.client_version, j.previous_job_id, j.update_previous_job_id, j.tags, j.status AS phase,
    j.stage, j.result, j.attempt, j.max_attempts, j.progress, j.tests, j.set_key,
    j.cancel_requested_at, j.started_at, j.finished_at, j.request_id, j.definition_id,
    (SELECT json_agg(r) FROM (
       SELECT r.id, r.created_at, r.name, r.total, r.success, r.skips, r.failures, r.errors,
         r.regressions, r.successfixes, r.time, r.job_id, r.file_id
       FROM test_results r WHERE r.job_id = j.id ORDER BY r.created_at, r.id) r) AS results,
    (SELECT row_to_json(x) FROM (
       SELECT l.id, l.created_at, l.updated_at, l.etag, l.state, l.name, l.data, l.public,
         l.team_id FROM remotecis l WHERE l.id = j.remoteci_id) x) AS remoteci,
    (SELECT json_agg(c) FROM (
       SELECT c.id, c.created_at, c.updated_at, c.etag, c.state, c.released_at, c.name, c.type,
         c.canonical_project_name, c.display_name, c.version, c.uid, c.data, c.title, c.message,
         c.url, c.topic_id, c.team_id, c.tags
       FROM components c JOIN jobs_components jc ON jc.component_id = c.id
       WHERE jc.job_id = j.id ORDER BY c.type, c.id) c) AS components,
    (SELECT row_to_json(x) FROM (
       SELECT t.id, t.created_at, t.updated_at, t.etag, t.state, t.name, t.component_types,
         t.component_types_optional, t.product_id, t.next_topic_id, t.export_control
       FROM topics t WHERE t.id = j.topic_id) x) AS topic,
    (SELECT row_to_json(x) FROM (
       SELECT t.id, t.created_at, t.updated_at, t.etag, t.state, t.name, t.country, t.external,
         t.has_pre_release_access FROM teams t WHERE t.id = j.team_id) x) AS team,
    (SELECT row_to_json(x) FROM (
       SELECT p.id, p.created_at, p.updated_at, p.etag, p.state, p.name, p.team_id
       FROM pipelines p WHERE p.id = j.pipeline_id) x) AS pipeline,
    (SELECT json_agg(k) FROM (
       SELECT k.job_id, k.key, k.value FROM jobs_keys_values k WHERE k.job_id = j.id
       ORDER BY k.key) k) AS keys_values
  FROM (SELECT * FROM jobs WHERE state <> 'archived' {where}
        ORDER BY created_at DESC, id LIMIT {limit} {offset}) j) q
"""
_RAW_COMPONENTS = """
SELECT json_agg(row_to_json(q)) FROM (
  SELECT c.id, c.created_at, c.updated_at, c.etag, c.state, c.released_at, c.name, c.type,
    c.canonical_project_name, c.display_name, c.version, c.uid, c.title, c.message, c.url, c.data,
    c.tags, c.topic_id, c.team_id
  FROM components c WHERE c.state <> 'archived' AND c.topic_id = '{where}'
  ORDER BY c.released_at DESC, c.id LIMIT {limit} {offset}) q
"""
_TOPIC = str(UUID(hashlib.md5(b"topic7").hexdigest()))


@dataclass(frozen=True, slots=True)
class Case:
    """A page to ask for. `where` is the raw statement's; `bar` is CPU milliseconds of ours,
    `limit_ratio` ours over the raw statement's; None: only printed."""

    name: str
    http: httpx.AsyncClient
    limit: int
    repeats: int
    where: str = ""
    after: str = ""
    offset: int = 0
    query: str = ""
    path: str = "/jobs"
    bar: float | None = None
    limit_ratio: float | None = None

    async def ask(self, headers: dict[str, str] | None = None) -> httpx.Response:
        cursor = {"after": self.after} if self.after else {"offset": str(self.offset)}
        params = {"limit": str(self.limit), **cursor}
        if self.query:
            params["query"] = self.query
        answer = await self.http.get(self.path, params=params, headers=headers)
        assert answer.status_code in (200, 304), answer.text
        return answer

    @property
    def noun(self) -> str:
        return self.path.rpartition("/")[2]

    @property
    def sql(self) -> str:
        raw = _RAW if self.noun == "jobs" else _RAW_COMPONENTS
        offset = f"OFFSET {self.offset}" if self.offset else ""
        return raw.format(where=self.where, limit=self.limit, offset=offset)


@dataclass(slots=True)
class Figures:
    """CPU milliseconds per request of each round, and wall milliseconds of each request."""

    ours: list[float]
    raw: list[float]
    wall: list[float]


async def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--jobs", type=int, default=100_000)
    jobs = parser.parse_args().jobs
    async with seeded_server(jobs) as server:
        connection: asyncpg.Connection = await asyncpg.connect(server.dsn(OWNER))
        base = f"{server.url}/api/v1"
        admin = httpx.BasicAuth("admin", ADMIN_PASSWORD)
        async with httpx.AsyncClient(base_url=base, auth=admin, timeout=60) as people:
            lab = await _lab(people)
            async with httpx.AsyncClient(base_url=base, auth=lab, timeout=60) as machine:
                for case in await _cases(connection, people, machine, jobs):
                    await _run(server, connection, case)
                await _one_job(server, connection, people)
        await connection.close()


async def _lab(http: httpx.AsyncClient) -> HmacAuth:
    """A lab of a partner's team, which signs its requests."""
    team = await http.get("/teams", params={"where": "name:partner 5"})
    team_id = team.json()["teams"][0]["id"]
    made = await http.post("/remotecis", json={"name": "bench", "team_id": team_id})
    lab = made.json()["remoteci"]
    return HmacAuth(f"remoteci/{lab['id']}", lab["api_secret"])


async def _cases(
    connection: asyncpg.Connection, people: httpx.AsyncClient, machine: httpx.AsyncClient, jobs: int
) -> list[Case]:
    deep = await connection.fetchrow(
        "SELECT created_at, id FROM jobs ORDER BY created_at DESC, id OFFSET $1 LIMIT 1", jobs // 2
    )
    assert deep is not None
    moment, job_id = deep["created_at"].isoformat(), deep["id"]
    team = "AND team_id = (SELECT id FROM teams WHERE name = 'partner 5')"
    beyond = f"AND (created_at, id) < ('{moment}', '{job_id}')"
    chosen = (
        "AND name = 'job 3' AND status = 'finished' AND result = 'failed'"
        " AND 'daily' = ANY (tags) AND configuration LIKE 'def%'"
    )
    query = (
        "and(eq(name,job 3),eq(phase,finished),eq(result,failed),contains(tags,daily),"
        "like(configuration,def%))"
    )
    half = jobs // 2
    return [
        Case("20 jobs of a partner", machine, 20, 100, where=team, bar=10, limit_ratio=LIMIT),
        Case("20 jobs of all teams", people, 20, 100, bar=10, limit_ratio=LIMIT),
        Case("200 jobs of all teams", people, 200, 15, bar=40),
        Case(
            f"20 jobs after {half} by cursor", people, 20, 100, where=beyond, bar=10,
            after=write_cursor("-created_at,id", [moment, str(job_id)]),
        ),
        Case(f"20 jobs after {half} by offset", people, 20, 20, offset=half, bar=60),
        Case("20 jobs by the query language", people, 20, 50, where=chosen, query=query, bar=15),
        Case(
            "20 components of a topic", machine, 20, 100, where=_TOPIC, bar=5,
            path=f"/topics/{_TOPIC}/components",
        ),
    ]  # fmt: skip


async def _run(server: Server, connection: asyncpg.Connection, case: Case) -> None:
    text = await connection.fetchval(case.sql)
    _compare(json.loads(text), (await case.ask()).json()[case.noun])
    answer = await case.ask()
    figures = Figures([], [], [])
    for _ in range(ROUNDS):
        await _round(server, connection, case, figures)
    ours, raw = median(figures.ours), median(figures.raw)
    ratio = ours / raw
    limit = f"<= {case.limit_ratio:.1f} x" if case.limit_ratio else "printed"
    verdict = ratio <= case.limit_ratio if case.limit_ratio else None
    row(f"{case.name}: CPU over PostgreSQL's", f"{ratio:.2f} x", limit, verdict)
    bar = f"<= {case.bar:.0f} ms" if case.bar else "printed"
    cpu = f"{ours:.2f} / {raw:.2f} ms"
    met = ours <= case.bar if case.bar else None
    row("  CPU per request, ours / raw", cpu, bar, met, by_hand=f"{raw:.2f} ms", ratio=ratio)
    walls = f"{median(figures.wall):.1f} / {percentile(figures.wall, 0.99):.1f} ms"
    row("  wall p50 / p99", walls, "printed")
    statements = answer.headers["server-timing"].partition("desc=")[2]
    row("  SQL statements / size", f"{statements} / {len(answer.content) // 1024} kB", "printed")
    await _unchanged(server, case, answer)


async def _unchanged(server: Server, case: Case, answer: httpx.Response) -> None:
    """The same page for who has it already."""
    headers = {"If-None-Match": answer.headers["etag"]}

    async def again() -> None:
        assert (await case.ask(headers)).status_code == 304

    await again()
    spent = median([await _spent(server, again, 200) for _ in range(ROUNDS)])
    statements = (await case.ask(headers)).headers["server-timing"].partition("desc=")[2]
    row(
        f"  not modified, CPU / SQL: {case.name}",
        f"{spent:.2f} ms / {statements}",
        "bench_throughput judges",
    )


async def _round(
    server: Server, connection: asyncpg.Connection, case: Case, figures: Figures
) -> None:
    async def raw() -> None:
        text = await connection.fetchval(case.sql)
        text.encode()

    async def ours() -> None:
        started = time.perf_counter()
        await case.ask()
        figures.wall.append((time.perf_counter() - started) * 1000)

    own = time.process_time()
    spent = await _spent(server, raw, case.repeats)
    figures.raw.append(spent + (time.process_time() - own) * 1000 / case.repeats)
    figures.ours.append(await _spent(server, ours, case.repeats))


async def _spent(server: Server, act: Callable[[], Awaitable[Any]], repeats: int) -> float:
    """CPU milliseconds of server and PostgreSQL per call."""
    before = server.cpu_seconds()
    for _ in range(repeats):
        await act()
    return (server.cpu_seconds() - before) * 1000 / repeats


def _compare(raw: list[dict[str, Any]], ours: list[dict[str, Any]]) -> None:
    """Both sides build the same JSON; an empty list is null to the raw statement."""
    lists = ("results", "components", "keys_values")
    plain = [job | {name: job[name] or [] for name in lists if name in job} for job in raw]
    assert plain == ours, "the raw statement builds another JSON"


async def _one_job(server: Server, connection: asyncpg.Connection, http: httpx.AsyncClient) -> None:
    ids: list[UUID] = [
        record["id"] for record in await connection.fetch("SELECT id FROM jobs LIMIT 500")
    ]
    queue = iter(ids * 2)

    async def ask() -> None:
        answer = await http.get(f"/jobs/{next(queue)}")
        assert answer.status_code == 200

    row("one job with all its details: CPU", f"{await _spent(server, ask, 500):.2f} ms", "<= 3 ms")


if __name__ == "__main__":
    asyncio.run(main())
