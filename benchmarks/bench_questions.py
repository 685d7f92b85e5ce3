"""Questions about stored results: how long each takes as the store grows, and what it weighs.

For 1 M, 10 M and (`--size 100M`) 100 M generated results: a server of its own, the bytes of
every table that results fill, each question over HTTP as a partner's user and as a super
administrator, over topics, tests, labs and times in turn, and at the end whole months
retired. The blast radius is asked of a product of 2,000 labs and 20 topics beside them
(`benchmarks.wide_product`). A limit of 200 ms holds for the 95th of 100 of each question, at
every size; beside it stands the CPU that server and database spent on one, for a machine that
does other things too.
"""

import argparse
import asyncio
import itertools
import time
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

import asyncpg
import httpx

from benchmarks.generate_results import NUMBER_KEY, Writer, generate, read_number
from benchmarks.generated import CASES, TEAMS
from benchmarks.harness import ADMIN_PASSWORD, Server, median, percentile, row, running_server
from benchmarks.wide_product import write_wide_product
from ringtest.control.db.cluster import OWNER, SUPERUSER
from ringtest.control.kernel.clock import SystemClock
from ringtest.control.kernel.ids import test_id_text
from ringtest.control.results.model import id_of_test

SIZES = (1_000_000, 10_000_000, 100_000_000)
ROUNDS = 24
LIMIT_BYTES, LIMIT_SECONDS, LIMIT_RETIRED = 15.0, 0.2, 1.0
RETIRED = 10_000_000
"""Results that may be retired within the limit."""
_FIRST = 2
"""Answers that are not counted: statements are planned for them."""
_PASSWORD = "of a partner"  # of a user that lives as long as one run

_WEIGHT = """
SELECT CASE WHEN t.name IN ('test_results', 'tests', 'test_plans', 'test_shapes') THEN 'vectors'
    WHEN t.name IN ('test_failures', 'failure_texts') THEN 'failures' ELSE 'tallies' END AS part,
  sum(pg_total_relation_size(c.oid))::bigint AS bytes
FROM pg_class c LEFT JOIN pg_inherits i ON i.inhrelid = c.oid
CROSS JOIN LATERAL (SELECT coalesce(i.inhparent::regclass::text, c.relname)) AS t (name)
WHERE c.relkind = 'r' AND t.name IN ('test_results', 'test_failures', 'failure_texts', 'tests',
  'test_plans', 'test_shapes', 'shape_days', 'topic_days', 'test_days', 'test_weeks', 'test_sets',
  'component_sets')
GROUP BY 1 ORDER BY 1
"""


@dataclass(frozen=True, slots=True)
class Ground:
    """What questions may ask about."""

    writer: Writer
    until: datetime
    jobs: list[dict[str, Any]]


def questions(ground: Ground) -> Iterator[tuple[str, Iterator[str]]]:
    """Names of questions, and their addresses for one topic, test, lab and time after another."""
    writer, number = ground.writer, itertools.count()
    day = ground.until.date()

    def each(form: str) -> Iterator[str]:
        for at in number:
            topic, about = at % len(writer.topics), writer.generator.topics[at % len(writer.topics)]
            bad = sorted(about.broken[-1 - at % 20] | about.flaky)
            test = id_of_test(*writer.generator.names[about.places[bad[at * 7 % len(bad)]]])
            mine = [job for job in ground.jobs if job["topic"] == topic]
            one, other = mine[at % len(mine)], mine[(at + 1) % len(mine)]
            kernels = [versions[-1] for versions in writer.sets[topic][-1 - at % 9 :: -9]]
            yield form.format(
                topic=writer.topics[topic], test=test_id_text(test), job=one["id"],
                other=other["id"], lab=writer.labs[one["lab"]], second=writer.labs[other["lab"]],
                kernel=kernels[0], before=kernels[min(1, len(kernels) - 1)],
                to=day, since=day - timedelta(days=(30, 60, 90)[at % 3]),
                half=day - timedelta(days=30), begin=day - timedelta(days=60),
                half_less=day - timedelta(days=31), digits=f"{at * 13 % 50:03}",
            )  # fmt: skip

    window, topic = "from={since}&to={to}", "topic_id={topic}"
    dates = "left=dates:{begin}..{half_less}&right=dates:{half}..{to}"
    for name, form in (
        ("search tests", f"/tests?{topic}&q=module_{{digits}}"),
        ("history of a test", f"/tests/{{test}}/history?{topic}&{window}"),
        ("flakiest tests", f"/topics/{{topic}}/flaky_tests?{window}"),
        ("compare two jobs", f"/comparisons?left=job:{{job}}&right=job:{{other}}&{topic}"),
        ("compare two versions",
         f"/comparisons?left=component:{{before}}&right=component:{{kernel}}&{topic}"),
        ("compare two labs",
         f"/comparisons?left=lab:{{lab}}&right=lab:{{second}}&{topic}&{window}"),
        ("compare two times", f"/comparisons?{dates}&{topic}"),
        ("compare two times, fixed alone", f"/comparisons?{dates}&{topic}&category=fixed"),
        ("trend by day", f"/topics/{{topic}}/trend?by=day&{window}"),
        ("trend by week", f"/topics/{{topic}}/trend?by=week&{window}"),
        ("slowest tests", f"/topics/{{topic}}/durations?sort=slowest&{window}"),
        ("most changed durations",
         "/topics/{topic}/durations?sort=changed&baseline_from={begin}&baseline_to={half_less}"
         "&from={half}&to={to}"),
        ("coverage", f"/topics/{{topic}}/coverage?{window}"),
        ("jobs by team and week", "/job_statistics?rows=team&columns=week"),
        ("jobs by lab and version", "/job_statistics?rows=remoteci&columns=component_type:kernel"),
        ("numbers under a key", f"/keys_values_series?key={NUMBER_KEY}&{window}"),
        ("why a job failed", "/jobs/{job}/answer"),
        ("results of a job", "/jobs/{job}/tests?outcome=failed,errored"),
    ):  # fmt: skip
        yield name, each(form)


@dataclass(frozen=True, slots=True)
class Taken:
    """What one question took: seconds of the middle and of the 95th of 100, and of CPU."""

    middle: float
    late: float
    cpu: float


async def _ask(server: Server, client: httpx.AsyncClient, addresses: Iterator[str]) -> Taken | str:
    """What the answers took, or why there are none."""
    taken, spent = [], 0.0
    for number, address in enumerate(itertools.islice(addresses, ROUNDS)):
        if number == _FIRST:
            spent = server.cpu_seconds()
        began = time.perf_counter()
        answer = await client.get(address)
        taken.append(time.perf_counter() - began)
        if answer.status_code == 404 and "no such address" in answer.text:
            return "not there"
        if answer.status_code != 200:
            return f"{answer.status_code} {answer.text[:100]} ({address})"
    cpu = (server.cpu_seconds() - spent) / (ROUNDS - _FIRST)
    return Taken(median(taken[_FIRST:]), percentile(taken[_FIRST:], 0.95), cpu)


async def _people(server: Server, writer: Writer) -> dict[str, httpx.AsyncClient]:
    """A client for each who asks, logged in."""
    admin = httpx.AsyncClient(
        base_url=f"{server.url}/api/v1", auth=("admin", ADMIN_PASSWORD), timeout=120
    )
    team = writer.teams[TEAMS // 2]
    user = {"name": "partner", "fullname": "Partner", "email": "partner@example.org",
            "password": _PASSWORD}  # fmt: skip
    made = (await admin.post("/users", json=user)).raise_for_status().json()["user"]
    (await admin.post(f"/teams/{team}/users/{made['id']}")).raise_for_status()
    clients = {}
    for name, password in (("partner", _PASSWORD), ("admin", ADMIN_PASSWORD)):
        client = httpx.AsyncClient(base_url=f"{server.url}/api/v1", timeout=120)
        body = {"name": name, "password": password}
        (await client.post("/session", json=body)).raise_for_status()
        clients[name] = client
    await admin.aclose()
    return clients


async def _jobs(connection: asyncpg.Connection, writer: Writer) -> list[dict[str, Any]]:
    """The latest failed jobs of the partner's team, some for each topic."""
    found = await connection.fetch(
        "SELECT id, topic_id, remoteci_id FROM jobs WHERE team_id = $1 AND result = 'failed'"
        " ORDER BY created_at DESC LIMIT 60",
        writer.teams[TEAMS // 2],
    )
    return [
        {"id": one["id"], "topic": writer.topics.index(one["topic_id"]),
         "lab": writer.labs.index(one["remoteci_id"])}
        for one in found
    ]  # fmt: skip


async def _weigh(connection: asyncpg.Connection, results: int) -> float:
    rows = await connection.fetch(_WEIGHT)
    found: dict[str, float] = {one["part"]: one["bytes"] / results for one in rows}
    for part, weight in found.items():
        row(f"  {part}: bytes per result", f"{weight:.2f}", "")
    return sum(found.values())


async def _retire(connection: asyncpg.Connection) -> tuple[int, float]:
    """Whole months, oldest first, until enough is gone: results and seconds."""
    months = await connection.fetch(
        "SELECT date_trunc('month', day)::date AS month, sum(total) AS total FROM topic_days"
        " GROUP BY 1 ORDER BY 1"
    )
    due, gone = [], 0
    for one in months:
        if gone < RETIRED:
            due.append(one["month"])
            gone += int(one["total"])
    await connection.execute("CHECKPOINT")  # as always once results are that old
    began = time.perf_counter()
    async with connection.transaction():
        await connection.execute("SET LOCAL ringtest.scope = 'all'")
        sql = "SELECT rt_drop_months($1, now()::timestamp)"
        assert await connection.fetchval(sql, due) == len(due)
    return gone, time.perf_counter() - began


def _radius(groups: list[UUID]) -> Iterator[str]:
    """Addresses of blast radii, one failure after another."""
    for group in itertools.cycle(groups):
        yield f"/failure_groups/{group}/blast_radius"


async def _measure(size: int, is_last: bool) -> dict[str, Taken]:
    """What each question takes at this size."""
    curve: dict[str, Taken] = {}
    until = SystemClock().now().replace(microsecond=0)
    async with running_server(environment={"RINGTEST_RATE_LIMIT": "0"}) as server:
        began = time.monotonic()
        writer = await generate(server.dsn(OWNER), results=size, cases=CASES, until=until)
        label = f"{size // 1_000_000} M"
        row(f"{label} results generated", f"{time.monotonic() - began:.0f} s", "")
        connection = await asyncpg.connect(server.dsn(SUPERUSER))
        try:
            total = await connection.fetchval("SELECT sum(total) FROM topic_days")
            weight = await _weigh(connection, int(total))
            judged = weight <= LIMIT_BYTES if size >= SIZES[-1] else None
            row(f"{label}: bytes per result, all included", f"{weight:.1f}", "<= 15 at 100 M",
                judged)  # fmt: skip
            ground = Ground(writer, until, await _jobs(connection, writer))
            clients = await _people(server, writer)
            await _ask_all(server, clients, ground, label, curve)
            groups = await write_wide_product(
                connection, until=until, partner=writer.teams[TEAMS // 2]
            )
            for who, client in clients.items():
                name = f"blast radius ({who})"
                _note(label, name, await _ask(server, client, _radius(groups)), curve)
                await client.aclose()
            gone, taken = await _retire(connection)
            ok = taken <= LIMIT_RETIRED * max(1.0, gone / RETIRED) if is_last else None
            row(f"{label}: {gone / 1e6:.1f} M results retired", f"{taken:.2f} s",
                "<= 1 s for 10 M", ok)  # fmt: skip
        finally:
            await connection.close()
    return curve


async def _ask_all(
    server: Server, clients: dict[str, httpx.AsyncClient], ground: Ground, label: str,
    curve: dict[str, Taken],
) -> None:  # fmt: skip
    for who, client in clients.items():
        for name, addresses in questions(ground):
            _note(label, f"{name} ({who})", await _ask(server, client, addresses), curve)


def _note(label: str, name: str, found: Taken | str, curve: dict[str, Taken]) -> None:
    if isinstance(found, str):
        row(f"{label}: {name}", "skipped", found)
    else:
        curve[name] = found


async def main(size: int) -> bool:
    """Sizes one after the other, each on a server of its own; then how each question grows."""
    sizes = [one for one in SIZES if one <= size] or [size]
    curves = [await _measure(one, one == sizes[-1]) for one in sizes]
    heads = " -> ".join(f"{one // 1_000_000} M" for one in sizes)
    row("each question over HTTP, middle/p95: ms", heads, "p95 <= 200 ms")
    good = True
    for name in curves[-1]:
        found = [curve[name] for curve in curves if name in curve]
        met = found[-1].late <= LIMIT_SECONDS
        good = good and met
        figures = " -> ".join(f"{one.middle * 1e3:.0f}/{one.late * 1e3:.0f}" for one in found)
        row(f"  {name}", figures, f"<= 200 ms, CPU {found[-1].cpu * 1e3:.0f} ms", met)
    return good


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--size", default="10M", help="results: 1M, 10M or 100M")
    raise SystemExit(0 if asyncio.run(main(read_number(parser.parse_args().size))) else 1)
