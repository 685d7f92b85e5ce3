"""Reading, searching and following logs over HTTP."""

import asyncio
from uuid import UUID

import pytest

from ringtest.control.accounts.model import Caller, Team
from ringtest.control.db.notify import LIVE, Notifications
from ringtest.control.kernel.clock import VirtualClock
from ringtest.control.log_tail import service
from tests.control.jobs.bench import Bench
from tests.control.logs.printing import Printing, printing


@pytest.fixture
async def job(bench: Bench) -> Printing:
    return await printing(bench)


async def test_lines_are_read_across_frames(job: Printing) -> None:
    for data in (b"zero\none", b" and more\ntwo\n", b"", b"\xff\x1b[31mthree"):
        await job.prints(data)
    read = (await job.get())["log"]
    assert read == {
        "attempt": 1,
        "from_line": 0,
        "lines": ["zero", "one and more", "two", "\ufffd\x1b[31mthree"],
        "total_lines": 4,
        "complete": False,
    }
    page = (await job.get(from_line=1, limit=2))["log"]
    assert (page["from_line"], page["lines"]) == (1, ["one and more", "two"])
    assert page["total_lines"] == 4
    assert (await job.get(from_line=9))["log"]["lines"] == []
    await job.ends()
    assert (await job.get())["log"]["complete"]


async def test_a_long_log_is_read_page_by_page(job: Printing) -> None:
    lines = [f"line {number}" for number in range(60_000)]
    data = "\n".join(lines).encode()
    for start in range(0, len(data), 100_000):
        await job.prints(data[start : start + 100_000])
    seen: list[str] = []
    while len(seen) < len(lines):
        page = (await job.get(from_line=len(seen), limit=5000))["log"]
        assert page["total_lines"] == len(lines)
        seen.extend(page["lines"])
    assert seen == lines


async def test_an_endless_line_does_not_cost_its_length(job: Printing) -> None:
    for _ in range(20):
        await job.prints(b"." * 200_000)
    await job.prints(b"\nlast\n")
    read = (await job.get())["log"]
    assert [len(line) for line in read["lines"]] == [16 * 1024 + 23, 4]
    assert read["total_lines"] == 2
    assert (await job.get(from_line=1))["log"]["lines"] == ["last"]


async def test_a_page_of_very_long_lines_is_shorter_than_asked(job: Printing) -> None:
    for _ in range(15):
        await job.prints((b"x" * 16_000 + b"\n") * 40)
    pages: list[int] = []
    while sum(pages) < 600:
        page = (await job.get(from_line=sum(pages), limit=5000))["log"]
        assert page["total_lines"] == 600
        pages.append(len(page["lines"]))
    assert pages == [263, 263, 74]  # 4 MiB each


async def test_a_job_that_has_not_started_has_an_empty_log(bench: Bench) -> None:
    job_id = await bench.queued()
    read = (await bench.world.get("red user", f"/jobs/{job_id}/log"))["log"]
    assert (read["lines"], read["total_lines"], read["complete"]) == ([], 0, False)
    answer = await bench.world["red user"].get(f"/jobs/{job_id}/log", params={"attempt": "1"})
    assert answer.status_code == 404


async def test_attempts_have_logs_of_their_own(job: Printing) -> None:
    await job.prints(b"first\n")
    await job.tell(kind="release", reason="full")
    claim = await job.bench.claim(job.job_id, agent="two")
    second = Printing(job.bench, job.job_id, claim["lease_token"])
    await second.prints(b"second\n")
    assert (await job.get())["log"]["lines"] == ["second"]
    assert (await job.get(attempt=1))["log"]["lines"] == ["first"]
    assert (await job.get("/search", q="r", attempt=1))["matches"] == [{"line": 0, "text": "first"}]


async def test_the_stages_say_where_their_lines_begin(job: Printing) -> None:
    await job.tell(kind="stage", stage="prepare", status="running")
    await job.prints(b"a\nb\n", "prepare")
    await job.tell(kind="stage", stage="prepare", status="passed")
    await job.tell(kind="stage", stage="test", status="running")
    await job.prints(b"c\n")
    body = await job.bench.world.get("red user", f"/jobs/{job.job_id}/stages")
    assert [stage["first_line"] for stage in body["stages"]] == [0, 2]


async def test_the_raw_log_is_what_was_printed(job: Printing) -> None:
    data = bytes(range(256)) * 3000
    await job.prints(data)
    await job.prints(b"end")
    path = f"/jobs/{job.job_id}/log/raw"
    answer = await job.bench.world["red user"].get(path)
    assert answer.content == data + b"end"
    assert answer.headers["content-type"].startswith("text/plain")
    assert answer.headers["content-disposition"] == f'attachment; filename="{job.job_id}-1.log"'


async def test_search_finds_lines_whatever_their_case(job: Printing) -> None:
    await job.prints(b"ok\nsome ERR")
    await job.prints("or here\nÖl\nno error\n".encode())
    body = await job.get("/search", q="error")
    assert body["matches"] == [
        {"line": 1, "text": "some ERRor here"},
        {"line": 3, "text": "no error"},
    ]
    assert body["_meta"] == {"count": 2, "complete": True}
    assert (await job.get("/search", q="öl"))["matches"] == [{"line": 2, "text": "Öl"}]
    first = await job.get("/search", q="error", limit=1)
    assert first["_meta"] == {"count": 1, "complete": False, "stopped": "matches"}
    assert [match["line"] for match in first["matches"]] == [1]


@pytest.mark.parametrize(
    "path",
    ["/log/search", "/log/search?q=" + "x" * 1001, "/log/search?q=a%0Ab", "/log?limit=0",
     "/log?from_line=-1", "/log?attempt=0", "/log?colour=red", "/log/stream?from_line=x"],
)  # fmt: skip
async def test_a_question_that_makes_no_sense_is_400(job: Printing, path: str) -> None:
    answer = await job.bench.world["red user"].get(f"/jobs/{job.job_id}{path}")
    assert answer.status_code == 400


# following ----------------------------------------------------------------------


class Follower:
    """Somebody who watches a log."""

    def __init__(
        self, bench: Bench, job_id: str, *, from_line: int = 0, attempt: int | None = None
    ) -> None:
        world = bench.world
        caller = Caller(
            "user", world.users["red user"], "red user", "", (Team(world.teams["red"], "red"),)
        )
        self.job_id = job_id
        self.notifications = Notifications(world.db.dsn)
        self.chunks = service.follow(
            world.db, bench.objects, self.notifications,
            caller=caller, job_id=UUID(job_id), attempt=attempt,
            from_line=from_line,
        )  # fmt: skip

    async def first(self) -> tuple[int, list[str]]:
        """The next lines, without waking it."""
        chunk = await anext(self.chunks)
        return chunk.first, list(chunk.lines)

    async def next(self) -> tuple[int, list[str]]:
        self.notifications.tell(LIVE, f"log {self.job_id}")
        return await self.first()


async def test_a_follower_gets_lines_as_they_end(job: Printing) -> None:
    follower = Follower(job.bench, job.job_id)
    await job.prints(b"one\ntw")
    assert await follower.next() == (0, ["one"])
    await job.prints(b"o\nthree\nfo")
    assert await follower.next() == (1, ["two", "three"])
    await job.prints(b"ur")
    await job.ends()
    assert await follower.next() == (3, ["four"])
    with pytest.raises(StopAsyncIteration):
        await follower.next()


async def test_a_follower_goes_on_where_it_was_cut_off(job: Printing) -> None:
    await job.prints(b"one\ntwo\nthree\n")
    follower = Follower(job.bench, job.job_id, from_line=2)
    assert await follower.next() == (2, ["three"])


async def test_a_follower_looks_by_itself_when_a_wake_up_was_lost(
    job: Printing, clock: VirtualClock
) -> None:
    class Restless(VirtualClock):
        async def sleep(self, seconds: float) -> None:
            await asyncio.sleep(0)

    job.bench.world.db.clock = Restless(clock.now())
    follower = Follower(job.bench, job.job_id)
    async with asyncio.TaskGroup() as group:
        told = group.create_task(follower.first())
        await job.prints(b"one\n")
    assert told.result() == (0, ["one"])


async def test_a_follower_of_a_queued_job_waits_for_its_agent(bench: Bench) -> None:
    job_id = await bench.queued()
    follower = Follower(bench, job_id)
    async with asyncio.TaskGroup() as group:
        told = group.create_task(follower.first())
        job = Printing(bench, job_id, (await bench.claim(job_id))["lease_token"])
        await job.prints(b"one\n")
        while not told.done():
            follower.notifications.tell(LIVE, f"log {job_id}")
            await asyncio.sleep(0)
    assert told.result() == (0, ["one"])


async def test_the_stream_of_an_ended_log_tells_its_lines_and_the_end(job: Printing) -> None:
    await job.prints(b"one\ntwo")
    await job.ends()
    answer = await job.bench.world["red user"].get(f"/jobs/{job.job_id}/log/stream")
    assert answer.headers["content-type"].startswith("text/event-stream")
    assert answer.text == (
        "retry: 1000\n\n"
        'event: lines\ndata: {"from_line":0,"lines":["one"]}\n\n'
        'event: lines\ndata: {"from_line":1,"lines":["two"]}\n\n'
        "event: end\ndata: {}\n\n"
    )
