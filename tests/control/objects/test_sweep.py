"""What nobody needs goes, and nothing else: not what is used, young, or somebody else's."""

from collections.abc import AsyncIterator
from pathlib import Path
from uuid import uuid4

import pytest

from ringtest.control.connectors.disk import DiskStore
from ringtest.control.db.pool import Database
from ringtest.control.kernel.clock import VirtualClock
from ringtest.control.kernel.errors import Unavailable
from ringtest.control.kernel.tenant import SYSTEM, Tenant
from ringtest.control.objects import service
from tests.control.results.shelf import Shelf, open_shelf

TEXT = {"DCI_MIME": "text/plain", "DCI_NAME": "out.log"}


@pytest.fixture
async def shelf(clocked_db: Database, clock: VirtualClock, tmp_path: Path) -> AsyncIterator[Shelf]:
    async with open_shelf(clocked_db, clock, tmp_path) as opened:
        yield opened


async def one(body: bytes) -> AsyncIterator[bytes]:
    yield body


async def put(shelf: Shelf, key: str) -> str:
    await shelf.objects.put(key, one(b"x"), limit=10)
    return key


async def look(shelf: Shelf, grace: float = -60) -> None:
    """One whole search, then every deletion."""
    shelf.clock.advance(25 * 3600)
    while await service.sweep(shelf.world.db, shelf.objects, grace=grace):
        pass
    while await service.delete_forgotten(shelf.world.db, shelf.objects):
        pass


def ids(count: int) -> str:
    return "/".join(str(uuid4()) for _ in range(count))


async def test_objects_that_a_crash_left_over_go(shelf: Shelf) -> None:
    file = await shelf.upload(await shelf.job(), b"content", **TEXT)
    used = shelf.objects_there()
    for key in (ids(3), f"components/{ids(3)}", f"uploads/{ids(1)}/0-{ids(1)}",
                f"logs/{ids(2)}/1/1-9.zst"):  # fmt: skip
        await put(shelf, key)
    await look(shelf)
    assert shelf.objects_there() == used
    content = await shelf.world["red user"].get(f"/files/{file['id']}/content")
    assert content.content == b"content"


async def test_what_was_stored_a_moment_ago_stays_for_its_row(shelf: Shelf) -> None:
    key = await put(shelf, ids(3))
    await look(shelf, grace=3600)
    assert shelf.objects_there() == [key]


async def test_objects_that_others_put_there_stay(shelf: Shelf) -> None:
    kept = [
        await put(shelf, key) for key in (f"{ids(1)}/images/a.img", "backup.tar", f"x/{ids(3)}")
    ]
    await look(shelf)
    assert shelf.objects_there() == sorted(kept)


async def test_an_archived_file_keeps_its_object_until_its_row_goes(shelf: Shelf) -> None:
    file = await shelf.upload(await shelf.job(), b"content", **TEXT)
    await shelf.world["red user"].delete(f"/files/{file['id']}")
    await look(shelf)
    [key] = shelf.objects_there()
    async with shelf.world.db.transaction(SYSTEM) as tx:
        await tx.execute("DELETE FROM files")
        await service.forget_objects(tx, keys=[key])
    await look(shelf)
    assert shelf.objects_there() == []
    await look(shelf)


async def test_what_is_forgotten_in_a_transaction_that_fails_stays(shelf: Shelf) -> None:
    key = await put(shelf, f"x/{ids(1)}")
    with pytest.raises(ZeroDivisionError):
        async with shelf.world.db.transaction(SYSTEM) as tx:
            await service.forget_objects(tx, keys=[key])
            raise ZeroDivisionError
    await look(shelf)
    assert shelf.objects_there() == [key]


async def test_an_object_in_use_is_not_deleted_whoever_forgot_it(shelf: Shelf) -> None:
    await shelf.upload(await shelf.job(), b"content", **TEXT)
    [key] = shelf.objects_there()
    team = Tenant(teams=frozenset({shelf.world.teams["blue"]}))
    async with shelf.world.db.transaction(team) as tx:
        await service.forget_objects(tx, keys=[key])
    await look(shelf)
    assert shelf.objects_there() == [key]


async def test_a_store_that_is_down_is_asked_again_later(
    shelf: Shelf, monkeypatch: pytest.MonkeyPatch
) -> None:
    key = await put(shelf, f"x/{ids(1)}")
    async with shelf.world.db.transaction(SYSTEM) as tx:
        await service.forget_objects(tx, keys=[key, key])

    async def down(*_: object) -> None:
        raise Unavailable("down")

    with monkeypatch.context() as broken:
        broken.setattr(DiskStore, "delete", down)
        with pytest.raises(Unavailable):
            await service.delete_forgotten(shelf.world.db, shelf.objects)
    assert await service.delete_forgotten(shelf.world.db, shelf.objects) == 0, "not at once"
    shelf.clock.advance(3600)
    assert await service.delete_forgotten(shelf.world.db, shelf.objects) == 1
    assert shelf.objects_there() == []


async def test_a_large_store_is_looked_through_page_by_page(
    shelf: Shelf, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(service, "_PAGE", 3)
    for _ in range(8):
        await put(shelf, ids(3))
    await shelf.upload(await shelf.job(), b"content", **TEXT)
    await look(shelf)
    assert len(shelf.objects_there()) == 1
    assert await service.sweep(shelf.world.db, shelf.objects, grace=-60) == 0, "once a day"
