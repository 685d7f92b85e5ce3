"""Questions on the command line: what is sent, what people see, what programs get."""

import csv
import io
import json
from collections.abc import Callable
from typing import Any

import pytest
from typer.testing import CliRunner, Result

from ringtest.cli.calls import pointed_at
from ringtest.cli.main import app

Run = Callable[..., Result]
TOPIC = "11111111-2222-3333-4444-555555555555"
JOB = "22222222-2222-3333-4444-555555555555"
OTHER = "33333333-2222-3333-4444-555555555555"
TEST = {"id": "00000000000000ff", "suite": "ring", "classname": "c", "name": "test_boot"}
FLAKE = {
    "test": TEST, "score": 0.25, "low": 0.1, "high": 0.4, "runs": 4, "failed": 1, "unsteady": 1,
    "flips": 1, "retried": 0, "labs": 1, "last_seen_at": "2026-01-01T00:00:00",
}  # fmt: skip


def run_of(outcome: str, *, retried: bool = False) -> dict[str, Any]:
    return {
        "job_id": JOB, "at": "2026-01-01T00:00:00", "outcome": outcome, "state": "none",
        "seconds": 0.5, "retried": retried, "remoteci": {"id": OTHER, "name": "lab 1"},
    }  # fmt: skip


HISTORY = {
    "history": {
        "test": TEST,
        "topic_id": TOPIC,
        "days": [],
        "runs": [run_of("failed"), run_of("skipped"), run_of("passed", retried=True)],
        "last_good": {"job_id": JOB, "at": "2026-01-01T00:00:00", "components": []},
        "first_bad": {"job_id": OTHER, "at": "2026-01-02T00:00:00", "components": []},
        "difference": [
            {"type": "build", "before": {"id": JOB, "version": "1"}, "after": None},
        ],
        "flake": FLAKE,
    }
}


def test_a_history_is_a_strip_by_lab_with_what_changed(api: Any, run: Run) -> None:
    api.on("GET", "/tests", {"tests": [TEST], "_meta": {"count": 1}})
    api.on("GET", f"/tests/{TEST['id']}/history", HISTORY)
    result = run("test", "history", TOPIC, "boot", "--from", "2026-01-01", "-n", "60")
    assert result.exit_code == 0, result.output
    lines = result.stdout.splitlines()
    assert lines[0] == "ring c::test_boot  00000000000000ff"
    assert "ran 4 times, failed 1; flaky 25.0% (10.0% to 40.0%)" in lines[1]
    assert "first bad: 2026-01-02 00:00:00" in result.stdout
    assert "changed: build: 1 → none" in lines
    assert "lab 1  ~sF" in lines
    assert api.parameters(0)["q"] == "boot"
    assert api.parameters() == {"from": "2026-01-01", "limit": "60", "topic_id": TOPIC}


def test_programs_get_what_the_server_said(api: Any, run: Run) -> None:
    api.on("GET", f"/tests/{TEST['id']}/history", HISTORY)
    asked = ("test", "history", TOPIC, TEST["id"])
    assert json.loads(run(*asked, "-f", "json").stdout) == HISTORY["history"]
    rows = list(csv.DictReader(io.StringIO(run(*asked, "-f", "csv").stdout)))
    assert [row["outcome"] for row in rows] == ["failed", "skipped", "passed"]


def test_a_name_that_several_tests_have_is_not_guessed(api: Any, run: Run) -> None:
    twin = TEST | {"id": "00000000000000fe", "classname": "d"}
    api.on("GET", "/tests", {"tests": [TEST, twin], "_meta": {"count": 2}})
    result = run("test", "history", TOPIC, "boot")
    assert result.exit_code == 2 and "00000000000000fe ring d::test_boot" in result.stderr
    api.on("GET", "/tests", {"tests": [], "_meta": {"count": 0}})
    assert run("test", "history", TOPIC, "boot").exit_code == 3


def test_flaky_tests_are_listed_with_their_interval(api: Any, run: Run) -> None:
    path = f"/topics/{TOPIC}/flaky_tests"
    api.on("GET", path, {"flaky_tests": [FLAKE], "_meta": {"count": 1}})
    result = run("test", "flaky", TOPIC, "-f", "csv")
    (row,) = csv.DictReader(io.StringIO(result.stdout))
    assert (row["test"], row["low"], row["high"]) == ("ring c::test_boot", "0.1", "0.4")


def comparison(**counts: int) -> dict[str, Any]:
    names = (
        "regression", "new_failure", "still_failing", "fixed", "new_pass", "appeared",
        "disappeared", "unchanged",
    )  # fmt: skip
    case = {
        "test": TEST,
        "category": "regression",
        "left": {"outcome": "passed", "runs": 4, "failed": 0},
        "right": None,
    }
    side = {"kind": "job", "label": "nightly", "jobs": 1, "runs": 4}
    found = {
        "left": side, "right": side, "counts": dict.fromkeys(names, 0) | counts, "cases": [case]
    }  # fmt: skip
    return {"comparison": found, "_meta": {"count": 1, "method": "any"}}


@pytest.mark.parametrize(
    ("fail_on", "code"),
    [((), 0), (("--fail-on", "regression,fixed"), 1), (("--fail-on", "fixed"), 0)],
)
def test_a_comparison_ends_with_one_when_asked_to(
    api: Any, run: Run, fail_on: tuple[str, ...], code: int
) -> None:
    api.on("GET", "/comparisons", comparison(regression=1, unchanged=9))
    result = run("compare", JOB, OTHER, *fail_on)
    assert result.exit_code == code, result.output
    assert "1 regression, 9 unchanged" in result.stdout
    assert "passed 0/4" in result.stdout
    assert api.parameters()["left"] == f"job:{JOB}"


def test_sides_may_be_named(api: Any, run: Run) -> None:
    api.on("GET", "/comparisons", comparison())
    api.on("GET", "/remotecis", {"remotecis": [{"id": OTHER}], "_meta": {"count": 1}})
    run("compare", "lab:lab 1", "dates:2026-01-01..2026-01-02", "--topic", TOPIC, "--share", "0.5")
    asked = api.parameters()
    assert (asked["left"], asked["share"]) == (f"lab:{OTHER}", "0.5")
    assert asked["right"] == "dates:2026-01-01..2026-01-02"


@pytest.mark.parametrize("wrong", [("a", "b"), (JOB, OTHER, "--fail-on", "worse")])
def test_what_is_no_side_or_category_is_wrong_usage(
    api: Any, run: Run, wrong: tuple[str, ...]
) -> None:
    assert run("compare", *wrong).exit_code == 2


def test_a_wrong_query_is_shown_with_a_mark_under_the_character(api: Any, run: Run) -> None:
    said = {"message": "at character 9: no such status", "payload": {"position": 8, "allowed": []}}
    api.on("GET", "/jobs", said, status=400)
    result = run("job", "list", "--query", "日本 or\nstatus:x")
    assert result.exit_code == 1
    first, line, mark = result.stderr.splitlines()
    assert first == "ringtest: at character 9: no such status (400)"
    assert line == "  日本 or status:x"
    assert mark == " " * (2 + 10) + "^"  # two of the characters are two columns wide


def test_of_a_long_query_the_part_around_the_mistake_is_shown() -> None:
    line, mark = pointed_at("a" * 500 + "!" + "b" * 500, 500)
    assert line[mark.index("^")] == "!"
    assert len(line) < 100 and line.strip().startswith("…") and line.endswith("…")


def test_the_shell_is_offered_names_that_begin_so(api: Any) -> None:
    topics = [{"name": "rhel-9"}, {"name": "rhel-10"}, {"name": "on rhel"}]
    api.on("GET", "/topics", {"topics": topics, "_meta": {"count": 3}})
    result = completed("ringtest trend rh")
    assert result.stdout.split() == ["rhel-9", "rhel-10"]
    assert api.parameters()["where"] == "name:rh*"
    assert completed("ringtest topic show rh").stdout == result.stdout
    assert "rhel-9" in completed("ringtest job create --topic rh").stdout
    assert completed("ringtest job show la").stdout.strip() == "latest"


def test_a_completion_that_gets_no_answer_is_silent(
    api: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    result = completed("ringtest trend rh")  # the server knows no such list
    assert (result.exit_code, result.output.strip()) == (0, "")
    for name in ("RINGTEST_USER", "RINGTEST_PASSWORD"):
        monkeypatch.delenv(name)
    assert completed("ringtest trend rh").output.strip() == ""
    assert len(api.requests) == 1


def completed(line: str) -> Result:
    """What bash is told after this line."""
    asked = {"_RINGTEST_COMPLETE": "complete_bash", "COMP_WORDS": line}
    asked["COMP_CWORD"] = str(len(line.split()) - 1)
    return CliRunner().invoke(app, [], env=asked, prog_name="ringtest")
