"""Robot Framework, held against its own API."""

from pathlib import Path
from typing import Any

from robot.api import ExecutionResult

from ringtest.control.ports.result_parser import Step
from tests.conformance.producers.running import (
    BIN,
    FAILED,
    PASSED,
    SKIPPED,
    counts,
    read_file,
    run,
    write,
)

KINDS = """
*** Settings ***
Metadata    Version    7
Suite Setup    Log    begin
*** Variables ***
${FILE}    none
*** Test Cases ***
Passes
    [Documentation]    What it does
    [Tags]    smoke    fast
    Own keyword    two
Fails
    FOR    ${i}    IN    1    2
        IF    ${i} == 2
            Should Be Equal    ${i}    3
        END
    END
    [Teardown]    Log    bye
Skips
    Skip    no device
Tries
    TRY
        Fail    inner
    EXCEPT    inner
        Log    caught
    END
Retried
    Should Be Equal    ${FILE}    there
*** Keywords ***
Own keyword
    [Arguments]    ${text}
    Log    ${text}
"""
TORN = """
*** Settings ***
Suite Teardown    Fail    late
*** Test Cases ***
Was fine
    No Operation
Was not
    Fail    own
Was skipped
    Skip    no device
"""
QUIET = ("--log", "NONE", "--report", "NONE", "--output")


def tree(steps: list[Step]) -> list[object]:
    """Outcome words of steps, nested as they are."""
    return [[step.raw_outcome, tree(step.steps)] for step in steps]


def tree_of(item: Any) -> list[object]:
    """The same of what the API shows: setup, body, teardown."""
    parts = [
        *([item.setup] if getattr(item, "has_setup", False) else []),
        *(part for part in getattr(item, "body", ()) if hasattr(part, "status")),
        *([item.teardown] if getattr(item, "has_teardown", False) else []),
    ]
    return [[part.status, tree_of(part)] for part in parts]


def test_robot_says_what_is_read_of_its_output(tmp_path: Path) -> None:
    suite = tmp_path / "ring"
    suite.mkdir()
    write(suite, kinds__robot=KINDS, torn__robot=TORN)
    run(tmp_path, BIN / "robot", *QUIET, "output.xml", "ring", expect={4})
    rows = read_file(tmp_path / "output.xml", "application/x-robot+xml")
    own = ExecutionResult(str(tmp_path / "output.xml"))
    total, seen = own.statistics.total, counts(rows)
    told = (total.passed, total.failed, total.skipped)
    assert (seen[PASSED], seen[FAILED], seen[SKIPPED]) == told
    tests = list(own.suite.all_tests)
    assert [row.name for row in rows] == [test.name for test in tests]
    for row, test in zip(rows, tests, strict=True):
        evidence = row.evidence
        assert evidence is not None
        assert f"{row.suite.replace('/', '.')}.{row.name}" == test.full_name
        assert abs(row.time - test.elapsed_time.total_seconds()) < 0.001
        assert [value for key, value in evidence.properties if key == "tag"] == list(test.tags)
        assert (evidence.message or "") == test.message
        assert tree(list(evidence.steps)) == tree_of(test)


def test_tests_that_were_run_again_keep_their_first_attempt(tmp_path: Path) -> None:
    suite = tmp_path / "ring"
    suite.mkdir()
    write(suite, kinds__robot=KINDS)
    run(tmp_path, BIN / "robot", *QUIET, "output.xml", "ring", expect={2})
    again = ("--rerunfailed", "output.xml", "--variable", "FILE:there")
    run(tmp_path, BIN / "robot", *again, *QUIET, "output-2.xml", "ring", expect={1})
    run(
        tmp_path,
        BIN / "rebot",
        "--merge",
        *QUIET,
        "output-all.xml",
        "output.xml",
        "output-2.xml",
        expect={1},
    )
    rows = read_file(tmp_path / "output-all.xml", "application/x-robot+xml")
    retried = {row.name: row for row in rows if row.evidence and row.evidence.attempts}
    assert set(retried) == {"Fails", "Retried"}
    evidence = retried["Retried"].evidence
    assert evidence and retried["Retried"].outcome is PASSED and evidence.is_retried(PASSED)
    assert [(one.outcome, one.message) for one in evidence.attempts] == [(FAILED, "none != there")]
    assert (fails := retried["Fails"].evidence) and fails.message == "2 != 3"
