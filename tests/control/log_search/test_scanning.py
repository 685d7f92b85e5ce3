"""Lines that fit are the same however the bytes come, and those that Python would find."""

import re
from collections.abc import Sequence
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ringtest.control.kernel.errors import BadRequest
from ringtest.control.log_search.model import Match, Question, Scanner, read_question
from ringtest.control.logs.model import LINE_BYTES

# short words make line ends, broken UTF-8 and matches meet chunk ends often
LOGS = st.lists(
    st.sampled_from([b"\n", b"a", b"Error", b"\xc3", b"\xb6", b"\xf0\x9f", b"\x1b[31m", b" ", b"7"])
).map(b"".join)
CHUNKED = LOGS.flatmap(
    lambda data: st.lists(st.integers(0, len(data)), max_size=8).map(
        lambda cuts: (data, split(data, cuts))
    )
)


def split(data: bytes, cuts: Sequence[int]) -> list[bytes]:
    return [data[a:b] for a, b in pairwise([0, *sorted(cuts), len(data)])]


def plain_lines(data: bytes) -> list[str]:
    pieces = data.split(b"\n")
    return [piece.decode("utf-8", "replace") for piece in (pieces if pieces[-1] else pieces[:-1])]


def scanned(chunks: Sequence[bytes], question: Question, limit: int = 10**6) -> list[Match]:
    scanner = Scanner(question, limit)
    found = [match for chunk in chunks for match in scanner.feed(chunk)]
    return [*found, *scanner.close()]


@given(CHUNKED, st.sampled_from(["a", "A", "ERROR", "ö", "Ö", "r a", "\x1b[31m"]), st.booleans())
def test_a_text_is_found_in_the_lines_that_hold_it(
    given: tuple[bytes, list[bytes]], needle: str, case: bool
) -> None:
    data, chunks = given
    found = scanned(chunks, read_question(needle, regex=False, case=case))
    expected = [
        (number, line)
        for number, line in enumerate(plain_lines(data))
        if (needle in line if case else needle.lower() in line.lower())
    ]
    assert [(match.line, match.text) for match in found] == expected


ASCII = st.text("abE7 \n", max_size=60).map(str.encode)


@given(
    ASCII,
    st.lists(st.integers(0, 60), max_size=5),
    st.sampled_from(["^a", "b$", "^$", "a+b", "[^a]b", r"\d", r"\bb", "a|7", "x*", r"\s", "(?i)e"]),
)
def test_a_pattern_fits_the_lines_that_it_fits_alone(
    data: bytes, cuts: list[int], pattern: str
) -> None:
    question = read_question(pattern, regex=True, case=True)
    found = scanned(split(data, [min(cut, len(data)) for cut in cuts]), question)
    lines = enumerate(plain_lines(data))
    assert [match.line for match in found] == [n for n, line in lines if re.search(pattern, line)]


@given(CHUNKED, st.integers(0, 4), st.integers(1, 5))
def test_context_is_the_lines_around_wherever_chunks_end(
    given: tuple[bytes, list[bytes]], context: int, limit: int
) -> None:
    data, chunks = given
    lines = plain_lines(data)
    question = read_question("Error", regex=False, case=True, context=context)
    found = scanned(chunks, question, limit)
    hits = [number for number, line in enumerate(lines) if "Error" in line][:limit]
    assert [match.line for match in found] == hits
    for match in found:
        assert match.before == lines[max(0, match.line - context) : match.line]
        assert match.after == lines[match.line + 1 : match.line + 1 + context]


@given(CHUNKED, st.integers(0, 6), st.integers(0, 6))
def test_a_search_of_some_lines_finds_those_alone(
    given: tuple[bytes, list[bytes]], first: int, end: int
) -> None:
    data, chunks = given
    scanner = Scanner(read_question("a", regex=False, case=True), 10**6, wanted=first, until=end)
    found = [match.line for chunk in chunks for match in scanner.feed(chunk)]
    found += [match.line for match in scanner.close()]
    lines = list(enumerate(plain_lines(data)))[first:end]
    assert found == [number for number, line in lines if "a" in line]


@pytest.mark.parametrize("at", [1, LINE_BYTES - 2, LINE_BYTES, 20_000])
def test_only_the_beginning_of_an_overlong_line_is_searched(at: int) -> None:
    data = b"x" * (LINE_BYTES - 3) + b"abc" + b"x" * 9000 + b"abc\nabc\n"
    for pattern in ("abc", "c$", "^x+abc"):
        question = read_question(pattern, regex=True, case=True)
        whole = [match.line for match in scanned([data], question)]
        assert [match.line for match in scanned(split(data, [at]), question)] == whole
    assert [m.line for m in scanned([data], read_question("abcx", regex=False, case=True))] == []


@pytest.mark.parametrize(
    "pattern", ["(", "a{2000}", r"\Aa", r"a\z", r"(?-m)^a", "(?=a)", r"(a)\1", "(a{200}){20}"]
)
def test_a_pattern_that_cannot_be_is_refused(pattern: str) -> None:
    with pytest.raises(BadRequest):
        read_question(pattern, regex=True, case=False)


def test_a_pattern_that_costs_others_ages_costs_what_the_text_does() -> None:
    """A backtracking engine takes two to the power of the line's length for it."""
    data = (b"a" * 5000 + b"\n") * 50
    assert scanned([data], read_question("(a|a|aa)+$x|^(a+)+b", regex=True, case=True)) == []
