"""What every reader of result files must hold, whatever it reads and however it arrives."""

import re
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ringtest.control import registry
from ringtest.control.kernel.outcome import TestOutcome
from ringtest.control.ports.result_parser import (
    DETAIL_LIMIT,
    MESSAGE_LIMIT,
    Cases,
    Note,
    ParsedCase,
    ResultParser,
    Unreadable,
)

SAMPLES = {
    "application/junit": {
        path.name: path.read_bytes() for path in sorted((Path(__file__).parent / "junit").iterdir())
    }
}
"""Files by MIME type of their reader."""
ENDS = {
    "application/junit": re.compile(
        rb"</testcase\s*>|<testcase\b[^>]*/>|</error>(?=\s*</testsuite>)"
    )
}
"""What completes a case."""
PARSERS = registry.result_parsers()
ALL = [(mime, name) for mime, files in SAMPLES.items() for name in files]

each_sample = pytest.mark.parametrize(("mime", "name"), ALL)


def read(parser: ResultParser, data: bytes, size: int = 0) -> tuple[list[ParsedCase], list[Note]]:
    """Rows and notes of a file that arrives in chunks of `size` bytes (0: at once)."""
    session = parser.open()
    cases = Cases()
    for at in range(0, len(data), size or len(data) or 1):
        cases.extend(session.feed(data[at : at + (size or len(data))]))
    cases.extend(session.close())
    return list(cases.rows()), list(session.notes)


def read_or_refuse(parser: ResultParser, data: bytes, size: int = 0) -> list[ParsedCase]:
    """Rows; none when the parser refuses the file, which is the only way it may fail."""
    try:
        return read(parser, data, size)[0]
    except Unreadable as refusal:
        assert refusal.status_code == 400
        return []


def test_every_parser_has_samples_and_a_mime_type_of_its_own() -> None:
    assert set(PARSERS) == set(SAMPLES) == set(ENDS)
    assert all(parser.mime == mime for mime, parser in PARSERS.items())


@each_sample
def test_every_case_of_a_sample_is_read_without_complaint(mime: str, name: str) -> None:
    data = SAMPLES[mime][name]
    rows, notes = read(PARSERS[mime], data)
    assert len(rows) == len(ENDS[mime].findall(data))
    assert notes == []


@each_sample
@pytest.mark.parametrize("size", [1, 2, 7, 64, 1000])
def test_chunks_make_no_difference(mime: str, name: str, size: int) -> None:
    data = SAMPLES[mime][name]
    assert read(PARSERS[mime], data, size) == read(PARSERS[mime], data)


@each_sample
@pytest.mark.parametrize("encoding", ["utf-8", "utf-16", "utf-8-sig"])
def test_a_file_cut_at_any_byte_keeps_every_completed_case(
    mime: str, name: str, encoding: str
) -> None:
    text = SAMPLES[mime][name].decode()
    whole = read(PARSERS[mime], text.encode())[0]
    text = text.replace("UTF-8", encoding.upper()) if encoding == "utf-16" else text
    width, mark = (2 if encoding == "utf-16" else 1), len("".encode(encoding))
    ends = [mark + width * found.end() for found in ENDS[mime].finditer(text.encode())]
    data = text.encode(encoding)
    assert text.isascii()
    for length in range(len(data)):
        complete = sum(end <= length for end in ends)
        assert read_or_refuse(PARSERS[mime], data[:length]) == whole[:complete], length


@each_sample
def test_a_file_that_is_cut_after_its_first_case_says_so(mime: str, name: str) -> None:
    data = SAMPLES[mime][name]
    first = ENDS[mime].search(data)
    assert first is not None
    _, notes = read(PARSERS[mime], data[: first.end()])
    assert "truncated" in [note.code for note in notes]


@pytest.mark.parametrize("mime", PARSERS)
@pytest.mark.parametrize("data", [b"", b" \n ", b"hello", b"\x00\xff\xfe<", b"<", b"\xff" * 5000])
def test_what_holds_nothing_is_refused_or_empty(mime: str, data: bytes) -> None:
    assert read_or_refuse(PARSERS[mime], data) == []


@pytest.mark.parametrize("mime", PARSERS)
@given(data=st.data())
@settings(max_examples=150, deadline=None)
def test_no_file_is_too_broken_to_be_read_or_refused(mime: str, data: st.DataObject) -> None:
    sample = bytearray(data.draw(st.sampled_from(sorted(SAMPLES[mime].values()))))
    for _ in range(data.draw(st.integers(1, 8))):
        at = data.draw(st.integers(0, len(sample) - 1))
        patch = data.draw(
            st.one_of(
                st.binary(max_size=6),
                st.sampled_from([b"<", b"&", b">", b"]]>", b"<![CDATA[", b"<!--", b'"', b"&#x1b;"]),
            )
        )
        sample[at : at + data.draw(st.integers(0, 12))] = patch
    rows = read_or_refuse(PARSERS[mime], bytes(sample), data.draw(st.sampled_from([0, 1, 50])))
    assert_within_limits(rows)


def assert_within_limits(rows: list[ParsedCase]) -> None:
    """Types and sizes that readers of the port rely on."""
    for row in rows:
        assert isinstance(row.outcome, TestOutcome)
        assert 0 <= row.time < 1e9
        for name in (row.suite, row.classname, row.name):
            assert len(name.encode()) <= MESSAGE_LIMIT
            assert "\0" not in name
        if row.evidence:
            assert len((row.evidence.message or "").encode()) <= MESSAGE_LIMIT
            for text in (row.evidence.detail, row.evidence.stdout, row.evidence.stderr):
                assert len((text or "").encode()) <= DETAIL_LIMIT


@pytest.mark.parametrize("mime", PARSERS)
def test_sessions_do_not_know_each_other(mime: str) -> None:
    parser, data = PARSERS[mime], next(iter(SAMPLES[mime].values()))
    one, other = parser.open(), parser.open()
    mine, its = Cases(), Cases()
    for at in range(0, len(data), 100):
        mine.extend(one.feed(data[at : at + 100]))
        its.extend(other.feed(data[at : at + 100]))
    mine.extend(one.close())
    its.extend(other.close())
    assert mine == its
    assert list(mine.rows()) == read(parser, data)[0]
