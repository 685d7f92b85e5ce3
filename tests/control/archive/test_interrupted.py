"""Whatever ends a writer between two steps: nothing is lost, doubled or left behind."""

import asyncio
import os
import signal
import sys
from collections.abc import AsyncIterator, Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from ringtest.control import registry
from ringtest.control.archive import service
from ringtest.control.connectors.duckdb_columnar.writing import scratch
from ringtest.control.kernel.errors import Unavailable
from ringtest.control.kernel.settings import Settings
from ringtest.control.objects import service as objects
from ringtest.control.ports.object_store import Stored
from tests.conftest import reachable_folder
from tests.control.archive.attic import Attic, open_attic
from tests.s3_server import S3Server, s3_server

BAD = {"a": "failed", "b": "passed", "c": "skipped"}
_TAKEN_OVER = 11 * 60
"""Seconds after which another writer may."""


async def _swept(attic: Attic) -> None:
    attic.yard.clock.advance(25 * 3600)
    while await objects.sweep(attic.yard.db, attic.archivist.objects, grace=-60):
        pass
    await attic.forgotten()


async def test_an_object_without_a_row_is_collected_and_the_file_written_again(
    attic: Attic, monkeypatch: pytest.MonkeyPatch
) -> None:
    await attic.yard.run(0, BAD)
    await attic.next_month()

    async def killed(*_: object) -> None:
        raise asyncio.CancelledError

    monkeypatch.setattr(service, "_settle", killed)
    with pytest.raises(asyncio.CancelledError):
        await attic.write()
    monkeypatch.undo()
    orphans = [one.key async for one in attic.archivist.objects.list() if "archive" in one.key]
    assert len(orphans) == 1
    assert await attic.write() == 0  # the claim of who was killed still holds
    attic.yard.clock.advance(_TAKEN_OVER)
    assert await attic.write() == 1
    assert await attic.rows() == attic.naive() != []
    await _swept(attic)
    left = [one.key async for one in attic.archivist.objects.list() if "archive" in one.key]
    assert len(left) == 1 and left != orphans
    assert await attic.rows() == attic.naive()


async def test_who_lost_its_claim_changes_nothing(
    attic: Attic, monkeypatch: pytest.MonkeyPatch
) -> None:
    await attic.yard.run(0, BAD)
    await attic.next_month()
    settle = service._settle
    late: list[asyncio.Task[None]] = []

    async def slow(*given: object) -> None:
        monkeypatch.undo()
        attic.yard.clock.advance(_TAKEN_OVER)
        assert await attic.write() == 1  # somebody else, meanwhile
        await settle(*given)  # type: ignore[arg-type]

    monkeypatch.setattr(service, "_settle", slow)
    await attic.write()
    (path,) = await attic.paths()
    await attic.forgotten()
    there = [one.key async for one in attic.archivist.objects.list() if "archive" in one.key]
    assert len(there) == 1 and path.name == there[0].rpartition("/")[2]
    assert await attic.rows() == attic.naive() and not late


class Full:
    """A store that takes nothing."""

    async def put(self, key: str, chunks: AsyncIterator[bytes], *, limit: int) -> Stored:
        async for _ in chunks:
            raise Unavailable("no room")
        raise AssertionError("an empty file")


async def test_a_store_that_is_down_costs_time_alone(attic: Attic) -> None:
    await attic.yard.run(0, BAD)
    await attic.next_month()
    working = attic.archivist
    attic.archivist = replace(working, objects=Full())  # type: ignore[arg-type]
    with pytest.raises(Unavailable):
        await attic.write()
    attic.archivist = working
    attic.yard.clock.advance(_TAKEN_OVER)
    assert await attic.write() == 1
    assert await attic.rows() == attic.naive()
    assert not [*(working.folder.parent / "scratch").iterdir()]


_HOLDS = """
import sys, time
from pathlib import Path
from ringtest.control.connectors.duckdb_columnar.writing import scratch
with scratch(Path(sys.argv[1])) as own:
    (own / "cases.parquet").write_bytes(b"x")
    print(own, flush=True)
    sys.stdin.read()
"""


async def test_what_a_killed_writer_left_on_the_disk_goes_when_the_next_begins(
    tmp_path: Path,
) -> None:
    process = await asyncio.create_subprocess_exec(
        sys.executable, "-c", _HOLDS, str(tmp_path),
        stdin=asyncio.subprocess.PIPE, stdout=asyncio.subprocess.PIPE,
    )  # fmt: skip
    assert process.stdout is not None
    left = Path((await process.stdout.readline()).decode().strip())
    with scratch(tmp_path):
        assert left.exists()  # its process lives
    os.kill(process.pid, signal.SIGKILL)
    await process.wait()
    assert left.exists()
    with scratch(tmp_path) as own:
        assert [*tmp_path.iterdir()] == [own]
    assert [*tmp_path.iterdir()] == []


@pytest.fixture(scope="module")
def s3() -> Iterator[S3Server]:
    with s3_server() as server:
        yield server


async def test_files_on_s3_are_written_read_by_copies_and_replaced(
    attic: Attic, s3: S3Server, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name, value in s3.environment.items():
        monkeypatch.setenv(name, value)
    with reachable_folder() as folder:
        store = registry.object_store(Settings(objects=f"s3://{s3.new_bucket()}/some/prefix"))
        far = open_attic(attic.yard, folder, store)
        kept, gone = await attic.yard.run(0, BAD), await attic.yard.run(1, {"z": "errored"})
        await far.next_month(2)
        assert await far.write() == 1
        assert await far.rows() == far.naive() != []
        (copy,) = await far.paths()
        assert copy.parent == far.archivist.folder
        await far.retire(1)
        await attic.yard.purge(gone)
        assert await far.write() == 1
        assert await far.rows() == far.naive([kept])
        await far.forgotten()
        assert len([one async for one in store.list()]) == 1
        assert await far.rows() == far.naive([kept])
