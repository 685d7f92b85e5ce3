"""Many watch one log: it is read once, each gets every line, and nobody's slowness costs memory."""

import asyncio
from collections.abc import AsyncGenerator
from typing import Any
from uuid import UUID

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ringtest.control.accounts.model import Caller, Team
from ringtest.control.db.notify import LIVE, Notifications
from ringtest.control.kernel.clock import VirtualClock
from ringtest.control.kernel.errors import Unauthorised
from ringtest.control.log_tail import model, service
from ringtest.control.log_tail.model import Chunk, Ring, chunk_of
from ringtest.control.logs import service as logs
from tests.control.jobs.bench import Bench
from tests.control.logs.printing import Printing, printing


@pytest.fixture
async def job(bench: Bench) -> Printing:
    return await printing(bench)


class Watchers:
    """Watchers of one log in one process."""

    def __init__(self, job: Printing) -> None:
        self.job = job
        self.notifications = Notifications(job.bench.world.db.dsn)

    def one(self, from_line: int = 0, who: str = "red user") -> AsyncGenerator[Chunk, None]:
        world = self.job.bench.world
        team = who.split()[0]
        caller = Caller("user", world.users[who], who, "", (Team(world.teams[team], team),))
        return service.follow(
            world.db, self.job.bench.objects, self.notifications, caller=caller,
            job_id=UUID(self.job.job_id), attempt=None, from_line=from_line,
        )  # fmt: skip

    async def told(self, watching: AsyncGenerator[Chunk, None], count: int) -> list[str]:
        """The next lines, at least so many."""
        lines: list[str] = []
        async with asyncio.timeout(20):
            while len(lines) < count:
                asking = asyncio.ensure_future(anext(watching))
                while not asking.done():
                    self.notifications.tell(LIVE, f"log {self.job.job_id}")
                    await asyncio.sleep(0)
                lines += asking.result().lines
        return lines

    async def printed(self, *lines: str) -> None:
        await self.job.prints("".join(f"{line}\n" for line in lines).encode())
        self.notifications.tell(LIVE, f"log {self.job.job_id}")


async def test_a_log_is_read_once_for_all_who_watch_it(
    job: Printing, monkeypatch: pytest.MonkeyPatch
) -> None:
    watchers = Watchers(job)
    await watchers.printed("zero")
    all_of_them = [watchers.one() for _ in range(20)]
    for watching in all_of_them:
        assert await watchers.told(watching, 1) == ["zero"]
    await watchers.printed("one")
    for watching in all_of_them:  # whoever reads for them has begun by then
        assert await watchers.told(watching, 1) == ["one"]
    waiting = [asyncio.ensure_future(anext(watching)) for watching in all_of_them]
    read = []
    read_raw = logs.read_raw

    async def counted(*args: Any) -> bytes:
        read.append(args)
        return await read_raw(*args)

    monkeypatch.setattr(logs, "read_raw", counted)
    await asyncio.sleep(0)
    await watchers.printed("two", "three")
    async with asyncio.timeout(20):
        chunks = await asyncio.gather(*waiting)
    assert {(chunk.first, chunk.lines) for chunk in chunks} == {(2, ("two", "three"))}
    assert len({id(chunk.json) for chunk in chunks}) == 1, "what is sent is made once"
    assert len(read) == 1
    for watching in all_of_them:
        await watching.aclose()
    assert not service._tails[job.bench.world.db], "nobody watches: nobody reads"


async def test_who_is_behind_reads_for_itself_and_misses_nothing(
    job: Printing, monkeypatch: pytest.MonkeyPatch
) -> None:
    """What is kept for those who are quick is bounded, however slow somebody is."""
    monkeypatch.setattr(model, "KEPT_BYTES", 3000)
    watchers = Watchers(job)
    slow, quick = watchers.one(), watchers.one()
    await watchers.printed("first")
    assert await watchers.told(slow, 1) == ["first"]
    wanted = [f"{number} {'x' * 500}" for number in range(60)]
    seen: list[str] = []
    for line in wanted:
        await watchers.printed(line)
        seen += await watchers.told(quick, 1)
        (tail,) = service._tails[job.bench.world.db].values()
        assert sum(len(chunk.json) for chunk in tail.ring.chunks) <= 3000
    assert [*seen, *await watchers.told(quick, 1)] == ["first", *wanted]
    assert await watchers.told(slow, 60) == wanted
    await job.ends()
    with pytest.raises(StopAsyncIteration):
        await watchers.told(slow, 1)


async def test_everybody_begins_where_they_want(job: Printing) -> None:
    watchers = Watchers(job)
    await watchers.printed("zero", "one", "two")
    starts = {start: watchers.one(start) for start in (0, 2, 3, 5)}
    assert await watchers.told(starts[0], 3) == ["zero", "one", "two"]
    assert await watchers.told(starts[2], 1) == ["two"]
    await watchers.printed("three", "four", "five")
    assert await watchers.told(starts[0], 3) == ["three", "four", "five"]
    assert await watchers.told(starts[2], 3) == ["three", "four", "five"]
    assert await watchers.told(starts[3], 3) == ["three", "four", "five"]
    assert await watchers.told(starts[5], 1) == ["five"]


async def test_a_line_that_was_open_when_watching_began_comes_whole(job: Printing) -> None:
    watchers = Watchers(job)
    await job.prints(b"zero\n" + b"x" * 30_000)
    watching = watchers.one(1)
    asking = asyncio.ensure_future(anext(watching))
    await asyncio.sleep(0)
    await job.prints(b" end\nlast\n")
    async with asyncio.timeout(20):
        while not asking.done():
            watchers.notifications.tell(LIVE, f"log {job.job_id}")
            await asyncio.sleep(0)
    chunk = asking.result()
    assert (chunk.first, len(chunk.lines[0]) > 16_000, chunk.lines[1]) == (1, True, "last")


async def test_who_may_not_read_it_any_more_is_told_nothing_more(
    job: Printing, clock: VirtualClock
) -> None:
    watchers = Watchers(job)
    await watchers.printed("zero")
    watching = watchers.one()
    assert await watchers.told(watching, 1) == ["zero"]
    await job.bench.world.sql(
        "UPDATE jobs SET team_id = $1 RETURNING 1", job.bench.world.teams["blue"]
    )
    clock.advance(60)
    await job.bench.world.sql(
        "INSERT INTO log_frames (job_id, team_id, attempt, seq, created_at, first_line, line_count,"
        " byte_start, byte_count, data) SELECT job_id, team_id, 1, 2, created_at, 1, 1, 5, 5, data"
        " FROM log_frames RETURNING 1"
    )
    with pytest.raises(Unauthorised):
        await watchers.told(watching, 1)


async def test_another_team_may_not_watch(job: Printing) -> None:
    with pytest.raises(Unauthorised):
        await anext(Watchers(job).one(who="blue user"))


@settings(deadline=None, max_examples=50)
@given(st.lists(st.integers(1, 3), max_size=20), st.integers(0, 30))
def test_what_is_kept_has_no_gaps_and_a_bound(sizes: list[int], start: int) -> None:
    ring = Ring(start)
    line = start
    for size in sizes:
        ring.add(chunk_of(line, ["x" * 100_000] * size))
        line += size
        assert ring.end == line
        assert sum(len(chunk.json) for chunk in ring.chunks) <= model.KEPT_BYTES
        for wanted in range(ring.start, ring.end):
            chunk = ring.after(wanted)
            assert chunk is not None and chunk.first == wanted
        assert ring.after(ring.end) is None
