"""JUnit files with places that are no XML: what can be read of them is read."""

import pytest

from ringtest.control.kernel.outcome import TestOutcome
from tests.control.connectors.test_junit import read, suite


def test_reading_goes_on_behind_what_is_no_xml() -> None:
    inner = (
        '<testcase name="a"/><testcase name="b < c"/><testcase name="d">'
        '<failure message="m">if a << b</failure></testcase><testcase name="e"/>'
    )
    rows, notes = read(suite(inner))
    assert {name: row.outcome.name for name, row in rows.items()} == {
        "a": "PASSED",
        "d": "FAILED",
        "e": "PASSED",
    }
    assert set(notes) == {"malformed"}
    assert {row.suite for row in rows.values()} == {"s"}


def test_a_case_that_is_broken_before_it_tells_anything_is_an_error() -> None:
    rows, _ = read(suite('<testcase name="a"><failure message="x < y">t</failure></testcase>'))
    found = rows["a"].evidence
    assert rows["a"].outcome is TestOutcome.ERRORED
    assert found and found.exception_type == "unreadable"


@pytest.mark.parametrize("size", [0, 1, 5])
def test_an_ampersand_that_begins_no_reference_is_itself(size: int) -> None:
    inner = (
        '<testcase name="a&nbsp;b &lt; c"/><testcase name="d">'
        '<failure message="x & y">if a && b &#33;<![CDATA[ if c && d ]]>&</failure></testcase>'
        '<testcase name="e"/>'
    )
    rows, notes = read(suite(inner), size)
    assert list(rows) == ["a&nbsp;b < c", "d", "e"]
    found = rows["d"].evidence
    assert found and (found.message, found.detail) == ("x & y", "if a && b ! if c && d &")
    assert set(notes) == {"malformed"}


def test_a_tag_that_cannot_be_read_is_tried_once() -> None:
    twice = '<testcase name="a" name="b"/>'
    rows, notes = read(suite(f'<testcase name="c"/>{twice}{twice}<testcase name="d"/>'))
    assert list(rows) == ["c", "d"]
    assert len(notes) <= 3


def test_a_mismatched_tag_does_not_move_later_cases_into_other_suites() -> None:
    rows, _ = read(
        '<testsuites><testsuite name="a"><testcase name="1"/><x></testsuite>'
        '<testsuite name="b"><testcase name="2"/></testsuite></testsuites>'
    )
    assert [(row.suite, row.name) for row in rows.values()] == [("a", "1"), ("b", "2")]
