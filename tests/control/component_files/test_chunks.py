"""Lists of chunks: an insertion changes few of them; who may read the file may read its list."""

import random
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest

from ringtest.client import chunk_lists
from ringtest.control.catalog import api as catalog_api
from ringtest.control.component_files import api as component_files_api
from ringtest.control.component_files import service
from ringtest.control.component_files.model import permit_key
from ringtest.control.connectors.disk import DiskStore
from ringtest.control.cutting.model import Cutter
from ringtest.control.db.pool import Database
from ringtest.control.identity import api as identity_api
from ringtest.control.kernel.clock import VirtualClock
from ringtest.control.kernel.settings import Settings
from ringtest.control.objects import service as objects
from tests.control.component_files.test_sharing import Store
from tests.control.people import open_world

BODY = random.Random(1).randbytes(400_000)


def cut(data: bytes, step: int) -> bytes:
    cutter = Cutter(len(data))
    for at in range(0, len(data), step):
        cutter.feed(data[at : at + step])
    return cutter.list()


def chunks_of(data: bytes) -> set[tuple[int, bytes]]:
    found = cut(data, 1 << 20)
    head = chunk_lists.read_head(found, size=len(data))
    return {each.key for each in chunk_lists.chunks_from(0, found[head.chunks_at() :])}


def test_cuts_do_not_depend_on_how_the_bytes_came() -> None:
    assert cut(BODY, 1 << 20) == cut(BODY, 70_001) == cut(BODY, 4096)


@pytest.mark.parametrize("data", [bytes(200_000), b"ab" * 90_000, BODY[:65_536]])
def test_a_list_is_the_whole_file_whatever_it_holds(data: bytes) -> None:
    found = cut(data, 50_000)
    head = chunk_lists.read_head(found, size=len(data))
    segments = chunk_lists.read_segments(head, found)
    rest = found[head.chunks_at() :]
    for each in segments:
        first = each.first * chunk_lists.CHUNK_SIZE
        last = first + each.count * chunk_lists.CHUNK_SIZE
        for chunk in chunk_lists.read_chunks(each, rest[first:last]):
            assert chunk.length <= 16 * 1024


def test_an_insertion_leaves_nearly_all_chunks_as_they_were() -> None:
    after = BODY[:150_000] + b"inserted" + BODY[150_000:]
    assert len(chunks_of(after) - chunks_of(BODY)) <= 4


@pytest.fixture
async def store(clocked_db: Database, clock: VirtualClock, tmp_path: Path) -> AsyncIterator[Store]:
    rooms = [identity_api, catalog_api, component_files_api]
    folder = tmp_path / "objects"
    settings = Settings(data=tmp_path)
    async with open_world(clocked_db, rooms, settings=settings, objects=DiskStore(folder)) as world:
        yield Store(world, folder)


def path_of(file: dict[str, Any], what: str) -> str:
    return f"/components/{file['component_id']}/files/{file['id']}/{what}"


async def make_lists(store: Store) -> int:
    made = 0
    while await service.make_next_list(store.world.db, store.disk):
        made += 1
    return made


async def test_the_list_of_a_file_is_there_when_the_loop_has_made_it(store: Store) -> None:
    topic = await store.topic("one")
    file = await store.upload(await store.component(topic, "a"), body=BODY)
    small = await store.upload(await store.component(topic, "b"), body=b"small")
    admin = store.world["epm"]
    assert (await admin.get(path_of(file, "chunks"))).status_code == 404
    assert await make_lists(store) == 1
    whole = await admin.get(path_of(file, "chunks"))
    assert whole.content == cut(BODY, 1 << 20)
    part = await admin.get(path_of(file, "chunks"), headers={"Range": "bytes=8-15"})
    assert (part.status_code, part.content) == (206, whole.content[8:16])
    assert (await admin.get(path_of(small, "chunks"))).status_code == 404


async def test_files_that_share_an_object_share_its_list(store: Store) -> None:
    topic = await store.topic("one")
    files = [await store.upload(await store.component(topic, n), body=BODY) for n in "ab"]
    await make_lists(store)
    assert len(store.there()) == 2
    lists = [await store.world["epm"].get(path_of(each, "chunks")) for each in files]
    assert lists[0].content == lists[1].content != b""


async def test_a_list_goes_with_its_object_and_not_before(
    store: Store, clock: VirtualClock
) -> None:
    topic = await store.topic("one")
    files = [await store.upload(await store.component(topic, n), body=BODY) for n in "ab"]
    await make_lists(store)
    clock.advance(25 * 3600)
    while await objects.sweep(store.world.db, store.disk, grace=-60):
        pass
    await store.remove(files[0])
    await store.purge()
    assert len(store.there()) == 2
    await store.remove(files[1])
    await store.purge()
    assert store.there() == []


async def test_a_list_without_its_file_is_found(store: Store) -> None:
    topic = await store.topic("one")
    await store.upload(await store.component(topic, "a"), body=BODY)
    await make_lists(store)
    [kept] = [path for path in store.there() if path.suffix == ".chunks"]
    lost = kept.with_name("0c1d0c1d-0c1d-4c1d-8c1d-0c1d0c1d0c1d.chunks")
    lost.write_bytes(b"left over")
    while await objects.sweep(store.world.db, store.disk, grace=-60):
        pass
    while await objects.delete_forgotten(store.world.db, store.disk):
        pass
    assert kept.exists()
    assert not lost.exists()


async def test_an_object_that_is_lost_gets_no_list(store: Store) -> None:
    topic = await store.topic("one")
    file = await store.upload(await store.component(topic, "a"), body=BODY)
    for path in store.there():
        path.unlink()
    assert await make_lists(store) == 1
    assert (await store.world["epm"].get(path_of(file, "chunks"))).status_code == 404


async def test_who_may_not_read_a_file_reads_no_list_and_gets_no_permit(store: Store) -> None:
    topic = await store.topic("one")
    file = await store.upload(await store.component(topic, "a", "red"), "red user", body=BODY)
    await make_lists(store)
    for what in ("content", "chunks", "permit"):
        assert (await store.world["blue lab"].get(path_of(file, what))).status_code in (401, 404)
        assert (await store.world["red lab"].get(path_of(file, what))).status_code == 200
    assert (await store.world["red user"].get(path_of(file, "permit"))).status_code == 401


async def test_permits_are_the_teams_and_the_hours(store: Store, clock: VirtualClock) -> None:
    world = store.world
    topic = await store.topic("one")
    team = world.teams["red"]
    file = await store.upload(await store.component(topic, "a", "red"), "red user", body=BODY)
    first, again = [
        (await world["red lab"].get(path_of(file, "permit"))).json()["permit"] for _ in range(2)
    ]
    assert first == again
    assert len(first["key"]) == 64
    clock.advance(3600)
    later = (await world["red lab"].get(path_of(file, "permit"))).json()["permit"]
    assert later["window"] > first["window"]
    assert later["key"] != first["key"]
    secret = await world.sql("SELECT secret FROM permit_hours ORDER BY hour DESC LIMIT 1")
    assert permit_key(secret, file["sha256"], team) == later["key"]
    assert permit_key(secret, file["sha256"], world.teams["blue"]) != later["key"]
