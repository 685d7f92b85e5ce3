"""Months with tables of their own: had ready, closed to everybody, dropped as a whole."""

import asyncio
from datetime import date, datetime, timedelta

import pytest

from ringtest.control.db.migrate import migrate
from ringtest.control.db.pool import APPLICATION_ROLE
from ringtest.control.kernel.errors import Unauthorised
from ringtest.control.kernel.settings import Settings
from ringtest.control.kernel.tenant import SYSTEM
from ringtest.control.tallies import loop, service
from tests.control.tallies.yard import Yard

MONTHLY = ("test_results", "test_failures", "failure_texts", "shape_days", "topic_days",
           "test_days", "test_weeks", "test_sets")  # fmt: skip
BAD = {"a": "failed", "b": "passed", "c": "skipped"}


async def parts_of(yard: Yard, table: str) -> set[str]:
    found = await yard.sql(
        "SELECT inhrelid::regclass::text AS name FROM pg_inherits"
        " WHERE inhparent = $1::text::regclass",
        table,
    )
    return {row["name"] for row in found}


async def test_this_month_and_the_next_two_are_ready_and_what_lay_aside_moves(yard: Yard) -> None:
    await yard.run(0, BAD, "set one")
    assert await service.ready_months(yard.db) == 3
    assert await service.ready_months(yard.db) == 0
    for table in MONTHLY:
        wanted = {f"{table}_{month}" for month in ("any", "2026_01", "2026_02", "2026_03")}
        assert await parts_of(yard, table) == wanted
        (there,) = await yard.sql(
            f"SELECT count(*) AS n, count(*) FILTER (WHERE tableoid = '{table}_2026_01'::regclass)"
            f" AS moved FROM {table}"
        )
        assert there["n"] == there["moved"] > 0
    await yard.require_equal()
    await yard.purge(yard.runs[0])  # triggers hold in the month's table too
    assert await yard.sql("SELECT FROM test_failures") == []
    assert await yard.sql("SELECT FROM failure_texts") == []
    await yard.require_equal()


async def test_nobody_reads_a_part_but_through_the_whole(yard: Yard, database_url: str) -> None:
    await service.ready_months(yard.db)
    await yard.run(0, BAD, "set one")
    await migrate(database_url)  # grants again what the application may
    for table in MONTHLY:
        for part in await parts_of(yard, table):
            for tenant in (SYSTEM, yard.caller(0).tenant):
                with pytest.raises(Unauthorised):
                    async with yard.db.transaction(tenant) as tx:
                        await tx.fetch(f"SELECT * FROM {part}")
            (secured,) = await yard.sql(
                "SELECT relrowsecurity AS on FROM pg_class WHERE relname = $1", part
            )
            assert secured["on"]


async def test_the_whole_shows_each_team_its_own_rows(yard: Yard) -> None:
    await service.ready_months(yard.db)
    await yard.run(0, BAD, "set one")
    await yard.run(2, BAD, "set one")
    for lab, team in ((0, "red"), (2, "blue")):
        async with yard.db.transaction(yard.caller(lab).tenant) as tx:
            for table in (*MONTHLY, "test_shapes", "component_sets"):
                found = await tx.fetch(f"SELECT team_id FROM {table}")
                assert {row["team_id"] for row in found} == {yard.teams[team]}, table
                changed = await tx.execute(
                    f"UPDATE {table} SET team_id = team_id WHERE team_id <> $1", yard.teams[team]
                )
                assert changed == 0


async def test_only_the_server_itself_adds_and_drops_months(yard: Yard) -> None:
    for call in (
        "rt_add_month('2026-05-01')",
        "rt_drop_months('{2026-05-01}', now()::timestamp)",
    ):
        with pytest.raises(Unauthorised):
            async with yard.db.transaction(yard.caller(0).tenant) as tx:
                await tx.fetchval(f"SELECT {call}")
    assert await yard.sql(
        "SELECT has_function_privilege($1, 'rt_add_month(date)', 'EXECUTE') AS app,"
        " has_function_privilege('public', 'rt_add_month(date)', 'EXECUTE') AS everybody",
        APPLICATION_ROLE,
    ) == [(True, False)]


async def test_months_that_are_kept_no_longer_go_and_jobs_and_files_stay(yard: Yard) -> None:
    await service.ready_months(yard.db)
    old = await yard.run(0, BAD, "set one")
    kept = await yard.run(0, BAD, "set one", minutes=60 * 24 * 40)
    months = loop.loops(yard.db, Settings(results_keep_months=0))[1]
    assert await months.act() == 0
    months = loop.loops(yard.db, Settings(results_keep_months=1, archive=0))[1]
    assert await months.act() == 0
    yard.clock.advance(timedelta(days=30).total_seconds())  # March: February is kept
    while await months.act():
        pass
    yard.retired(date(2026, 2, 1))
    await yard.require_equal()
    assert not old.counted and kept.counted
    for table in MONTHLY:
        assert f"{table}_2026_01" not in await parts_of(yard, table)
    (there,) = await yard.sql(
        "SELECT count(*) AS jobs, (SELECT count(*) FROM files) AS files FROM jobs"
    )
    assert (there["jobs"], there["files"]) == (2, 2)
    assert [row["month"] for row in await yard.sql("SELECT month FROM retired_months")] == [
        date(2026, 1, 1)
    ]


async def test_old_results_in_no_months_table_go_one_by_one(yard: Yard) -> None:
    for _ in range(3):
        await yard.run(0, BAD, "set one", minutes=60)
    await yard.run(0, BAD, "set one", minutes=60 * 24 * 60)
    while await service.retire(yard.db, keep_months=1):
        pass
    yard.retired(date(2026, 2, 1))
    await yard.require_equal()
    assert len(await yard.sql("SELECT FROM test_failures")) == 1


async def test_a_month_waits_for_a_writer_and_the_writer_does_not_wait_for_it(yard: Yard) -> None:
    run = await yard.run(0, BAD)
    async with yard.db.transaction(SYSTEM) as tx:
        await tx.execute("UPDATE files SET name = name WHERE id = $1", run.file_id)
        assert await service.ready_months(yard.db) == 0
        await tx.execute("UPDATE jobs SET name = name WHERE id = $1", run.job_id)
    assert await service.ready_months(yard.db) == 3


async def test_servers_that_add_the_same_month_at_once_agree(yard: Yard) -> None:
    added = await asyncio.gather(*(service.ready_months(yard.db) for _ in range(4)))
    assert sum(added) == 3
    assert yard.clock.now() == datetime(2026, 1, 1, 12)


async def test_results_from_before_there_were_tallies_are_counted_in_batches(yard: Yard) -> None:
    for _ in range(4):
        await yard.run(0, BAD, "set one")
    await yard.sql("UPDATE test_results SET is_counted = false")
    await yard.sql("DELETE FROM test_shapes")
    await yard.sql("UPDATE test_results SET shape_id = NULL, topic_id = NULL, set_key = ''")
    await yard.sql("INSERT INTO uncounted_results SELECT id, created_at FROM test_results")
    await yard.archive_job(yard.runs[0])
    assert await yard.by_topic() == {}
    done = 0
    while taken := await service.count_waiting(yard.db):
        done += taken
    assert done == 4
    await yard.require_equal()
    assert await yard.sql("SELECT FROM uncounted_results") == []


async def test_imported_numbers_without_cases_are_counted_by_day(yard: Yard) -> None:
    run = await yard.run(0, BAD, "set one")
    await yard.sql("DELETE FROM test_results")
    await yard.sql(
        "INSERT INTO test_results (id, created_at, job_id, file_id, team_id, name, total, success,"
        " skips, failures, errors, regressions, time, outcomes, states, durations)"
        " VALUES (gen_random_uuid(), $1, $2, $3, $4, 'x', 9, 4, 3, 2, 0, 1, 1.5, '', '', '')",
        run.at, run.job_id, run.file_id, yard.teams["red"],
    )  # fmt: skip
    assert await service.count_waiting(yard.db) == 1
    assert await yard.by_topic() == {
        (run.at.date(), "set one", 0): (1, 9, 4, 2, 0, 3, 1, 0, 0, 1_500_000)
    }


async def test_what_is_archived_with_many_others_is_taken_out_later(yard: Yard) -> None:
    for _ in range(2):
        await yard.run(0, BAD, "set one")
    for run in yard.runs:
        await yard.archive_with_many(run)
    assert len(await yard.by_topic()) == 1
    assert await service.count_waiting(yard.db) == 2
    assert await yard.by_topic() == {}
