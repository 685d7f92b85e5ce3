"""What the benchmarks generate is what ingest would have stored of the same files."""

from collections.abc import AsyncIterator, Callable
from contextlib import AbstractAsyncContextManager
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any
from xml.sax.saxutils import quoteattr

import asyncpg

from benchmarks.generate_results import Writer
from benchmarks.generated import TEAMS, Generator, Run, Size, text_of
from ringtest.control.accounts.model import Caller, Team
from ringtest.control.connectors.disk import DiskStore
from ringtest.control.connectors.junit.session import JunitParser
from ringtest.control.db.pool import Database
from ringtest.control.evidence.model import unpack
from ringtest.control.files.model import Upload
from ringtest.control.files.service import Limits
from ringtest.control.jobs.model import component_set_key
from ringtest.control.kernel.clock import VirtualClock
from ringtest.control.kernel.tenant import SYSTEM
from ringtest.control.reading.model import unpack_durations
from ringtest.control.results import service
from tests.control.results.shelf import JUNIT

SIZE = Size(runs=90, until=datetime(2026, 3, 20), cases=60, labs=3)
_RESULT = (
    "job_id, created_at, team_id, topic_id, remoteci_id, set_key, name, total, success, skips,"
    " failures, errors, regressions, successfixes, regressed, recovered, additions, deletions,"
    " shape_id, is_counted, outcomes, states, turned, durations"
)
_FAILURE = "job_id, position, created_at, team_id, test_id, outcome::text, since_job_id, since_at"
_TALLIES = ("topic_days", "shape_days", "test_days", "test_weeks", "test_sets", "component_sets")


def junit_of(generator: Generator, run: Run) -> bytes:
    """The file that a runner would have written."""
    places = generator.topics[run.topic].places
    seconds = unpack_durations(run.durations)
    inner = {
        "s": "<skipped/>", "x": '<skipped type="pytest.xfail"/>', "p": "",
        "f": "<failure", "e": "<error",
    }  # fmt: skip
    cases = []
    for at, byte in enumerate(run.outcomes):
        _, classname, name = generator.names[places[at]]
        left = inner[chr(byte)]
        if byte in b"fe":
            text = text_of(places[at], run.version)
            told = f'type="AssertionError" message="node {run.version} is late"'
            left = f"{left} {told}>{text}</{left[1:]}>"
        if at in run.retried:
            left = '<flakyFailure message="late">late</flakyFailure>'
        time = f"{seconds[at]:.3f}"
        cases.append(
            f'<testcase classname="{classname}" name={quoteattr(name)} time="{time}">{left}'
            "</testcase>"
        )
    suite = generator.names[0][0]
    return f'<testsuite name="{suite}">{"".join(cases)}</testsuite>'.encode()


async def _once(body: bytes) -> AsyncIterator[bytes]:
    yield body


async def _ingest(db: Database, clock: VirtualClock, writer: Writer, run: Run, body: bytes) -> None:
    """The job as it was, and its file as an upload."""
    team, lab = writer.teams[run.lab % TEAMS], writer.labs[run.lab]
    components = writer.sets[run.topic][run.version]
    async with db.transaction(SYSTEM) as tx:
        await tx.execute(
            "INSERT INTO jobs (id, created_at, updated_at, etag, name, topic_id, remoteci_id,"
            " team_id, set_key) VALUES ($1, $2, $2, 'e', 'nightly', $3, $4, $5, $6)",
            run.job_id, run.at, writer.topics[run.topic], lab, team, component_set_key(components),
        )  # fmt: skip
        for component in components:
            await tx.execute(
                "INSERT INTO jobs_components VALUES ($1, $2, $3)", run.job_id, component, team
            )
    clock.advance((run.at + timedelta(minutes=30) - clock.now()).total_seconds())
    caller = Caller("remoteci", lab, "lab", "", (Team(team, "team"),))
    objects = DiskStore(Path("/nonexistent"))  # such small files live in their rows
    intake = service.Intake(db, objects, {JUNIT: JunitParser()}, Limits(2**20, 2**20), caller)
    upload = Upload("junit.xml", JUNIT, run.job_id, None)
    _, refused = await service.upload_file(intake, upload=upload, chunks=_once(body))
    assert refused is None


async def _rows(dsn: str) -> dict[str, list[Any]]:
    """Everything that both must have written, in an order of its own."""
    connection = await asyncpg.connect(dsn)
    try:
        found = {
            table: await connection.fetch(f"SELECT * FROM {table} ORDER BY {table}.*::text")
            for table in _TALLIES
        }
        found["shapes"] = await connection.fetch(
            "SELECT team_id, id, absent FROM test_shapes ORDER BY 1, 2"
        )
        found["results"] = await connection.fetch(f"SELECT {_RESULT} FROM test_results ORDER BY 1")
        found["failures"] = await connection.fetch(
            f"SELECT {_FAILURE} FROM test_failures ORDER BY 1, 2"
        )
        every = {table: list(map(tuple, rows)) for table, rows in found.items()}
        texts = await connection.fetch(
            "SELECT r.job_id, t.team_id, t.texts FROM failure_texts t JOIN test_results r"
            " ON r.id = t.result_id AND r.created_at = t.created_at ORDER BY 1, t.first"
        )
        every["texts"] = [
            (job_id, team_id, position, one.type, one.message)
            for job_id, team_id, data in texts for position, one in unpack(data).items()
        ]  # fmt: skip
        return every
    finally:
        await connection.close()


async def test_generated_results_are_what_ingest_stores_of_the_same_files(
    fresh_database: Callable[[], AbstractAsyncContextManager[str]],
) -> None:
    clock = VirtualClock(SIZE.until - timedelta(days=SIZE.days + 1))
    async with fresh_database() as generated, fresh_database() as ingested:
        connection = await asyncpg.connect(generated)
        try:
            await Writer(connection, Generator(SIZE)).write()
        finally:
            await connection.close()
        again = Generator(SIZE)
        connection = await asyncpg.connect(ingested)
        try:
            writer = Writer(connection, again)
            await writer.write_catalog()
        finally:
            await connection.close()
        db = await Database.connect(ingested, clock=clock, connections=2)
        try:
            for run in again.runs():
                await _ingest(db, clock, writer, run, junit_of(again, run))
        finally:
            await db.close()
        wanted, found = await _rows(ingested), await _rows(generated)
    for table, rows in wanted.items():
        assert len(found[table]) == len(rows), table
        assert found[table] == rows, table
    assert len(wanted["results"]) == SIZE.runs
    assert {len(wanted[table]) > 50 for table in ("failures", "test_days", "test_sets")} == {True}
