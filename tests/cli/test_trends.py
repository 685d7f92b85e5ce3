"""Trends on the command line: what is sent, what people see, what programs get."""

import csv
import io
import json
from collections.abc import Callable
from typing import Any

from typer.testing import Result

Run = Callable[..., Result]
TOPIC = "11111111-2222-3333-4444-555555555555"
LAB = "22222222-2222-3333-4444-555555555555"
TEST = {"id": "00000000000000ff", "suite": "ring", "classname": "c", "name": "test_boot"}


def point(at: str, passed: int, failed: int) -> dict[str, Any]:
    ran = passed + failed
    return {
        "at": at, "results": 1, "total": ran, "passed": passed, "failed": failed, "errored": 0,
        "skipped": 0, "regressed": 0, "recovered": 0, "retried": 0, "seconds": 1.5,
        "pass_rate": passed / ran if ran else None,
    }  # fmt: skip


TREND = {"trend": [point("2026-10-05", 9, 1), point("2026-10-12", 0, 0), point("2026-10-19", 5, 5)]}


def test_a_trend_has_lines_of_bars_and_a_table(api: Any, run: Run) -> None:
    api.on("GET", f"/topics/{TOPIC}/trend", TREND)
    result = run("trend", TOPIC, "--by", "week", "--from", "2026-10-01", "--lab", LAB)
    assert result.exit_code == 0, result.output
    lines = result.stdout.splitlines()
    assert lines[0] == "pass rate  █ ▁  50.0 % to 90.0 %, last 50.0 %"
    assert lines[1] == "cases      █▁█  20 cases in all"
    assert lines[3].split() == ["2026-10-05", "1", "10", "1", "0", "0", "0", "90.0", "%"]
    assert api.parameters() == {"from": "2026-10-01", "remoteci_id": LAB, "by": "week"}
    assert json.loads(run("trend", TOPIC, "-f", "json").stdout) == TREND["trend"]


def test_changed_durations_say_how_and_against_what(api: Any, run: Run) -> None:
    one = {
        "test": TEST, "runs": 40, "mean": 2.1, "median": 2.0, "p95": 3.0,
        "before": {"runs": 38, "mean": 1.0, "median": 1.0}, "ratio": 2.0, "p_value": 1.26e-9,
        "significant": True,
    }  # fmt: skip
    meta = {"count": 7, "method": "Welch", "significant": 1,
            "baseline": {"from": "2026-09-01", "to": "2026-09-30"}}  # fmt: skip
    api.on("GET", f"/topics/{TOPIC}/durations", {"durations": [one], "_meta": meta})
    result = run("durations", TOPIC, "--changed", "--baseline-from", "2026-09-01")
    assert result.exit_code == 0, result.output
    line = result.stdout.splitlines()[1].split()
    assert line == ["+100", "%", "1.0", "s", "2.0", "s", "1.3e-09", "yes", "40", "ring",
                    "c::test_boot"]  # fmt: skip
    assert "1 of 7 changed against 2026-09-01 to 2026-09-30" in result.stdout
    assert api.parameters()["sort"] == "changed"
    [row] = csv.DictReader(io.StringIO(run("durations", TOPIC, "-f", "csv").stdout))
    assert (row["test.name"], row["before.median"], row["ratio"]) == ("test_boot", "1.0", "2.0")


def test_coverage_lists_components(api: Any, run: Run) -> None:
    component = {"id": TOPIC, "type": "compose", "version": "9.5", "display_name": "RHEL-9.5",
                 "released_at": "2026-10-01T00:00:00"}  # fmt: skip
    one = {"component": component, "jobs": 4, "labs": 2, "teams": 1, "passed": 9, "failed": 1,
           "errored": 0, "total": 10, "pass_rate": 0.9,
           "last_at": "2026-10-02T10:00:00"}  # fmt: skip
    api.on("GET", f"/topics/{TOPIC}/coverage", {"coverage": [one], "_meta": {"count": 1}})
    result = run("coverage", TOPIC, "--type", "compose")
    line = result.stdout.splitlines()[1].split()
    assert line == ["compose", "RHEL-9.5", "4", "2", "1", "1", "0", "90.0", "%", "2026-10-02",
                    "10:00:00"]  # fmt: skip
    assert api.parameters()["type"] == "compose"


def test_statistics_are_a_table_of_both_keys(api: Any, run: Run) -> None:
    cell = {"row": TOPIC, "column": None, "jobs": 5, "success": 3, "failure": 1, "error": 0,
            "killed": 1}  # fmt: skip
    found = {"rows": [{"key": TOPIC, "name": "RHEL-9.5", "jobs": 5}],
             "columns": [{"key": "1.2", "name": "1.2", "jobs": 0},
                         {"key": None, "name": None, "jobs": 5}], "cells": [cell]}  # fmt: skip
    api.on("GET", "/job_statistics", {"statistics": found, "_meta": {"rows": 3, "columns": 2}})
    result = run("statistics", "--rows", "topic", "--columns", "tag", "-q", "status:failure")
    assert result.exit_code == 0, result.output
    head, line, more = result.stdout.splitlines()
    assert head.split() == ["TOPIC", "1·2", "NONE", "ALL"]
    assert line.split() == ["RHEL-9.5", "5", "75%", "5"]
    assert more == "1 of 3 rows."
    asked = api.parameters()
    assert (asked["rows"], asked["columns"], asked["query"]) == ("topic", "tag", "status:failure")
    assert json.loads(run("statistics", "--rows", "topic", "--columns", "tag", "-f", "json").stdout)


def test_a_series_is_a_line_of_bars(api: Any, run: Run) -> None:
    points = [
        {"job_id": TOPIC, "at": f"2026-10-0{n}T00:00:00", "value": float(n), "topic_id": TOPIC,
         "remoteci": {"id": LAB, "name": "lab 1"}}
        for n in (1, 2)
    ]  # fmt: skip
    api.on("GET", "/keys_values_series", {"series": points, "_meta": {"count": 2}})
    result = run("series", "boot_seconds")
    assert result.stdout.splitlines()[0] == "boot_seconds  ▁█  1 to 2, last 2"
    assert api.parameters()["key"] == "boot_seconds"
