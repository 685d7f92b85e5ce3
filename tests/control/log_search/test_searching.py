"""Searching logs over HTTP: with patterns and context, and over the jobs of a query."""

import asyncio
import json
from typing import Any

import pytest

from ringtest.control.accounts.model import Caller, Team
from ringtest.control.kernel.paging import ListQuery
from ringtest.control.log_search import model, service
from ringtest.control.logs.loop import seal
from tests.control.jobs.bench import Bench
from tests.control.logs.printing import Printing, printing


@pytest.fixture
async def job(bench: Bench) -> Printing:
    return await printing(bench)


def events(text: str) -> list[tuple[str, dict[str, Any]]]:
    """Messages of a stream: name and data."""
    found = []
    for part in text.split("\n\n"):
        fields = dict(line.split(": ", 1) for line in part.splitlines() if ": " in line)
        if "event" in fields:
            found.append((fields["event"], json.loads(fields["data"])))
    return found


async def searched(bench: Bench, who: str = "red user", **params: Any) -> list[Any]:
    answer = await bench.world[who].get("/log_search", params=params)
    assert answer.status_code == 200, answer.text
    assert answer.headers["content-type"].startswith("text/event-stream")
    return events(answer.text)


async def test_a_pattern_and_its_context_over_frames_hot_and_sealed(job: Printing) -> None:
    for number in range(30):
        await job.prints(f"line {number}\n".encode())
    wanted = [
        {"line": line, "text": f"line {line}",
         "before": [f"line {line - 1}"], "after": [f"line {line + 1}"]}
        for line in (7, 17, 27)
    ]  # fmt: skip
    for _ in range(2):
        body = await job.get("/search", q="NE [0-9]*7$", regex=1, context=1)
        assert body["matches"] == wanted
        assert body["_meta"] == {"count": 3, "complete": True}
        assert (await job.get("/search", q="NE [0-9]*7$", regex=1, case=1))["matches"] == []
        if job.seq == 30:
            await job.ends()
            await seal(job.bench.world.db, job.bench.objects)


async def test_a_search_of_some_lines(job: Printing) -> None:
    await job.prints(b"x\n" * 100)
    body = await job.get("/search", q="x", from_line=10, to_line=12)
    assert [match["line"] for match in body["matches"]] == [10, 11]


async def test_a_search_that_reads_too_much_says_so(
    job: Printing, monkeypatch: pytest.MonkeyPatch
) -> None:
    for _ in range(40):
        await job.prints(b"x\n" * 10)
    monkeypatch.setattr(service.Budget, "over", property(lambda self: "bytes" * (self.read > 0)))
    body = await job.get("/search", q="nowhere")
    assert body["_meta"] == {"count": 0, "complete": False, "stopped": "bytes"}


async def test_the_logs_of_many_jobs_are_searched_newest_first(bench: Bench) -> None:
    jobs = [await printing(bench) for _ in range(3)]
    for number, job in enumerate(jobs):
        await job.prints(f"start\nError {number}\nend\n".encode())
        bench.world.db.clock.advance(60)  # type: ignore[attr-defined]
        await bench.world.sql(
            "UPDATE jobs SET created_at = $2 WHERE id = $1 RETURNING 1",
            job.job_id, bench.world.db.clock.now(),
        )  # fmt: skip
    told = await searched(bench, q="error", context=1)
    found = [data for name, data in told if name == "matches"]
    assert [one["job_id"] for one in found] == [job.job_id for job in reversed(jobs)]
    assert found[0]["matches"] == [
        {"line": 1, "text": "Error 2", "before": ["start"], "after": ["end"]}
    ]
    assert ("progress", {"jobs_done": 3, "jobs": 3, "bytes": 54}) in told
    end = {"complete": True, "stopped": None, "matches": 3, "message": "every log was searched"}
    assert told[-1] == ("end", end)


async def test_only_jobs_of_the_query_are_searched_and_a_cut_is_told(bench: Bench) -> None:
    jobs = [await printing(bench) for _ in range(3)]
    for job in jobs:
        await job.prints(b"Error\n")
    await jobs[0].ends("failed")
    told = await searched(bench, q="error", query="eq(status,failure)")
    assert [data["job_id"] for name, data in told if name == "matches"] == [jobs[0].job_id]
    told = await searched(bench, q="error", jobs=2)
    assert (told[-1][1]["stopped"], told[-1][1]["complete"]) == ("jobs", False)
    assert "only the first 2 jobs" in told[-1][1]["message"]


async def test_logs_of_another_team_are_not_searched(bench: Bench) -> None:
    mine, theirs = await printing(bench), await printing(bench, "blue lab")
    await mine.prints(b"Error of red\n")
    await bench.world.sql(  # the blue lab's own, printed by it
        "INSERT INTO log_frames SELECT $1, $2, 1, 1, stage, created_at, 0, line_count, 0,"
        " byte_count, data FROM log_frames LIMIT 1 RETURNING 1",
        theirs.job_id, bench.world.teams["blue"],
    )  # fmt: skip
    for who, jobs in (
        ("red user", {mine.job_id}),
        ("blue user", {theirs.job_id}),
        ("read-only", {mine.job_id, theirs.job_id}),
    ):
        told = await searched(bench, who, q="error")
        assert {data["job_id"] for name, data in told if name == "matches"} == jobs
        assert told[-1][1]["matches"] == len(jobs)


async def test_a_question_that_makes_no_sense_is_400(bench: Bench) -> None:
    for params in (
        {}, {"q": ""}, {"q": "(", "regex": "1"}, {"q": "x", "jobs": "0"},
        {"q": "x", "query": "eq("}, {"q": "x", "regex": "maybe"}, {"q": "x", "colour": "red"},
        {"q": "a\nb"}, {"q": "x", "where": "colour:red"},
    ):  # fmt: skip
        answer = await bench.world["red user"].get("/log_search", params=params)
        assert answer.status_code == 400, f"{params}: {answer.text}"


async def test_a_search_whose_reader_left_reads_no_further(job: Printing) -> None:
    for _ in range(service._BATCH * 3):
        await job.prints(b"Error\n")
    world = job.bench.world
    caller = Caller(
        "user", world.users["red user"], "red user", "", (Team(world.teams["red"], "red"),)
    )
    question = model.read_question("error", regex=False, case=False)
    asked = service.Asked(question, ListQuery(), jobs=10, per_job=200)
    heads = await service.find_jobs(world.db, caller=caller, asked=asked)
    told = service.search_jobs(world.db, job.bench.objects, caller=caller, heads=heads, asked=asked)
    first = await anext(told)
    assert (first.event, len(first.data["matches"])) == ("matches", service._BATCH)
    await told.aclose()
    async with asyncio.timeout(5):  # its turn is free again, and nothing of it is left running
        async with service._turns, service._turns:
            pass
    assert world.db.pool_use()[0] == world.db.pool_use()[1]
