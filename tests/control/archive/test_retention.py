"""Results go from the database once they are in files, and not before; what went stays there."""

from collections.abc import AsyncIterator
from datetime import date
from pathlib import Path
from typing import Any

import pytest

from ringtest.control.archive.service import Archivist
from ringtest.control.connectors.duckdb_columnar import DuckColumnar
from ringtest.control.db.pool import Database, Transaction
from ringtest.control.kernel.clock import VirtualClock
from ringtest.control.tallies import service as tallies
from ringtest.control.tallies import store as tallies_store
from tests.control.archive.attic import Attic
from tests.control.results.shelf import Shelf, open_shelf
from tests.control.tallies.yard import Yard

BAD = {"a": "failed", "b": "passed", "c": "skipped"}


async def test_a_month_is_not_dropped_before_it_is_in_files(attic: Attic) -> None:
    await tallies.ready_months(attic.yard.db)
    await attic.yard.run(0, BAD)
    await attic.next_month(3)
    assert await attic.retire(1) == 0
    assert len(await attic.yard.sql("SELECT FROM test_results")) == 1
    await attic.write()
    wanted = attic.naive()
    assert await attic.retire(1) == 2  # January and February
    assert await attic.yard.sql("SELECT FROM test_results") == []
    assert await attic.rows() == wanted != []


async def test_results_that_came_after_the_file_keep_their_month(attic: Attic) -> None:
    await tallies.ready_months(attic.yard.db)
    run, other = await attic.yard.run(0, BAD), await attic.yard.run(0, BAD)
    await attic.yard.archive_job(other)
    await attic.next_month(2)
    await attic.write()
    await attic.yard.restore(other)  # waits to be counted, and so to be written
    assert await attic.retire(1) == 0
    await attic.write()
    assert await attic.retire(1) == 1
    assert await attic.rows() == attic.naive([run, other])


async def test_results_that_come_while_a_month_goes_keep_it(
    attic: Attic, monkeypatch: pytest.MonkeyPatch
) -> None:
    await tallies.ready_months(attic.yard.db)
    run = await attic.yard.run(0, BAD)
    await attic.next_month(2)
    await attic.write()
    drop = tallies_store.drop_months

    async def late(tx: Transaction, months: list[date]) -> int:
        await attic.yard.try_again(run, (1,))
        return await drop(tx, months)

    monkeypatch.setattr(tallies_store, "drop_months", late)
    assert await attic.retire(1) == 0
    monkeypatch.undo()
    assert len(await attic.yard.sql("SELECT FROM test_results")) == 1
    await attic.write()
    assert await attic.retire(1) == 1
    assert await attic.rows() == attic.naive([run])


async def test_results_without_a_months_table_wait_too(attic: Attic) -> None:
    run = await attic.yard.run(0, BAD)
    await attic.next_month(2)
    assert await attic.retire(1) == 0
    await attic.write()
    assert await attic.retire(1) == 1
    assert await attic.yard.sql("SELECT FROM test_results") == []
    assert await attic.write() == 0
    assert await attic.rows() == attic.naive([run])


async def test_what_is_purged_leaves_the_file_of_a_retired_month(attic: Attic) -> None:
    kept, gone = await attic.yard.run(0, BAD), await attic.yard.run(0, {"z": "errored"})
    await attic.next_month(2)
    await attic.write()
    await attic.retire(1)
    await attic.yard.archive_job(gone)
    assert await attic.write() == 0
    await attic.yard.purge(gone)
    assert await attic.write() == 1
    assert await attic.rows() == attic.naive([kept])
    await attic.yard.purge(kept)
    assert await attic.write() == 1
    assert await attic.yard.sql("SELECT FROM archived_months") == []


async def test_a_result_that_comes_into_a_retired_month_joins_the_file(attic: Attic) -> None:
    old = await attic.yard.run(0, BAD)
    await attic.next_month(2)
    await attic.write()
    await attic.retire(1)
    attic.yard.clock.advance(-50 * 24 * 3600)  # as an import, which keeps moments, would do
    late = await attic.yard.run(1, {"b": "failed"})
    attic.yard.clock.advance(50 * 24 * 3600)
    late.states = {"b": ""}
    await attic.write()
    assert await attic.rows() == attic.naive([old, late])
    assert await attic.retire(1) == 1
    await attic.write()
    assert await attic.rows() == attic.naive([old, late])


@pytest.fixture
async def shelf(clocked_db: Database, clock: VirtualClock, tmp_path: Path) -> AsyncIterator[Shelf]:
    async with open_shelf(clocked_db, clock, tmp_path) as opened:
        yield opened


async def test_a_job_whose_results_are_retired_says_which_month_has_them(shelf: Shelf) -> None:
    db = shelf.world.db
    job = await shelf.job()
    await shelf.upload(job, BAD)
    shelf.clock.advance(70 * 24 * 3600)
    columnar = DuckColumnar(shelf.folder / "scratch")
    yard: Any = Yard(db, shelf.clock, shelf.objects, {}, [], shelf.topic_id, {})
    attic = Attic(yard, Archivist(db, shelf.objects, columnar, shelf.folder / "copies"))
    await attic.write()
    assert "archived_in" not in (await shelf.tests(job))["_meta"]
    assert await attic.retire(1) == 1
    told = (await shelf.tests(job))["_meta"]
    assert (told["retired"], told["archived_in"]) == (True, "2026-01")
    results = await shelf.world.get("red user", f"/jobs/{job}/results")
    assert results["_meta"] == {"count": 0, "retired": True, "archived_in": "2026-01"}
