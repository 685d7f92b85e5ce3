"""What every reader of result files must hold, whatever it reads and however it arrives."""

from collections.abc import Iterable

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ringtest.control import registry
from ringtest.control.kernel.outcome import TestOutcome
from ringtest.control.ports.result_parser import (
    DETAIL_LIMIT,
    MAX_ATTEMPTS,
    MAX_PROPERTIES,
    MAX_STEP_DEPTH,
    MAX_STEPS,
    MESSAGE_LIMIT,
    SNIFF_BYTES,
    Attempt,
    Cases,
    Evidence,
    Note,
    ParsedCase,
    ResultParser,
    Step,
    Unreadable,
)
from tests.conformance.result_parser.samples import FORMATS, Format

PARSERS = {parser.mimes[0]: parser for parser in registry.result_parsers().values()}
ALL = [(mime, name) for mime, one in FORMATS.items() for name in one.samples]

NO_RESULTS = [
    b"",
    b" \n",
    b"\x00\x01\x02",
    b"\xff\xfe",
    b"{}",
    b"[]",
    b"null",
    b'{"results": []}',
    b'{"status": "ok", "name": "a"}\n{"status": "ok"}\n',
    b"- name: a\n  hosts: all\n",
    b"results: none\n",
    b"ok\n",
    b"not ok: the disk is full\n",
    b"1..\n",
    b"PASS\n",
    b"2026-11-02 10:00:00 INFO ok 1 of 3 done\nok then\n",
    b'<?xml version="1.0"?><project><tests/></project>',
    b"<html><body>testsuite</body></html>",
    b"<!-- <testsuites> -->",
]
"""Beginnings of files that are something else."""

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


def test_every_parser_has_samples_and_mime_types_of_its_own() -> None:
    assert set(PARSERS) == set(FORMATS)
    for parser in PARSERS.values():
        assert isinstance(parser, ResultParser)
        assert all(name == name.lower() for name in parser.names)
    assert len(registry.result_parsers()) == sum(len(one.mimes) for one in PARSERS.values())


@each_sample
def test_every_case_of_a_sample_is_read_without_complaint(mime: str, name: str) -> None:
    data = FORMATS[mime].samples[name]
    rows, notes = read(PARSERS[mime], data)
    assert len(rows) == len(FORMATS[mime].ends(data))
    assert {note.code for note in notes} <= set(FORMATS[mime].notes)
    assert_within_limits(rows)


@each_sample
def test_a_sample_is_recognised_by_its_reader_and_by_no_other(mime: str, name: str) -> None:
    head = FORMATS[mime].samples[name][:SNIFF_BYTES]
    assert [one for one, parser in PARSERS.items() if parser.sniff(head)] == [mime]


@pytest.mark.parametrize("mime", PARSERS)
@pytest.mark.parametrize("data", NO_RESULTS)
def test_what_holds_no_results_is_not_recognised(mime: str, data: bytes) -> None:
    assert not PARSERS[mime].sniff(data)


@pytest.mark.parametrize("mime", PARSERS)
@given(data=st.binary(max_size=200))
@settings(max_examples=50, deadline=None)
def test_looking_at_bytes_never_fails(mime: str, data: bytes) -> None:
    PARSERS[mime].sniff(data)
    for sample in FORMATS[mime].samples.values():
        PARSERS[mime].sniff(sample[: len(data)] + data)


@each_sample
@pytest.mark.parametrize("size", [1, 7, 64, 1000])
def test_chunks_make_no_difference(mime: str, name: str, size: int) -> None:
    data = FORMATS[mime].samples[name]
    assert read(PARSERS[mime], data, size) == read(PARSERS[mime], data)


@each_sample
def test_a_file_cut_at_any_byte_keeps_every_completed_case(mime: str, name: str) -> None:
    data = FORMATS[mime].samples[name]
    assert_keeps_completed(FORMATS[mime], data, FORMATS[mime].ends(data), range(len(data)))


@pytest.mark.parametrize(
    ("mime", "name", "encoding"),
    [(m, name, encoding) for m, name in ALL for encoding in FORMATS[m].encodings],
)
def test_a_file_of_any_encoding_cut_around_its_cases_keeps_them_too(
    mime: str, name: str, encoding: str
) -> None:
    text = FORMATS[mime].samples[name].decode()
    assert text.isascii()
    ends = FORMATS[mime].ends(text.encode())
    text = text.replace("UTF-8", encoding.upper()) if encoding == "utf-16" else text
    width, mark = (2 if encoding == "utf-16" else 1), len("".encode(encoding))
    shift = len(text) - len(FORMATS[mime].samples[name])
    moved = [mark + width * (end + shift) for end in ends]
    around = {end + step for end in moved for step in range(-3, 4)}
    data = text.encode(encoding)
    lengths = sorted({*around, *range(0, len(data), 101)} & set(range(len(data))))
    assert_keeps_completed(FORMATS[mime], data, moved, lengths)


def assert_keeps_completed(
    one: Format, data: bytes, ends: list[int], lengths: Iterable[int]
) -> None:
    """Of each beginning of `data` the cases that are complete in it are read as in the whole."""
    whole = read(PARSERS[one.mime], data)[0]
    for length in lengths:
        rows = read_or_refuse(PARSERS[one.mime], data[:length])
        complete = [row for row, end in zip(whole, ends, strict=True) if end <= length]
        if one.tells_begun:
            assert [row for row in rows if row in complete] == complete, length
        else:
            assert rows == complete, length


@each_sample
def test_a_file_that_is_cut_after_its_first_case_says_so(mime: str, name: str) -> None:
    data = FORMATS[mime].samples[name]
    ends = FORMATS[mime].ends(data)
    # where any case may be the last one, the cut is inside of one
    place = max(ends) - 20 if name in FORMATS[mime].endless else min(ends)
    _, notes = read(PARSERS[mime], data[:place])
    assert "truncated" in [note.code for note in notes]


@pytest.mark.parametrize("mime", PARSERS)
@pytest.mark.parametrize("data", [b"", b" \n ", b"hello", b"\x00\xff\xfe<", b"<", b"\xff" * 5000])
def test_what_holds_nothing_is_refused_or_empty(mime: str, data: bytes) -> None:
    assert read_or_refuse(PARSERS[mime], data) == []


@pytest.mark.parametrize("mime", PARSERS)
@given(data=st.data())
@settings(max_examples=50, deadline=None)
def test_no_file_is_too_broken_to_be_read_or_refused(mime: str, data: st.DataObject) -> None:
    sample = bytearray(data.draw(st.sampled_from(sorted(FORMATS[mime].samples.values()))))
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
            assert_evidence_within_limits(row.evidence)


def assert_evidence_within_limits(evidence: Evidence) -> None:
    """What is kept of one case is bounded, whatever its file holds."""
    tries: list[Evidence | Attempt] = [evidence, *evidence.attempts]
    for one in tries:
        assert len((one.message or "").encode()) <= MESSAGE_LIMIT
        for text in (one.detail, one.stdout, one.stderr):
            assert len((text or "").encode()) <= DETAIL_LIMIT
    assert len(evidence.attempts) <= MAX_ATTEMPTS
    assert all(isinstance(one.outcome, TestOutcome) for one in evidence.attempts)
    for pairs in (evidence.properties, evidence.parameters):
        assert len(pairs) <= MAX_PROPERTIES
        assert all(len(word.encode()) <= MESSAGE_LIMIT for pair in pairs for word in pair)
    assert len(evidence.attachments) <= MAX_PROPERTIES
    assert steps_of(list(evidence.steps)) <= MAX_STEPS


def steps_of(steps: list[Step], depth: int = 1) -> int:
    """How many steps there are, each of them within its limits."""
    assert not steps or depth <= MAX_STEP_DEPTH
    for step in steps:
        assert isinstance(step.outcome, TestOutcome)
        assert len(step.name.encode()) <= MESSAGE_LIMIT
        assert len((step.message or "").encode()) <= MESSAGE_LIMIT
    return len(steps) + sum(steps_of(step.steps, depth + 1) for step in steps)


@pytest.mark.parametrize("mime", PARSERS)
def test_sessions_do_not_know_each_other(mime: str) -> None:
    parser, data = PARSERS[mime], next(iter(FORMATS[mime].samples.values()))
    one, other = parser.open(), parser.open()
    mine, its = Cases(), Cases()
    for at in range(0, len(data), 100):
        mine.extend(one.feed(data[at : at + 100]))
        its.extend(other.feed(data[at : at + 100]))
    mine.extend(one.close())
    its.extend(other.close())
    assert mine == its
    assert list(mine.rows()) == read(parser, data)[0]
