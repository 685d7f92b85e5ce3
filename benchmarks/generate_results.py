"""Test results as labs would have sent them, in any number, straight into PostgreSQL.

What runs hold is `benchmarks.generated`. Rows are written as ingest writes them; what they
count as is left to the database, which counts what ingest writes too. A test holds one
against the other (`tests/control/tallies/test_generated.py`).

    python -m benchmarks.generate_results postgresql://... --results 10M
"""

import argparse
import asyncio
import itertools
import random
import time
from collections.abc import Iterable
from dataclasses import asdict, dataclass, field
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

import asyncpg

from benchmarks.generated import BAD, LABS, TEAMS, TOPICS, VERSIONS, Generator, Run, Size, text_of
from ringtest.control.db.migrate import migrate
from ringtest.control.evidence.model import Texts, pack
from ringtest.control.jobs.model import component_set_key
from ringtest.control.kernel.clock import SystemClock
from ringtest.control.reading.model import plan_digest, totals, unpack_durations
from ringtest.control.results.model import compare, dci_counts, id_of_test
from ringtest.control.tallies.model import shape_of, turned

SUITE = "regression"
NUMBER_KEY = "throughput"
"""Under which every job tells a number."""
_TOGETHER = 10
"""Runs that one transaction writes: what it updates twice takes room twice."""
_RESULT = (
    "id created_at job_id file_id team_id name total success skips failures errors regressions"
    " successfixes regressed recovered additions deletions time previous_result_id plan_id"
    " shape_id topic_id remoteci_id set_key retried outcomes states turned durations is_counted"
)
_FAILURE = "result_id position created_at job_id team_id test_id outcome since_job_id since_at"
_TEXTS = "result_id first created_at team_id texts"
_BYTES = b"pfesx"
_STATES = {
    (old, new): compare(bytes([old]), bytes([new]), None)[0] for old in _BYTES for new in _BYTES
}


@dataclass(slots=True)
class _Before:
    """What a lab's run before left for the next one of the topic."""

    result_id: UUID
    outcomes: bytes
    since: dict[int, tuple[UUID, datetime]]


@dataclass(slots=True)
class _Batch:
    """Rows of one transaction."""

    jobs: list[tuple[Any, ...]] = field(default_factory=list)
    parts: list[tuple[Any, ...]] = field(default_factory=list)
    files: list[tuple[Any, ...]] = field(default_factory=list)
    shapes: list[tuple[Any, ...]] = field(default_factory=list)
    results: list[tuple[Any, ...]] = field(default_factory=list)
    failures: list[tuple[Any, ...]] = field(default_factory=list)
    texts: list[tuple[Any, ...]] = field(default_factory=list)
    numbers: list[tuple[Any, ...]] = field(default_factory=list)


def _random_id(rng: random.Random) -> UUID:
    return UUID(bytes=rng.randbytes(16), version=4)


class Writer:
    """Runs into the tables of a migrated database, through a connection of its owner."""

    def __init__(self, connection: asyncpg.Connection, generator: Generator) -> None:
        rng = random.Random(generator.size.seed)
        self._connection, self.generator = connection, generator
        self.teams = [_random_id(rng) for _ in range(TEAMS)]
        self.labs = [_random_id(rng) for _ in range(LABS)]
        self.topics = [_random_id(rng) for _ in range(TOPICS)]
        self._product = _random_id(rng)
        composes = [[_random_id(rng) for _ in range(VERSIONS // 3)] for _ in range(TOPICS)]
        kernels = [[_random_id(rng) for _ in range(VERSIONS)] for _ in range(TOPICS)]
        self._components = [composes, kernels]
        self.sets = [
            [
                [composes[topic][version // 3], kernels[topic][version]]
                for version in range(VERSIONS)
            ]
            for topic in range(TOPICS)
        ]
        self._plans = {
            (team, topic): _random_id(rng) for team in range(TEAMS) for topic in range(TOPICS)
        }
        self._known: set[tuple[UUID, int]] = set()
        self._before: dict[tuple[int, int], _Before] = {}
        self._sums: dict[bytes, float] = {}
        names = generator.names
        columns = [[[names[at][n] for at in topic.places] for n in range(3)]
                   for topic in generator.topics]  # fmt: skip
        self._digests = [plan_digest(*one) for one in columns]
        self._tests = [[id_of_test(*names[at]) for at in topic.places]
                       for topic in generator.topics]  # fmt: skip

    async def write(self) -> None:
        """The catalog, then every run."""
        size = self.generator.size
        begin = size.until - timedelta(days=size.days)
        await self.write_catalog()
        await self._write_plans()
        for month in sorted({(begin + timedelta(days=day)).date().replace(day=1)
                             for day in range(size.days + 1)}):  # fmt: skip
            async with self._connection.transaction():
                await self._connection.execute("SET LOCAL ringtest.scope = 'all'")
                await self._connection.execute("SELECT rt_add_month($1)", month)
        runs = self.generator.runs()
        while found := list(itertools.islice(runs, _TOGETHER)):
            batch = _Batch()
            for run in found:
                self._add(batch, run)
            async with self._connection.transaction():
                await self._write_batch(batch)

    async def _copy(self, table: str, columns: str, rows: Iterable[tuple[Any, ...]]) -> None:
        await self._connection.copy_records_to_table(
            table, records=list(rows), columns=columns.split()
        )

    async def write_catalog(self) -> None:
        """Teams, labs, topics and components, alone: what runs need to be uploaded."""
        at = self.generator.size.until - timedelta(days=self.generator.size.days + 1)
        head, same = "id created_at updated_at etag", (at, at, "generated")
        await self._copy(
            "teams", f"{head} name",
            [(one, *same, f"partner {n}") for n, one in enumerate(self.teams)],
        )  # fmt: skip
        await self._copy("products", f"{head} name label",
                         [(self._product, *same, "Generated", "GENERATED")])  # fmt: skip
        await self._copy("products_teams", "product_id team_id",
                         [(self._product, team) for team in self.teams])  # fmt: skip
        types = '["compose", "kernel"]'
        await self._copy(
            "topics", f"{head} name product_id export_control component_types",
            [(one, *same, f"generated-{n}", self._product, True, types)
             for n, one in enumerate(self.topics)],
        )  # fmt: skip
        await self._copy(
            "remotecis", f"{head} name team_id",
            [(one, *same, f"lab {n}", self.teams[n % TEAMS]) for n, one in enumerate(self.labs)],
        )  # fmt: skip
        await self._copy(
            "components", f"{head} released_at name type display_name version topic_id",
            [(one, *same, at, f"{kind} {n}", kind, f"{kind} {n}", f"9.{topic}.{n}",
              self.topics[topic])
             for kind, topics in zip(("compose", "kernel"), self._components, strict=True)
             for topic, versions in enumerate(topics) for n, one in enumerate(versions)],
        )  # fmt: skip

    async def _write_plans(self) -> None:
        names = self.generator.names
        for team in self.teams:
            tests = [(team, id_of_test(*name), *name) for name in names]
            await self._copy("tests", "team_id id suite classname name", tests)
        await self._copy(
            "test_plans", "id team_id digest test_ids",
            [(plan, self.teams[team], self._digests[topic], self._tests[topic])
             for (team, topic), plan in self._plans.items()],
        )  # fmt: skip

    def _add(self, batch: _Batch, run: Run) -> None:
        """The rows of a run."""
        team = self.teams[run.lab % TEAMS]
        topic, lab = self.topics[run.topic], self.labs[run.lab]
        components = self.sets[run.topic][run.version]
        set_key = component_set_key(components)
        at = run.at + timedelta(minutes=30)
        counts = totals(run.outcomes)
        before = self._before.get((run.topic, run.lab))
        states = _states(before.outcomes if before else None, run.outcomes)
        fixed = dci_counts(states, before.outcomes if before else b"", run.outcomes, None)
        result = "failed" if counts.failures + counts.errors else "passed"
        tests = {**asdict(counts), "regressions": states.count(b"r"),
                 "successfixes": states.count(b"c")}  # fmt: skip
        batch.jobs.append(
            (run.job_id, run.at, at, "generated", "finished", result, "nightly", 1800, topic,
             self._product, lab, team, set_key, run.at, at, _json(tests))
        )  # fmt: skip
        batch.parts += [(run.job_id, component, team) for component in components]
        number = 100.0 + run.version + run.job_id.int % 17
        batch.numbers.append((run.job_id, team, NUMBER_KEY, number))
        key = f"{team}/{run.job_id}/{run.file_id}"
        batch.files.append(
            (run.file_id, at, at, "generated", "junit.xml", "application/junit", "0" * 64,
             150 * len(run.outcomes), key, run.job_id, team)
        )  # fmt: skip
        plan = self._plans[run.lab % TEAMS, run.topic]
        shape = shape_of(run.outcomes, self._digests[run.topic])
        if (team, shape.id) not in self._known:
            self._known.add((team, shape.id))
            batch.shapes.append((team, shape.id, plan, shape.absent))
        batch.results.append(
            (run.result_id, at, run.job_id, run.file_id, team, "junit.xml",
             *asdict(counts).values(), *fixed, *(states.count(byte) for byte in b"rca"), 0,
             self._seconds(run.durations), before.result_id if before else None, plan,
             shape.id, topic, lab, set_key, run.retried, run.outcomes, states, turned(states),
             run.durations, True)
        )  # fmt: skip
        self._before[run.topic, run.lab] = self._add_failures(batch, run, at, before)

    def _seconds(self, durations: bytes) -> float:
        """Their sum, as a reader of milliseconds adds them up; few vectors make all runs."""
        if durations not in self._sums:
            self._sums[durations] = sum(round(one, 3) for one in unpack_durations(durations))
        return self._sums[durations]

    def _add_failures(
        self, batch: _Batch, run: Run, at: datetime, before: _Before | None
    ) -> _Before:
        team, places = self.teams[run.lab % TEAMS], self.generator.topics[run.topic].places
        since: dict[int, tuple[UUID, datetime]] = {}
        said = []
        for place, byte in enumerate(run.outcomes):
            if byte not in BAD:
                continue
            begun = before.since.get(place) if before else None
            since[place] = begun or (run.job_id, at)
            batch.failures.append(
                (run.result_id, place, at, run.job_id, team, self._tests[run.topic][place],
                 bytes([byte]), *since[place])
            )  # fmt: skip
            detail = text_of(places[place], run.version)
            said.append((place, Texts("AssertionError", f"node {run.version} is late", detail)))
        batch.texts += [(run.result_id, block.first, at, team, block.data) for block in pack(said)]
        return _Before(run.result_id, run.outcomes, since)

    async def _write_batch(self, batch: _Batch) -> None:
        await self._copy(
            "jobs",
            "id created_at updated_at etag status result name duration topic_id product_id"
            " remoteci_id team_id set_key started_at finished_at tests",
            batch.jobs,
        )
        await self._copy("jobs_components", "job_id component_id team_id", batch.parts)
        await self._copy("jobs_keys_values", "job_id team_id key value", batch.numbers)
        await self._copy(
            "files",
            "id created_at updated_at etag name mime sha256 size object_key job_id team_id",
            batch.files,
        )
        await self._copy("test_shapes", "team_id id plan_id absent", batch.shapes)
        await self._copy("test_failures", _FAILURE, batch.failures)
        await self._copy("failure_texts", _TEXTS, batch.texts)
        await self._copy("test_results", _RESULT, batch.results)


def _states(before: bytes | None, now: bytes) -> bytes:
    """As `compare` has it; only what differs is looked at."""
    if before is None:
        return b"a" * len(now)
    states = bytearray(b"u") * len(now)
    differing = int.from_bytes(before, "big") ^ int.from_bytes(now, "big")
    for place, byte in enumerate(differing.to_bytes(len(now), "big")):
        if byte:
            states[place] = _STATES[before[place], now[place]]
    return bytes(states)


def _json(numbers: dict[str, int]) -> str:
    pairs = ", ".join(f'"{name}": {number}' for name, number in numbers.items())
    return f"{{{pairs}}}"


def read_number(text: str) -> int:
    """A number of results, as 1500000 or 10M or 20k.

    >>> read_number("10M"), read_number("20k")
    (10000000, 20000)
    """
    unit = {"k": 1_000, "M": 1_000_000}.get(text[-1], 1)
    return int(float(text.rstrip("kM")) * unit)


async def generate(dsn: str, *, results: int, cases: int, until: datetime) -> Writer:
    """Fill the migrated database of `dsn`, whose user owns the tables."""
    connection: asyncpg.Connection = await asyncpg.connect(dsn)
    try:
        await connection.execute("SET synchronous_commit = off")
        writer = Writer(connection, Generator(Size(max(1, results // cases), until, cases)))
        await writer.write()
        await connection.execute("VACUUM ANALYZE")
        return writer
    finally:
        await connection.close()


async def _main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("dsn")
    parser.add_argument("--results", default="10M")
    parser.add_argument("--cases", type=int, default=5_000, help="of one run")
    arguments = parser.parse_args()
    await migrate(arguments.dsn)
    began, results = time.monotonic(), read_number(arguments.results)
    until = SystemClock().now().replace(microsecond=0)
    await generate(arguments.dsn, results=results, cases=arguments.cases, until=until)
    print(f"{results} results written in {time.monotonic() - began:.0f} s")


if __name__ == "__main__":
    asyncio.run(_main())
