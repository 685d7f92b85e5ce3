"""Watching jobs and reading their logs."""

import json
from collections.abc import Callable
from typing import Any

import pytest
from typer.testing import Result

from ringtest.cli.job_watch import JobView

Run = Callable[..., Result]
ID = "11111111-2222-3333-4444-555555555555"


def event(kind: str, data: Any) -> bytes:
    return f"event: {kind}\ndata: {json.dumps(data)}\n\n".encode()


def job(phase: str, **more: Any) -> dict[str, Any]:
    return {"job": {"id": ID, "phase": phase, "attempt": 1, "result": None, **more}}


def stages(*pairs: tuple[str, str]) -> dict[str, Any]:
    return {"stages": [{"attempt": 1, "name": n, "status": s, "message": None} for n, s in pairs]}


@pytest.mark.parametrize(
    ("result", "code"), [("passed", 0), ("failed", 10), ("errored", 11), ("cancelled", 12)]
)
def test_watch_ends_with_what_came_of_the_job(api: Any, run: Run, result: str, code: int) -> None:
    api.on("GET", f"/jobs/{ID}", [job("running"), job("running"), job("finished", result=result)])
    api.on("GET", f"/jobs/{ID}/stages", stages(("prepare", "passed"), ("test", result)))
    log = event("lines", {"from_line": 0, "lines": ["one", "two"]}) + event("end", {})
    api.on("GET", f"/jobs/{ID}/log/stream", log)
    api.on("GET", "/events/stream", b": ping\n\n")
    outcome = run("job", "watch", ID)
    assert outcome.exit_code == code, outcome.output
    lines = outcome.stdout.splitlines()
    assert lines[0] == "-- prepare: passed"
    assert lines[2:4] == ["one", "two"]
    assert lines[-1] == f"-- {result}"


def test_watching_a_job_that_is_not_there_is_three(api: Any, run: Run) -> None:
    assert run("job", "watch", ID).exit_code == 3


def test_a_followed_log_resumes_behind_the_lines_it_has(api: Any, run: Run) -> None:
    first = event("lines", {"from_line": 0, "lines": ["a", "b"]})
    second = event("lines", {"from_line": 1, "lines": ["b", "c"]}) + event("end", {})
    parts = [first, second]
    api.on("GET", f"/jobs/{ID}/log/stream", parts)
    result = run("job", "log", ID, "--follow", "--attempt", "2")
    assert result.stdout == "a\nb\nc\n"
    assert api.parameters(-1) == {"attempt": "2", "from_line": "2"}


def test_a_raw_log_is_printed_byte_for_byte(api: Any, run: Run) -> None:
    api.on("GET", f"/jobs/{ID}/log/raw", b"\x1b[31mred\xff\n")
    assert run("job", "log", ID).stdout_bytes == b"\x1b[31mred\xff\n"


def test_a_search_shows_line_numbers(api: Any, run: Run) -> None:
    found = {"matches": [{"line": 7, "text": "an error"}], "_meta": {"count": 1, "complete": True}}
    api.on("GET", f"/jobs/{ID}/log/search", found)
    assert run("job", "log", ID, "--search", "error").stdout == "7: an error\n"
    assert api.parameters() == {"q": "error"}


def test_failed_tests_are_asked_for_by_default(api: Any, run: Run) -> None:
    case = {"outcome": "failed", "state": "regressed", "classname": "c", "name": "n", "time": 0.1}
    api.on("GET", f"/jobs/{ID}/tests", {"tests": [case], "_meta": {"count": 1}})
    assert "regressed" in run("job", "tests", ID).stdout
    assert api.parameters()["outcome"] == "failed,errored"


def test_the_picture_shows_stages_progress_and_the_end_of_the_log() -> None:
    view = JobView(2)
    counts = {"total": 9, "passed": 3, "failed": 1, "errored": 0, "skipped": 0}
    view.job = job("running", progress=counts, name="smoke")["job"]
    view.stages = stages(("prepare", "passed"), ("test", "running"))["stages"]
    view.tail.extend(["gone", "kept", "last"])
    console = pytest.importorskip("rich.console").Console(record=True, width=80)
    console.print(view)
    text = console.export_text()
    assert "4 of 9 tests: 3 passed, 1 failed" in text
    assert "last" in text
    assert "gone" not in text


def test_parameters_of_a_run_on_a_lab_are_of_this_one_job(api: Any, run: Run) -> None:
    lab, topic = "11111111-2222-4333-8444-555555555551", "11111111-2222-4333-8444-555555555552"
    api.on("POST", "/lab_runs", {"lab_run": {"id": lab, "status": "placed"}}, status=201)
    words = ("job", "run", "--lab", lab, "--topic", topic)
    assert run(*words, "-p", "level=3", "-p", "disk=sdb").exit_code == 0
    assert api.sent()[2]["parameters"] == {"level": 3, "disk": "sdb"}
    assert run(*words, "-p", "level").exit_code == 2
    assert run(*words).exit_code == 0 and "parameters" not in api.sent()[2]
