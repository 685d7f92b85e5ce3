"""One object for the same content in a topic; it goes with the last file that names it."""

import asyncio
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any
from uuid import UUID

import pytest

from ringtest.control.catalog import api as catalog_api
from ringtest.control.component_files import api as component_files_api
from ringtest.control.connectors.disk import DiskStore
from ringtest.control.db import rows
from ringtest.control.db.pool import Database
from ringtest.control.identity import api as identity_api
from ringtest.control.kernel.clock import VirtualClock
from ringtest.control.kernel.settings import Settings
from ringtest.control.kernel.tenant import SYSTEM
from ringtest.control.objects import service as objects
from ringtest.control.purge import service as purge
from tests.control.people import World, open_world

BODY = b"the same bytes " * 2000


class Store:
    """Topics whose components have files."""

    def __init__(self, world: World, folder: Path) -> None:
        self.world, self.folder = world, folder
        self.disk = DiskStore(folder)

    async def topic(self, name: str) -> UUID:
        async with self.world.db.transaction(SYSTEM) as tx:
            product = await rows.insert(tx, "products", {"name": name, "label": name})
            values = {"name": name, "product_id": product, "export_control": True}
            return await rows.insert(tx, "topics", values)

    async def component(self, topic: UUID, name: str, team: str | None = None) -> UUID:
        values = {
            "type": "rpm", "display_name": name, "topic_id": topic,
            "team_id": self.world.teams[team] if team else None,
        }  # fmt: skip
        async with self.world.db.transaction(SYSTEM) as tx:
            return await rows.insert(tx, "components", values | {"released_at": tx.now})

    async def upload(self, component: UUID, who: str = "epm", body: bytes = BODY) -> dict[str, Any]:
        answer = await self.world[who].post(f"/components/{component}/files", content=body)
        assert answer.status_code == 201, answer.text
        file: dict[str, Any] = answer.json()["component_file"]
        return file

    async def content(self, file: dict[str, Any]) -> bytes:
        path = f"/components/{file['component_id']}/files/{file['id']}/content"
        return (await self.world["epm"].get(path)).content

    async def remove(self, file: dict[str, Any]) -> None:
        path = f"/components/{file['component_id']}/files/{file['id']}"
        gone = await self.world["epm"].delete(path, headers={"If-match": file["etag"]})
        assert gone.status_code == 204

    async def purge(self) -> None:
        """Remove what is archived, and the objects that nobody needs any more."""
        async with self.world.db.transaction(SYSTEM) as tx:
            await tx.execute(
                "INSERT INTO purges (id, created_at, updated_at, kind, before)"
                " VALUES (gen_random_uuid(), $1, $1, 'components', $1)", tx.now,
            )  # fmt: skip
        while await purge.next_batch(self.world.db):
            pass
        while await objects.delete_forgotten(self.world.db, self.disk):
            pass

    def there(self) -> list[Path]:
        return [path for path in self.folder.rglob("*") if path.is_file()]


@pytest.fixture
async def store(clocked_db: Database, clock: VirtualClock, tmp_path: Path) -> AsyncIterator[Store]:
    rooms = [identity_api, catalog_api, component_files_api]
    folder = tmp_path / "objects"
    settings = Settings(data=tmp_path)
    async with open_world(clocked_db, rooms, settings=settings, objects=DiskStore(folder)) as world:
        yield Store(world, folder)


async def test_equal_files_of_a_topic_are_one_object(store: Store) -> None:
    topic = await store.topic("one")
    first, second = [await store.upload(await store.component(topic, name)) for name in "ab"]
    assert first["id"] != second["id"]
    assert len(store.there()) == 1
    assert await store.content(first) == await store.content(second) == BODY
    await store.upload(await store.component(topic, "c"), body=BODY + b"!")
    assert len(store.there()) == 2


async def test_the_object_stays_until_its_last_file_is_purged(store: Store) -> None:
    topic = await store.topic("one")
    files = [await store.upload(await store.component(topic, name)) for name in "abc"]
    for number, file in enumerate(files, 1):
        await store.remove(file)
        await store.purge()
        assert len(store.there()) == (number < 3)
        for other in files[number:]:
            assert await store.content(other) == BODY


async def test_the_search_for_left_over_objects_keeps_a_shared_one(
    store: Store, clock: VirtualClock
) -> None:
    topic = await store.topic("one")
    first, second = [await store.upload(await store.component(topic, name)) for name in "ab"]
    await store.remove(first)
    await store.purge()
    clock.advance(25 * 3600)
    while await objects.sweep(store.world.db, store.disk, grace=-60):
        pass
    while await objects.delete_forgotten(store.world.db, store.disk):
        pass
    assert await store.content(second) == BODY


async def test_topics_and_teams_share_nothing(store: Store) -> None:
    one, two = await store.topic("one"), await store.topic("two")
    await store.upload(await store.component(one, "a"))
    await store.upload(await store.component(two, "a"))
    await store.upload(await store.component(one, "b", "red"), "red user")
    assert len(store.there()) == 3


async def test_many_at_once_end_with_objects_that_are_all_named(store: Store) -> None:
    topic = await store.topic("one")
    components = [await store.component(topic, name) for name in "abcdef"]
    files = await asyncio.gather(*(store.upload(one) for one in components))
    named = await store.world.sql("SELECT array_agg(DISTINCT object_key) FROM component_files")
    assert sorted(str(path.relative_to(store.folder)) for path in store.there()) == sorted(named)
    assert {await store.content(file) for file in files} == {BODY}


async def test_an_object_that_is_lost_is_not_shared(store: Store) -> None:
    topic = await store.topic("one")
    await store.upload(await store.component(topic, "a"))
    [lost] = store.there()
    lost.unlink()
    second = await store.upload(await store.component(topic, "b"))
    assert await store.content(second) == BODY
