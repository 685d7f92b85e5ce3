"""One object for the same content of a team; it goes with the last file that names it."""

import asyncio
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest

from ringtest.control.connectors.disk import DiskStore
from ringtest.control.db.pool import Database
from ringtest.control.files import store
from ringtest.control.kernel.clock import VirtualClock
from ringtest.control.kernel.tenant import SYSTEM
from ringtest.control.objects import service as objects
from ringtest.control.purge import service as purge
from tests.control.results.shelf import Shelf, open_shelf

TEXT = {"DCI_MIME": "text/plain", "DCI_NAME": "out.log"}
BODY = b"the same bytes " * 2000


@pytest.fixture
async def shelf(clocked_db: Database, clock: VirtualClock, tmp_path: Path) -> AsyncIterator[Shelf]:
    async with open_shelf(clocked_db, clock, tmp_path, inline=1000) as opened:
        yield opened


async def content(shelf: Shelf, file: dict[str, Any], who: str = "red user") -> bytes:
    return (await shelf.world[who].get(f"/files/{file['id']}/content")).content


async def archive(shelf: Shelf, file: dict[str, Any]) -> None:
    assert (await shelf.world["super admin"].delete(f"/files/{file['id']}")).status_code == 204


async def purge_files(shelf: Shelf) -> None:
    """Remove what is archived, and the objects that nobody needs any more."""
    shelf.clock.advance(60)
    db = shelf.world.db
    async with db.transaction(SYSTEM) as tx:
        await tx.execute(
            "INSERT INTO purges (id, created_at, updated_at, kind, before)"
            " VALUES (gen_random_uuid(), $1, $1, 'files', $1)",
            tx.now,
        )
    while await purge.next_batch(db):
        pass
    while await objects.delete_forgotten(db, shelf.objects):
        pass


async def test_the_same_content_is_stored_once_in_a_team(shelf: Shelf) -> None:
    first = await shelf.upload(await shelf.job(), BODY, **TEXT)
    second = await shelf.upload(await shelf.job(), BODY, **TEXT)
    assert len(shelf.objects_there()) == 1
    assert first["id"] != second["id"]
    assert await content(shelf, first) == await content(shelf, second) == BODY


async def test_result_files_share_too_and_are_read_all_the_same(shelf: Shelf) -> None:
    words = {f"test {number}": "passed" for number in range(50)}
    for _ in range(2):
        job = await shelf.job()
        await shelf.upload(job, words)
        assert (await shelf.tests(job))["_meta"]["count"] == 50
    assert len(shelf.objects_there()) == 1


async def test_two_teams_share_nothing(shelf: Shelf) -> None:
    await shelf.upload(await shelf.job(), BODY, **TEXT)
    await shelf.upload(await shelf.job("blue lab"), BODY, "blue lab", **TEXT)
    assert len(shelf.objects_there()) == 2


async def test_the_object_goes_with_the_last_file_that_names_it(shelf: Shelf) -> None:
    kept = [await shelf.upload(await shelf.job(), BODY, **TEXT) for _ in range(3)]
    for number, file in enumerate(kept, 1):
        await archive(shelf, file)
        await purge_files(shelf)
        assert len(shelf.objects_there()) == (number < 3)
        for other in kept[number:]:
            assert await content(shelf, other) == BODY


async def test_the_search_for_left_over_objects_keeps_a_shared_one(shelf: Shelf) -> None:
    first = await shelf.upload(await shelf.job(), BODY, **TEXT)
    second = await shelf.upload(await shelf.job(), BODY, **TEXT)
    await archive(shelf, first)
    await purge_files(shelf)
    shelf.clock.advance(25 * 3600)
    while await objects.sweep(shelf.world.db, shelf.objects, grace=-60):
        pass
    while await objects.delete_forgotten(shelf.world.db, shelf.objects):
        pass
    assert await content(shelf, second) == BODY


async def test_a_removal_while_a_file_is_about_to_share_leaves_the_object(shelf: Shelf) -> None:
    """The removal waits for whoever chose the object, and then finds that it is in use."""
    first = await shelf.upload(await shelf.job(), BODY, **TEXT)
    job = await shelf.job()
    await archive(shelf, first)
    db = shelf.world.db
    async with db.transaction(SYSTEM) as tx:
        key = await store.select_same(tx, shelf.world.teams["red"], first["sha256"], first["size"])
        removing = asyncio.create_task(purge_files(shelf))
        waits = "SELECT count(*) FROM pg_locks WHERE NOT granted"
        async with asyncio.timeout(20):
            while not await shelf.world.sql(waits):
                pass
        await tx.execute(
            "INSERT INTO files (id, created_at, updated_at, etag, name, sha256, size, object_key,"
            " job_id, team_id) VALUES (gen_random_uuid(), $1, $1, 'e', 'late', $2, $3, $4, $5, $6)",
            tx.now, first["sha256"], first["size"], key, job, shelf.world.teams["red"],
        )  # fmt: skip
    await removing
    assert shelf.objects_there() == [key]
    assert await shelf.world.sql("SELECT count(*) FROM files") == 1


async def test_many_at_once_end_with_objects_that_are_all_named(shelf: Shelf) -> None:
    jobs = [await shelf.job() for _ in range(6)]
    kept = await asyncio.gather(*(shelf.upload(job, BODY, **TEXT) for job in jobs))
    named = await shelf.world.sql("SELECT array_agg(DISTINCT object_key) FROM files")
    assert shelf.objects_there() == sorted(named)
    assert {await content(shelf, file) for file in kept} == {BODY}


async def test_an_object_that_is_lost_is_not_shared(shelf: Shelf) -> None:
    await shelf.upload(await shelf.job(), BODY, **TEXT)
    [lost] = shelf.objects_there()
    (shelf.folder / "objects" / lost).unlink()
    second = await shelf.upload(await shelf.job(), BODY, **TEXT)
    assert await content(shelf, second) == BODY


async def test_a_refused_upload_leaves_the_object_of_others(
    shelf: Shelf, monkeypatch: pytest.MonkeyPatch
) -> None:
    first = await shelf.upload(await shelf.job(), BODY, **TEXT)
    job = await shelf.job()
    put = DiskStore.put

    async def archive_meanwhile(*args: Any, **kwargs: Any) -> Any:
        stored = await put(*args, **kwargs)
        await shelf.world.sql("UPDATE jobs SET state = 'archived' WHERE id = $1 RETURNING id", job)
        return stored

    monkeypatch.setattr(DiskStore, "put", archive_meanwhile)
    assert (await shelf.post(job, BODY, **TEXT)).status_code == 404
    assert len(shelf.objects_there()) == 1
    assert await content(shelf, first) == BODY
