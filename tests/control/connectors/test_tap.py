"""TAP and KTAP: what real runners print, and what goes wrong on the way."""

import pytest

from ringtest.control.connectors.tap.session import MAX_WAITING, TapParser
from ringtest.control.ports.result_parser import DETAIL_LIMIT
from tests.control.connectors.reading import codes, evidence, outcomes, read

TAP = TapParser()


def test_directives_decide_together_with_ok() -> None:
    lines = """TAP version 14
1..9
ok 1 - a # SKIP no disk
not ok 2 - b # skip no disk
not ok 3 - c # TODO later
ok 4 - d # todo
ok 5 - e # XFAIL known
not ok 6 - f # TIMEOUT 45 seconds
not ok 7 - g # ERROR
not ok 8 - h # exit=1
ok 9 - i \\# SKIP is part of the name
"""
    assert outcomes(TAP, lines) == {
        "a": "skipped",
        "b": "skipped",
        "c": "xfailed",
        "d": "xpassed",
        "e": "xfailed",
        "f": "failed",
        "g": "errored",
        "h": "failed",
        "i # SKIP is part of the name": "passed",
    }
    assert evidence(TAP, lines, "b").raw_outcome == "not ok # SKIP"
    assert evidence(TAP, lines, "h").message == "exit=1"


KSELFTEST = """TAP version 13
1..3
# timeout set to 45
# selftests: timers: posix_timers
# TAP version 13
# 1..2
# ok 1 check_itimer
# # could not start
# not ok 2 check_cpu
# # Totals: pass:1 fail:1 xfail:0 xpass:0 skip:0 error:0
not ok 1 selftests: timers: posix_timers # exit=1
# selftests: timers: raw_skew
not ok 2 selftests: timers: raw_skew # TIMEOUT 45 seconds
# selftests: mm: needs
ok 3 selftests: mm: needs # SKIP
"""


def test_points_inside_of_comments_are_subtests_of_the_kernels_tests() -> None:
    suite = "selftests: timers: posix_timers"
    assert outcomes(TAP, KSELFTEST) == {
        f"{suite}/check_itimer": "passed",
        f"{suite}/check_cpu": "failed",
        "selftests: timers: raw_skew": "failed",
        "selftests: mm: needs": "skipped",
    }
    assert evidence(TAP, KSELFTEST, "check_cpu").detail == "# could not start"
    assert codes(TAP, KSELFTEST) == []


def test_points_inside_of_comments_of_other_runners_are_output() -> None:
    assert outcomes(TAP, "TAP version 13\n# ok 7 - no point\nok 1 - a\n1..1\n") == {"a": "passed"}


def test_subtests_without_a_name_get_that_of_the_point_behind_them() -> None:
    text = "KTAP version 1\n1..1\n  KTAP version 1\n  1..2\n  ok 1 a\n    1..1\n    ok 1 c\n"
    text += "  not ok 2 b\nok 1 ring\n"
    # b has a subtest that passed and is bad itself
    assert outcomes(TAP, text) == {"ring/a": "passed", "ring/b/c": "passed", "ring/b": "failed"}


def test_more_nameless_subtests_than_can_wait_are_cases_all_the_same() -> None:
    count = MAX_WAITING + 10
    text = "TAP version 14\n" + "".join(f"    ok {n} - t{n}\n" for n in range(1, count + 1))
    rows, notes = read(TAP, f"{text}    1..{count}\nok 1 - ring\n1..1\n")
    assert len({row.name for row in rows}) == count
    assert [note.code for note in notes] == ["unnamed"]


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("1..3\nok 1 - a\nok 2 - b\n", ["truncated"]),
        ("ok 1 - a\nok 2 - b\n", ["truncated"]),
        ("1..1\nok 1 - a\nok 2 - b\n", ["count_mismatch"]),
        ("1..1\n    1..3\n    ok 1 - x\nok 1 - a\n", ["count_mismatch"]),
        ("1..2\n1..1\nok 1 - a\n", ["count_mismatch"]),
        ("1..2\nok 1 - a\nBail out! no disk\n", ["bail_out"]),
        ("1..1\nok 1 - a\n  ---\n  x: [\n  ...\n", ["malformed"]),
        ("1..1\nok 1 - a\n  ---\n  a: &x [1]\n  b: *x\n  ...\n", ["malformed"]),
        ("1..2\nok 1 - a\n  ---\n  x: 1\nok 2 - b\n", ["malformed"]),
        ("1..0 # SKIP no kernel\n", []),
        ("1..1\nok 1 - \x1b[32mgreen\x1b[0m \x07\n", ["control_characters"]),
        ("1..1\nok 1 - caf\udce9\n", ["encoding"]),
    ],
)
def test_what_is_wrong_is_told(text: str, expected: list[str]) -> None:
    data = text.encode("utf-8", "surrogateescape")
    assert codes(TAP, b"TAP version 14\n" + data) == expected


def test_names_are_read_whatever_their_bytes_are() -> None:
    data = b"TAP version 14\n1..2\nok 1 - \x1b[32mgreen\x1b[0m\x07\nok 2 - caf\xe9\n"
    assert [row.name for row in read(TAP, data)[0]] == ["green␇", "café"]


def test_a_run_that_was_given_up_has_a_bad_case() -> None:
    found = outcomes(TAP, "TAP version 14\n1..2\nok 1 - a\nBail out! no disk\n")
    assert found == {"a": "passed", "Bail out!": "errored"}


def test_a_file_that_is_skipped_as_a_whole_is_a_skipped_case() -> None:
    assert outcomes(TAP, "TAP version 14\n1..0 # SKIP no kernel\n") == {"(all)": "skipped"}


def test_output_of_any_length_is_cut() -> None:
    text = "TAP version 14\n1..1\nnot ok 1 - a\n" + "# more and more\n" * 40_000
    detail = evidence(TAP, text, "a").detail
    assert detail and len(detail) <= DETAIL_LIMIT


def test_levels_are_limited() -> None:
    text = "TAP version 14\n" + "".join(f"{' ' * n}ok 1 - t{n}\n" for n in range(150))
    rows, notes = read(TAP, text)
    assert len(rows) == 150
    assert "too_deep" in [note.code for note in notes]
