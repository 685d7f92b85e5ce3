"""Logs on the command line: some lines by time or pattern, and those of many jobs."""

import json
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from typer.testing import Result

from ringtest.cli.job_log import grep_lines, read_moment

Run = Callable[..., Result]
ID = "11111111-2222-3333-4444-555555555555"


def test_a_pattern_is_searched_with_what_stands_around(api: Any, run: Run) -> None:
    match = {"line": 7, "text": "E0042", "before": ["a", "b"], "after": ["c"]}
    found = {"matches": [match], "_meta": {"count": 1, "complete": False, "stopped": "bytes"}}
    api.on("GET", f"/jobs/{ID}/log/search", found)
    result = run("job", "log", ID, "--grep", "E[0-9]+", "-C", "2", "--case", "--attempt", "3")
    assert result.stdout == "5- a\n6- b\n7: E0042\n8- c\n"
    assert result.stderr == "[not all of the log was searched: it is too long]\n"
    asked = {"q": "E[0-9]+", "regex": "1", "case": "1", "context": "2", "attempt": "3"}
    assert api.parameters() == asked


def test_lines_around_two_matches_are_told_once() -> None:
    matches = [
        {"line": 2, "text": "x", "before": ["1"], "after": ["3"]},
        {"line": 4, "text": "x", "before": ["3"], "after": ["5"]},
        {"line": 9, "text": "x", "before": ["8"], "after": []},
    ]
    told = ["1- 1", "2: x", "3- 3", "4: x", "5- 5", "--", "8- 8", "9: x"]
    assert grep_lines(matches) == told


def test_lines_of_a_time_are_read_page_by_page(api: Any, run: Run) -> None:
    pages = [
        {"log": {"from_line": 5, "lines": ["a", "b"], "to_line": 8, "total_lines": 20}},
        {"log": {"from_line": 7, "lines": ["c"], "to_line": 8, "total_lines": 20}},
    ]
    api.on("GET", f"/jobs/{ID}/log", pages)
    result = run("job", "log", ID, "--since", "2026-10-01T12:00:00+02:00", "--until", "2026-10-02")
    assert result.stdout == "a\nb\nc\n"
    assert api.parameters() == {
        "from_time": "2026-10-01T10:00:00", "to_time": "2026-10-02T00:00:00",
        "limit": "5000", "from_line": "7",
    }  # fmt: skip


def test_a_time_may_be_so_long_ago() -> None:
    moment = datetime.fromisoformat(read_moment("--since", "90m"))
    ago = datetime.now(UTC).replace(tzinfo=None) - moment
    assert timedelta(minutes=89) < ago < timedelta(minutes=91)


@pytest.mark.parametrize(
    "options",
    [("--grep", "a", "--search", "b"), ("--follow", "--grep", "a"), ("--follow", "--since", "1h"),
     ("--since", "soon"), ("--until", "")],
)  # fmt: skip
def test_what_makes_no_sense_is_wrong_usage(api: Any, run: Run, options: tuple[str, ...]) -> None:
    result = run("job", "log", ID, *options)
    assert result.exit_code == 2, result.output
    assert api.requests == []


# many jobs -------------------------------------------------------------------------


def event(kind: str, data: Any) -> bytes:
    return f"event: {kind}\ndata: {json.dumps(data)}\n\n".encode()


def stream(**end: Any) -> bytes:
    match = {"line": 3, "text": "no route", "before": [], "after": []}
    about = {"job_id": ID, "name": "nightly", "created_at": "2026-10-01", "attempt": 2}
    done = {"complete": True, "stopped": None, "message": "every log was searched", "matches": 1}
    return (
        b"retry: 1000\n\n"
        + event("matches", {**about, "matches": [match]})
        + event("progress", {"jobs_done": 1, "jobs": 1, "bytes": 9})
        + event("end", done | end)
    )


def test_logs_of_many_jobs_are_searched(api: Any, run: Run) -> None:
    api.on("GET", "/log_search", stream())
    result = run("log", "search", "no route", "--jobs", "status:failure", "-n", "50")
    assert result.stdout == f"{ID}  nightly\n  3: no route\n"
    asked = {"q": "no route", "jobs": "50", "per_job": "20", "query": "status:failure"}
    assert api.parameters() == asked


def test_a_search_for_programs_and_one_that_was_cut(api: Any, run: Run) -> None:
    cut = stream(complete=False, stopped="bytes", message="stopped after 1024 MiB of logs")
    api.on("GET", "/log_search", cut)
    result = run("log", "search", "x", "--regex", "-C", "1", "-f", "json")
    (found,) = json.loads(result.stdout)
    assert (found["job_id"], found["attempt"], found["line"]) == (ID, 2, 3)
    assert result.stderr == "[stopped after 1024 MiB of logs]\n"
    assert (api.parameters()["regex"], api.parameters()["context"]) == ("1", "1")
    table = run("log", "search", "x", "-f", "csv").stdout
    assert table == f"job_id,attempt,line,text\n{ID},2,3,no route\n"
