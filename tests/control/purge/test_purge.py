"""What is archived can be listed and removed for good, with all that hangs on it."""

from collections.abc import AsyncIterator
from datetime import timedelta
from typing import Any
from uuid import UUID, uuid4

import pytest

from ringtest.control.db import rows
from ringtest.control.db.pool import Database
from ringtest.control.kernel.clock import VirtualClock
from ringtest.control.kernel.errors import BadRequest
from ringtest.control.kernel.settings import Settings
from ringtest.control.kernel.tenant import SYSTEM
from ringtest.control.purge import api, loop, model, service, store
from tests.control.people import World, open_world

REFUSED = ("epm", "read-only", "red user", "red lab", "feeder", "nobody")


@pytest.fixture
async def world(clocked_db: Database) -> AsyncIterator[World]:
    async with open_world(clocked_db, [api]) as made:
        yield made


class Estate:
    """One of everything, each in the database and none archived."""

    def __init__(self, world: World) -> None:
        self.world = world
        self.ids: dict[str, UUID] = {}

    async def insert(self, table: str, **values: Any) -> UUID:
        async with self.world.db.transaction(SYSTEM) as tx:
            return await rows.insert(tx, table, values)

    async def build(self) -> None:
        ids, insert = self.ids, self.insert
        ids["teams"] = await insert("teams", name="green")
        ids["users"] = await insert("users", name="gone", fullname="gone")
        ids["products"] = await insert("products", name="p", label="P")
        ids["topics"] = await insert("topics", name="t", product_id=ids["products"])
        ids["remotecis"] = await insert("remotecis", name="lab", team_id=ids["teams"])
        ids["feeders"] = await insert("feeders", name="feeder", team_id=ids["teams"])
        ids["components"] = await self.component("c")
        ids["jobs"] = await self.job()
        ids["files"] = await self.file(ids["jobs"], "key/of/file")

    async def component(self, name: str) -> UUID:
        topic = self.ids["topics"]
        made = await self.insert("components", display_name=name, type="x", topic_id=topic,
                                 released_at=self.world.db.clock.now())  # fmt: skip
        await self.insert("component_files", name="f", sha256="", size=1, object_key=f"of/{name}",
                          component_id=made)  # fmt: skip
        return made

    async def job(self, **values: Any) -> UUID:
        ids = self.ids
        definition = await self.insert(
            "job_definitions", name=str(uuid4()), topic_id=ids["topics"], spec={}
        )
        pipeline = await self.insert("pipelines", name="line", team_id=ids["teams"])
        job = await self.insert(
            "jobs",
            topic_id=ids["topics"],
            product_id=ids["products"],
            remoteci_id=ids["remotecis"],
            team_id=ids["teams"],
            definition_id=definition,
            pipeline_id=pipeline,
            **values,
        )
        await self.world.sql(
            "INSERT INTO jobs_components VALUES ($1, $2, $3)", job, ids["components"], ids["teams"]
        )
        return job

    async def file(self, job: UUID, key: str) -> UUID:
        team = self.ids["teams"]
        return await self.insert("files", name="f", sha256="", size=1, object_key=key, job_id=job,
                                 team_id=team)  # fmt: skip

    async def archive(self, kind: str) -> None:
        async with self.world.db.transaction(SYSTEM) as tx:
            await rows.update(tx, kind, self.ids[kind], {"state": "archived"}, etag=None)

    async def left(self, table: str) -> int:
        number: int = await self.world.sql(
            f"SELECT count(*) FROM {table} WHERE id = $1", self.ids[table]
        )
        return number

    async def objects(self) -> set[str]:
        async with self.world.db.transaction(SYSTEM) as tx:
            found = await tx.fetch("SELECT object_key FROM objects_to_delete")
        return {row["object_key"] for row in found}


@pytest.fixture
async def estate(world: World) -> Estate:
    made = Estate(world)
    await made.build()
    return made


@pytest.mark.parametrize("kind", model.KINDS)
async def test_archived_rows_are_listed_and_go_for_good(
    world: World, estate: Estate, kind: str
) -> None:
    listed = await world.get("super admin", f"/{kind}/purge")
    assert (listed[kind], listed["_meta"]["count"]) == ([], 0)
    await estate.archive(kind)
    listed = await world.get("super admin", f"/{kind}/purge")
    assert [row["id"] for row in listed[kind]] == [str(estate.ids[kind])]
    assert listed["_meta"]["count"] == 1
    assert not {"password", "api_secret", "object_key"} & set(listed[kind][0])
    answer = await world["super admin"].post(f"/{kind}/purge")
    assert (answer.status_code, answer.content) == (204, b"")
    assert await estate.left(kind) == 0
    assert (await world.get("super admin", f"/{kind}/purge"))["_meta"]["count"] == 0


@pytest.mark.parametrize("kind", model.KINDS)
async def test_what_is_not_archived_stays(world: World, estate: Estate, kind: str) -> None:
    assert (await world["super admin"].post(f"/{kind}/purge")).status_code == 204
    for table in model.KINDS:
        assert await estate.left(table) == 1


@pytest.mark.parametrize("who", REFUSED)
async def test_purging_is_for_super_administrators(world: World, estate: Estate, who: str) -> None:
    await estate.archive("jobs")
    assert (await world[who].get("/jobs/purge")).status_code == 401
    assert (await world[who].post("/jobs/purge")).status_code == 401
    assert (await world[who].get("/purges")).status_code == 401
    assert await estate.left("jobs") == 1


async def test_objects_are_written_down_with_the_rows_that_named_them(
    world: World, estate: Estate
) -> None:
    await estate.archive("files")
    await world["super admin"].post("/files/purge")
    assert await estate.objects() == {"key/of/file"}
    await estate.archive("components")
    await world["super admin"].post("/components/purge")
    assert await estate.objects() == {"key/of/file", "of/c"}
    assert await estate.left("jobs") == 1


@pytest.mark.parametrize("kind", ["topics", "products", "teams", "remotecis"])
async def test_what_stands_under_an_archived_row_goes_with_it(
    world: World, estate: Estate, kind: str
) -> None:
    await estate.archive(kind)
    await world["super admin"].post(f"/{kind}/purge")
    assert await estate.left(kind) == await estate.left("jobs") == 0
    assert "key/of/file" in await estate.objects()


async def test_topics_that_follow_each_other_go_together(world: World, estate: Estate) -> None:
    first = estate.ids["topics"]
    second = await estate.insert(
        "topics", name="u", product_id=estate.ids["products"], next_topic_id=first
    )
    await world.sql("UPDATE topics SET next_topic_id = $1 WHERE id = $2", second, first)
    await estate.archive("topics")
    await world["super admin"].post("/topics/purge")
    assert await world.sql("SELECT next_topic_id FROM topics WHERE id = $1", second) is None


async def test_what_is_archived_after_the_request_waits_for_the_next_one(
    world: World, estate: Estate, clock: VirtualClock
) -> None:
    async with world.db.transaction(SYSTEM) as tx:
        await store.insert_purge(tx, "jobs", tx.now, None)
    clock.advance(1)
    await estate.archive("jobs")
    await _run(world)
    assert await estate.left("jobs") == 1


async def _run(world: World, settings: Settings | None = None) -> None:
    for one in loop.loops(world.db, settings or Settings()):
        while await one.act():
            pass


async def test_a_purge_that_was_cut_off_is_gone_on_with(
    world: World, estate: Estate, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(model, "BATCH", 2)
    for _ in range(5):
        await estate.job(state="archived")
    monkeypatch.setattr(service, "_PATIENCE", -1.0)
    assert (await world["super admin"].post("/jobs/purge")).status_code == 204
    (purge,) = (await world.get("super admin", "/purges"))["purges"]
    assert (purge["removed"], purge["finished_at"]) == (0, None)
    assert await service.next_batch(world.db) == 2
    await _run(world)
    (purge,) = (await world.get("super admin", "/purges"))["purges"]
    assert purge["removed"] == 5 and purge["finished_at"] and purge["kind"] == "jobs"
    assert await world.sql("SELECT count(*) FROM jobs") == 1


async def test_retention_purges_what_was_archived_long_ago(
    world: World, estate: Estate, clock: VirtualClock
) -> None:
    await estate.archive("jobs")
    await estate.archive("components")
    settings = Settings(retention="jobs=30,components=60")
    clock.advance(timedelta(days=29).total_seconds())
    await _run(world, settings)
    assert await estate.left("jobs") == 1
    clock.advance(timedelta(days=1).total_seconds())
    await _run(world, settings)
    await _run(world, settings)
    assert (await estate.left("jobs"), await estate.left("components")) == (0, 1)
    assert await world.sql("SELECT count(*) FROM purges") == 1


@pytest.mark.parametrize("text", ["jobs", "jobs=-1", "jobs=x", "nouns=3", "jobs=1000000"])
def test_a_retention_that_makes_no_sense_is_refused_by_name(text: str) -> None:
    with pytest.raises(BadRequest, match="RINGTEST_RETENTION"):
        model.read_retention(text)


async def test_every_reference_to_what_can_be_purged_is_dealt_with(world: World) -> None:
    """A new table that refers to one of these cascades, or is named in the purge's steps."""
    async with world.db.transaction(SYSTEM) as tx:
        found = await tx.fetch(
            "SELECT conrelid::regclass::text AS holder, confrelid::regclass::text AS target"
            " FROM pg_constraint WHERE contype = 'f' AND confdeltype IN ('a', 'r')"
            " AND conparentid = 0"
        )
    dealt_with = {
        ("jobs", "topics"), ("jobs", "products"), ("jobs", "remotecis"), ("jobs", "teams"),
        ("jobs", "pipelines"), ("jobs", "job_requests"), ("jobs", "job_definitions"),
        ("jobs_components", "components"), ("topics", "topics"),
        ("job_requests", "job_definitions"), ("trigger_rules", "job_definitions"),
        ("test_results", "test_plans"),
    }  # fmt: skip
    assert {(row["holder"], row["target"]) for row in found} <= dealt_with
