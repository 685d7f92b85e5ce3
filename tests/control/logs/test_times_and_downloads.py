"""Lines by the time they came, lines worth a jump, and the whole log in parts or packed."""

import gzip
from datetime import datetime
from typing import Any

import pytest

from ringtest.control.kernel.clock import VirtualClock
from ringtest.control.logs import model
from ringtest.control.logs.loop import seal
from tests.control.jobs.bench import Bench
from tests.control.logs.printing import Printing, printing


@pytest.fixture
async def job(bench: Bench) -> Printing:
    return await printing(bench)


def at(minute: int, second: int = 0) -> str:
    return datetime(2026, 1, 1, 11, minute, second).isoformat()


@pytest.mark.parametrize("is_sealed", [False, True])
async def test_lines_are_read_by_the_time_they_came(job: Printing, is_sealed: bool) -> None:
    for minute in range(10, 20):
        await job.prints(f"minute {minute}\nand more\n".encode(), at=at(minute))
    if is_sealed:
        await job.ends()
        assert await seal(job.bench.world.db, job.bench.objects) == 1
    read = (await job.get(from_time=at(12), to_time=at(14)))["log"]
    assert read["lines"] == ["minute 12", "and more", "minute 13", "and more"]
    assert (read["from_line"], read["to_line"], read["total_lines"]) == (4, 8, 20)
    between = (await job.get(from_time=at(12, 30), limit=1))["log"]
    assert between["lines"] == ["minute 13"]
    assert (await job.get(from_time=at(30)))["log"]["lines"] == []
    assert len((await job.get(to_time=at(30)))["log"]["lines"]) == 20
    assert (await job.get(to_time=at(1)))["log"]["lines"] == []
    found = await job.get("/search", q="minute", from_time=at(18), to_time=at(19))
    assert [match["line"] for match in found["matches"]] == [16]


async def test_a_clock_that_is_wrong_does_not_mix_up_the_order(
    job: Printing, clock: VirtualClock
) -> None:
    await job.prints(b"a\n", at="2031-01-01T00:00:00")  # not yet: it came when we heard of it
    clock.advance(60)
    await job.prints(b"b\n", at="1999-01-01T00:00:00+00:00")  # not before a
    await job.prints(b"c\n")
    moments = await job.bench.world.sql("SELECT array_agg(ended_at ORDER BY seq) FROM log_frames")
    assert moments == [datetime(2026, 1, 1, 12), datetime(2026, 1, 1, 12), clock.now()]


def test_a_frame_remembers_few_moments_of_many() -> None:
    data = b"x\n" * 1000
    places = [(2 * line, 1000 * line) for line in range(1000)]
    (frame,) = model.make_frames(data, None, model.End(), places)
    assert len(frame.moments) <= 2 * model.MOMENTS
    assert frame.moments[:2] == (0, 0)
    assert frame.ended_at == datetime(1970, 1, 1, 0, 16, 39)
    line = model.line_at(frame, datetime(1970, 1, 1, 0, 8, 20))
    assert 500 <= line <= 520


# marks ---------------------------------------------------------------------------


async def test_stages_steps_and_first_errors_are_marked(job: Printing) -> None:
    await job.tell(kind="stage", stage="prepare", status="running")
    await job.prints(b"[ringtest] $ make\ncc a.c\nwarning: no error\n", "prepare")
    await job.tell(kind="stage", stage="prepare", status="passed")
    await job.tell(kind="stage", stage="test", status="running")
    await job.prints(b"[ringtest] $ make check\n0 errors\nE   assert 1 == 2\n")
    await job.prints(b"ERROR again\n[ringtest] $ la")
    await job.prints(b"st step\n")
    marks = (await job.get("/marks"))["marks"]
    assert marks == {
        "attempt": 1,
        "stages": [
            {"name": "prepare", "status": "passed", "line": 0},
            {"name": "test", "status": "running", "line": 3},
        ],
        "steps": [
            {"line": 0, "stage": "prepare", "text": "make"},
            {"line": 3, "stage": "test", "text": "make check"},
            {"line": 7, "stage": "test", "text": "last step"},
        ],
        "errors": [{"line": 5, "stage": "test", "text": "E   assert 1 == 2"}],
    }


async def test_marks_of_another_team_are_not_shown(job: Printing) -> None:
    answer = await job.bench.world["blue user"].get(f"/jobs/{job.job_id}/log/marks")
    assert answer.status_code == 401


# downloads -------------------------------------------------------------------------


async def get(job: Printing, headers: dict[str, str] | None = None, **params: Any) -> Any:
    path = f"/jobs/{job.job_id}/log/raw"
    return await job.bench.world["red user"].get(path, params=params, headers=headers)


async def test_the_log_of_an_ended_attempt_is_read_in_parts(job: Printing) -> None:
    data = bytes(range(256)) * 3000 + b"\n"
    for start in range(0, len(data), 100_000):
        await job.prints(data[start : start + 100_000])
    await job.ends()
    whole = await get(job)
    assert whole.content == data
    assert (whole.headers["accept-ranges"], whole.headers["content-length"]) == (
        "bytes",
        str(len(data)),
    )
    tag = whole.headers["etag"]
    for start, end in ((0, 1), (255_000, 600_123), (len(data) - 7, len(data))):
        part = await get(job, {"Range": f"bytes={start}-{end - 1}", "If-Range": tag})
        assert (part.status_code, part.content) == (206, data[start:end])
        assert part.headers["content-range"] == f"bytes {start}-{end - 1}/{len(data)}"
    none = await get(job, {"Range": f"bytes={len(data)}-"})
    assert (none.status_code, none.headers["content-range"]) == (416, f"bytes */{len(data)}")
    head = await job.bench.world["red user"].head(f"/jobs/{job.job_id}/log/raw")
    assert (head.headers["content-length"], head.content) == (str(len(data)), b"")


async def test_the_log_comes_as_a_gzip_file(job: Printing) -> None:
    await job.prints(b"line\n" * 100_000)
    answer = await get(job, encoding="gzip")
    assert answer.headers["content-type"] == "application/gzip"
    assert answer.headers["content-disposition"].endswith('.log.gz"')
    assert gzip.decompress(answer.content) == b"line\n" * 100_000
    assert len(answer.content) < 5000


async def test_a_question_that_makes_no_sense_is_400(job: Printing) -> None:
    for path in ("?from_time=soon", "/raw?encoding=zip", "/marks?limit=3", "?to_time="):
        answer = await job.bench.world["red user"].get(f"/jobs/{job.job_id}/log{path}")
        assert answer.status_code == 400, path
