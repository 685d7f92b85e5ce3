"""Tries that pytest-rerunfailures leaves behind: cases of one name, of which the last counts."""

import pytest

from ringtest.control.connectors.junit.session import JunitParser
from ringtest.control.ports.result_parser import MAX_ATTEMPTS, Cases, ParsedCase


def read(inner: str, size: int = 0, suite: str = "pytest", tests: int = 3) -> list[ParsedCase]:
    """Rows of a suite that arrives in chunks; its notes must be none."""
    text = f'<testsuites><testsuite name="{suite}" tests="{tests}">{inner}</testsuite></testsuites>'
    session, cases, data = JunitParser().open(), Cases(), text.encode()
    for at in range(0, len(data), size or len(data)):
        cases.extend(session.feed(data[at : at + (size or len(data))]))
    cases.extend(session.close())
    assert session.notes == []
    return list(cases.rows())


def case(name: str, inner: str = "", time: float = 0.5) -> str:
    return f'<testcase classname="c" name="{name}" time="{time}">{inner}</testcase>'


FAILURE = '<failure message="assert 0">at 0</failure>'
OUTPUT = "<system-out>try</system-out>"
FILE = (
    case("wobbles", OUTPUT, 0.1) + case("wobbles", OUTPUT, 0.2)
    + case("falls") + case("falls") + case("falls", FAILURE) + case("stands")
)  # fmt: skip


@pytest.mark.parametrize("size", [0, 1, 50, 300])
def test_the_last_try_stands_and_the_others_failed(size: int) -> None:
    wobbles, falls, stands = read(FILE, size)
    assert [row.name for row in (wobbles, falls, stands)] == ["wobbles", "falls", "stands"]
    assert (wobbles.outcome.name, wobbles.time) == ("PASSED", 0.2)
    assert wobbles.evidence and falls.evidence
    (first,) = wobbles.evidence.attempts
    assert (first.outcome.name, first.raw_outcome, first.seconds) == ("FAILED", "rerun", 0.1)
    assert first.stdout == "try"
    assert wobbles.evidence.is_retried(wobbles.outcome)
    assert (falls.outcome.name, len(falls.evidence.attempts)) == ("FAILED", 2)
    assert not falls.evidence.is_retried(falls.outcome)
    assert falls.evidence.message == "assert 0"
    assert stands.evidence is None or not stands.evidence.attempts


def test_what_failed_and_then_failed_otherwise_is_two_cases() -> None:
    rows = read(case("a", FAILURE) + case("a", '<error message="torn"/>'), tests=1)
    assert [row.outcome.name for row in rows] == ["FAILED", "ERRORED"]


def test_the_same_name_in_files_of_others_is_another_case() -> None:
    assert len(read(case("a") + case("a"), suite="jest", tests=2)) == 2


def test_runs_of_plain_cases_are_tries_too() -> None:
    plain = '<testcase classname="c" name="a" time="1" />' * 6
    (row,) = read(plain, tests=1)
    assert row.evidence
    assert len(row.evidence.attempts) == 5


def test_tries_beyond_the_limit_are_told() -> None:
    (row,) = read(case("a") * (MAX_ATTEMPTS + 5), tests=1)
    assert row.evidence
    assert (len(row.evidence.attempts), row.evidence.cut) == (MAX_ATTEMPTS, ("attempts",))
