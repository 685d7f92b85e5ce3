"""Why a job failed and whom a failure hits, in a terminal."""

from collections.abc import Callable
from typing import Any

from typer.testing import Result

Run = Callable[..., Result]
ID = "11111111-2222-3333-4444-555555555555"
OTHER = "22222222-2222-3333-4444-555555555555"
TEST = {"id": "0" * 16, "suite": "", "classname": "ring", "name": "closes"}
ANSWER: dict[str, Any] = {
    "job_id": ID,
    "at": "2026-01-01T00:00:00",
    "result": "failed",
    "stage": {"name": "test", "status": "failed", "step": "check", "line": 3, "exit_code": 1,
              "message": "check: exit 1"},
    "lines": [{"line": 6, "text": "E  [red]RingError", "score": 21, "why": ["in none of 2 good"]}],
    "components_changed": [{"type": "build", "before": {"id": ID, "version": "1"},
                            "after": {"id": OTHER, "version": "2"}}],
    "new_failures": {"count": 1, "tests": [TEST | {"since_job_id": ID}]},
    "flaky": [TEST | {"evidence": {"text": "passed with the same components in 1 other job"}}],
    "groups": [{"id": OTHER, "title": "ValueError: boom", "verdict": {"text": "everyone"},
                "elsewhere": {"jobs": 3}}],
    "known_issues": [],
    "compared_with": [{"job_id": OTHER, "at": "2026-01-01T00:00:00"}],
    "steps": [{"name": "log", "found": "4 kinds of lines", "left_out": "the best 1 are shown"}],
}  # fmt: skip
RADIUS: dict[str, Any] = {
    "group_id": ID,
    "minimum": 5,
    "since": None,
    "topics": [
        {"topic": {"id": ID, "name": "ring 1"}, "hit": 1, "passed": 0, "not_run": 0, "left_out": 0,
         "labs": [{"remoteci": {"id": ID, "name": "lab"}, "team": {"id": ID, "name": "one"},
                   "hardware": "arm", "status": "hit", "job_id": OTHER, "at": None}],
         "others": {"teams_hit": None, "teams_run": 12}}
    ],
    "hardware": [{"class": "arm", "hit": 1, "passed": 0, "not_run": 0}],
}  # fmt: skip


def test_why_tells_what_failed_what_is_new_and_what_changed(api: Any, run: Run) -> None:
    api.on("GET", f"/jobs/{ID}/answer", {"answer": ANSWER})
    said = run("job", "why", ID).stdout.splitlines()
    assert said[0] == f"failed  http://ci.example/jobs/{ID}"
    assert said[1:3] == ["test failed, step 'check'", "  check: exit 1"]
    assert "  6  E  [red]RingError" in said, "a log's brackets are no markup"
    assert "  build: 1 → 2" in said
    assert "  ring closes" in said
    assert "  ring closes: passed with the same components in 1 other job" in said
    assert f"  ValueError: boom (everyone; in 3 other jobs) {OTHER}" in said
    assert said[-1] == "  log: 4 kinds of lines [the best 1 are shown]"


def test_why_gives_programs_the_answer_as_it_is(api: Any, run: Run) -> None:
    api.on("GET", f"/jobs/{ID}/answer", {"answer": ANSWER})
    assert '"score": 21' in run("job", "why", ID, "-f", "json").stdout


def test_radius_lists_labs_and_says_which_numbers_are_too_small(api: Any, run: Run) -> None:
    api.on("GET", f"/failure_groups/{ID}/blast_radius", {"blast_radius": RADIUS})
    said = run("group", "radius", ID).stdout.splitlines()
    assert said[1].split() == ["ring", "1", "lab", "one", "arm", "hit", OTHER]
    assert said[3:] == [
        "ring 1: 1 hit, 0 passed, 0 not run; of all teams too few to tell (under 5) hit,"
        " at least 12 ran",
        "hardware arm: 1 hit, 0 passed, 0 not run",
    ]


def test_radius_as_csv_has_a_row_for_each_lab(api: Any, run: Run) -> None:
    api.on("GET", f"/failure_groups/{ID}/blast_radius", {"blast_radius": RADIUS})
    said = run("group", "radius", ID, "-f", "csv").stdout.splitlines()
    assert said == [
        "topic.name,remoteci.name,team.name,hardware,status,at,job_id",
        f"ring 1,lab,one,arm,hit,,{OTHER}",
    ]
