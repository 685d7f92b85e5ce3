"""Commits that come together share one flush, and nobody is answered before it."""

import asyncio
from typing import cast

import asyncpg

from ringtest.control.db import rows
from ringtest.control.db.durable import Commits
from ringtest.control.db.pool import Database
from ringtest.control.kernel.tenant import SYSTEM


class Disk:
    """Stands for every connection: a flush lasts until a test lets it end."""

    def __init__(self) -> None:
        self.flushes = 0
        self.failures = 0
        self.go = asyncio.Event()

    async def execute(self, _sql: str) -> None:
        self.flushes += 1
        await self.go.wait()
        if self.failures:
            self.failures -= 1
            raise ConnectionResetError

    async def commit(self, commits: Commits, *, until: asyncio.Event | None = None) -> bool:
        """Whether it was told not to wait for the disk."""
        async with commits.one(cast(asyncpg.Connection, self)) as together:
            if until is not None:
                await until.wait()
        return together


async def settle() -> None:
    for _ in range(20):
        await asyncio.sleep(0)


async def test_one_after_the_other_each_waits_for_the_disk_itself() -> None:
    commits, disk = Commits(), Disk()
    assert [await disk.commit(commits) for _ in range(3)] == [False, False, False]
    assert disk.flushes == 0


async def test_those_that_come_together_share_a_flush_that_began_after_them() -> None:
    commits, disk, first = Commits(), Disk(), asyncio.Event()
    alone = asyncio.create_task(disk.commit(commits, until=first))
    await settle()
    early = [asyncio.create_task(disk.commit(commits)) for _ in range(3)]
    await settle()
    late = [asyncio.create_task(disk.commit(commits)) for _ in range(3)]
    await settle()
    assert disk.flushes == 1
    assert not any(task.done() for task in (*early, *late))
    disk.go.set()
    first.set()
    assert await asyncio.gather(alone, *early, *late) == [False, *[True] * 6]
    assert disk.flushes == 2  # the first was under way when the others committed


async def test_who_waited_for_a_flush_that_failed_flushes_itself() -> None:
    commits, disk, first = Commits(), Disk(), asyncio.Event()
    alone = asyncio.create_task(disk.commit(commits, until=first))
    await settle()
    disk.failures = 1
    others = [asyncio.create_task(disk.commit(commits)) for _ in range(3)]
    await settle()
    disk.go.set()
    first.set()
    ends = await asyncio.gather(alone, *others, return_exceptions=True)
    assert [isinstance(end, ConnectionResetError) for end in ends] == [False, True, False, False]


async def test_what_was_committed_is_on_disk(db: Database) -> None:
    async def write(number: int) -> bool:
        async with db.transaction(SYSTEM) as tx:
            await rows.insert(tx, "teams", {"name": f"team {number}"})
            written = await tx.fetchval("SELECT pg_current_wal_insert_lsn()::text")
        async with db.transaction(SYSTEM) as tx:
            durable: bool = await tx.fetchval(
                "SELECT pg_current_wal_flush_lsn() > $1::text::pg_lsn", written
            )
            return durable

    for _ in range(5):
        assert all(await asyncio.gather(*(write(number) for number in range(8))))
        async with db.transaction(SYSTEM) as tx:
            assert await tx.execute("DELETE FROM teams WHERE name LIKE 'team %'") == 8
