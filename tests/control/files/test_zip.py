"""Files as one zip: streamed, whole whatever is missing, and of the caller's own alone."""

import io
import zipfile
from collections.abc import AsyncIterator
from datetime import datetime
from pathlib import Path
from typing import Any
from uuid import uuid4

import pytest

from ringtest.control.db.pool import Database
from ringtest.control.kernel.clock import VirtualClock
from ringtest.control.kernel.errors import NotFound, Unavailable
from ringtest.control.wire import zips
from tests.control.results.shelf import Shelf, open_shelf


@pytest.fixture
async def shelf(clocked_db: Database, clock: VirtualClock, tmp_path: Path) -> AsyncIterator[Shelf]:
    async with open_shelf(clocked_db, clock, tmp_path, inline=100) as opened:
        yield opened


def unzipped(data: bytes) -> dict[str, bytes]:
    archive = zipfile.ZipFile(io.BytesIO(data))
    assert archive.testzip() is None
    return {name: archive.read(name) for name in archive.namelist()}


async def add(shelf: Shelf, job: str, name: str, body: bytes) -> dict[str, Any]:
    return await shelf.upload(job, body, DCI_NAME=name, DCI_MIME="text/plain")


async def test_all_files_of_a_job_come_in_one_archive(shelf: Shelf) -> None:
    job = await shelf.job()
    bodies = {"out.log": b"line\n" * 90_000, "small.txt": b"x", "logs/deep.gz": bytes(5000)}
    for name, body in bodies.items():
        await add(shelf, job, name.replace("/", "%2F"), body)
    answer = await shelf.world["red user"].get(f"/jobs/{job}/files/zip")
    assert answer.headers["content-type"] == "application/zip"
    assert answer.headers["content-disposition"] == f'attachment; filename="{job}.zip"'
    assert unzipped(answer.content) == bodies


async def test_a_selection_over_jobs_has_a_folder_for_each(shelf: Shelf) -> None:
    jobs = [await shelf.job(), await shelf.job()]
    kept = [await add(shelf, job, "a.txt", job.encode() * 20) for job in jobs]
    await add(shelf, jobs[0], "not wanted", b"x")
    ids = ",".join(file["id"] for file in kept)
    answer = await shelf.world["red user"].get("/files_zip", params={"ids": ids})
    assert unzipped(answer.content) == {f"{job}/a.txt": job.encode() * 20 for job in jobs}


async def test_a_missing_object_is_told_in_the_archive(shelf: Shelf) -> None:
    job = await shelf.job()
    await add(shelf, job, "a.log", b"a" * 500)
    [lost] = shelf.objects_there()
    (shelf.folder / "objects" / lost).unlink()
    await add(shelf, job, "b.log", b"b" * 500)
    files = unzipped((await shelf.world["red user"].get(f"/jobs/{job}/files/zip")).content)
    assert files["b.log"] == b"b" * 500
    assert "could not be read" in files["a.log.missing.txt"].decode()
    assert set(files) == {"a.log.missing.txt", "b.log"}


async def test_only_the_callers_own_files_can_be_had(shelf: Shelf) -> None:
    job, theirs = await shelf.job(), await shelf.job("blue lab")
    mine = await add(shelf, job, "a", b"x")
    other = await shelf.upload(theirs, b"y", "blue lab", DCI_MIME="text/plain")
    who = shelf.world["red user"]
    for path, status in (
        (f"/jobs/{theirs}/files/zip", 401),
        (f"/files_zip?ids={mine['id']},{other['id']}", 401),
        (f"/files_zip?ids={mine['id']},{uuid4()}", 404),
        ("/files_zip", 400),
        ("/files_zip?ids=nonsense", 404),
        (f"/jobs/{job}/files/zip?ids={other['id']}", 401),
        (f"/files_zip?ids={','.join(str(uuid4()) for _ in range(1001))}", 400),
    ):
        assert (await who.get(path)).status_code == status, path


async def test_memory_is_that_of_a_chunk_however_large_the_file_is() -> None:
    """The archive is taken away while it is written: never more than a chunk of it waits."""
    chunk, count = bytes(range(256)) * 1024, 400

    async def chunks() -> AsyncIterator[bytes]:
        for _ in range(count):
            yield chunk

    entry = zips.Entry("big.bin.zst", count * len(chunk), datetime(2026, 1, 1), chunks)
    sizes = [len(part) async for part in zips.stream([entry])]
    assert max(sizes) <= len(chunk) + 1024
    assert sum(sizes) > entry.size


@pytest.mark.parametrize("error", [NotFound("gone"), Unavailable("down")])
async def test_what_breaks_on_the_way_is_told_beside_what_came(error: Exception) -> None:
    async def broken() -> AsyncIterator[bytes]:
        yield b"begin"
        raise error

    async def whole() -> AsyncIterator[bytes]:
        yield b"whole"

    at = datetime(1970, 1, 1)
    entries = [zips.Entry("a", 100, at, broken), zips.Entry("b", 5, at, whole)]
    found = unzipped(b"".join([part async for part in zips.stream(entries)]))
    assert (found["a"], found["b"]) == (b"begin", b"whole")
    assert b"5 could be read" in found["a.missing.txt"]


async def test_what_may_be_larger_than_4_gib_is_written_as_zip64() -> None:
    async def short() -> AsyncIterator[bytes]:
        yield b"x"

    entry = zips.Entry("huge", 5 * 1024**3, datetime(2026, 1, 1), short)
    data = b"".join([part async for part in zips.stream([entry])])
    assert int.from_bytes(data[4:6], "little") == zipfile.ZIP64_VERSION
    assert unzipped(data)["huge"] == b"x"
