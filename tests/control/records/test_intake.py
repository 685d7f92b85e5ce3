"""What agents tell becomes frames, moves and marks; how it is cut into batches changes nothing."""

from collections.abc import Sequence
from datetime import datetime
from itertools import pairwise

import msgspec
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ringtest.control.attempts.model import Finish, StageMove
from ringtest.control.kernel.outcome import JobResult, Stage, StageStatus
from ringtest.control.logs.model import End, Frame, unpack
from ringtest.control.records.model import (
    FinishRecord,
    Intake,
    LogRecord,
    Mark,
    Record,
    Records,
    StageRecord,
    State,
)
from ringtest.language.redaction import LONGEST, Redactor

NOW = datetime(2026, 1, 1, 12)
REDACTOR = Redactor(words={b"own-secret-of-the-lab": "api secret"})


def taken(batches: Sequence[Sequence[Record]]) -> Intake:
    """Each batch is taken in by itself, as requests are."""
    end, state = End(), State()
    frames: list[Frame] = []
    marks: list[Mark] = []
    intake = Intake(end, state, REDACTOR, NOW)
    for batch in batches:
        intake = Intake(end, state, REDACTOR, NOW)
        intake.take(batch)
        end, state = intake.end, intake.state
        frames += intake.frames
        marks += intake.marks
    intake.frames, intake.marks = frames, marks
    return intake


def text_of(intake: Intake) -> bytes:
    return b"".join(unpack(frame.data or b"") for frame in intake.frames)


def test_the_records_of_a_batch_make_one_frame_per_stage() -> None:
    batch: list[Record] = [
        LogRecord(1, b"one\n", Stage.PREPARE),
        LogRecord(2, b"tw", Stage.PREPARE),
        LogRecord(3, b"o\n", Stage.PREPARE),
        StageRecord(4, Stage.TEST, StageStatus.RUNNING),
        LogRecord(5, b"three", Stage.TEST),
        FinishRecord(6, JobResult.PASSED),
    ]
    intake = Intake(End(0, 10, 0), State(), REDACTOR, NOW)
    intake.take(batch)
    assert [(frame.stage, frame.first_line) for frame in intake.frames] == [
        (Stage.PREPARE, 10),
        (Stage.TEST, 12),
    ]
    assert isinstance(intake.moves[0], StageMove)
    assert intake.moves[0].first_line == 12


def test_the_end_of_a_line_waits_for_the_next_batch_and_is_shown_meanwhile() -> None:
    intake = taken([[LogRecord(1, b"one\ntwo", Stage.TEST)]])
    assert (text_of(intake), intake.state.shown) == (b"one\n", b"two")
    intake = taken([[LogRecord(1, b"one\ntoken=ab", Stage.TEST)]])
    assert (text_of(intake), intake.state.shown) == (b"one\n", b"")


def test_a_stage_that_ends_lets_everything_out() -> None:
    over = StageRecord(2, Stage.TEST, StageStatus.FAILED, evidence="password=hunter22")
    intake = taken([[LogRecord(1, b"one\ntoken=abcdef12", Stage.TEST)], [over]])
    assert text_of(intake) == b"one\ntoken=[redacted password]"
    assert (intake.state.held.text, intake.state.shown) == (b"", b"")
    (move,) = intake.moves
    assert isinstance(move, StageMove) and move.evidence == "password=[redacted password]"


def test_the_reason_of_an_end_is_told_without_secrets() -> None:
    intake = taken([[FinishRecord(1, JobResult.FAILED, "own-secret-of-the-lab was refused")]])
    assert intake.moves == [Finish(JobResult.FAILED, "[redacted api secret] was refused")]


PIECES = st.lists(
    st.sampled_from([
        b"password=hunter22 x", b"own-secret-of-the-lab", b"\n", b"\n", b"[ringtest] $ make\n",
        b"ERROR: no\n", b"E   assert\n", b"-----BEGIN PRIVATE KEY-----\n", b"QUJD" * 10 + b"\n",
        b"-----END PRIVATE KEY-----\n", b"y" * 9000, b" ", b"ok",
    ]),
    max_size=12,
).map(b"".join)  # fmt: skip
CUTS = st.lists(st.integers(0, 2**20), max_size=8)


@settings(deadline=None, max_examples=100)
@given(PIECES, CUTS, st.integers(1, 4))
def test_batches_cut_anywhere_make_the_same_log_and_marks(
    data: bytes, cuts: list[int], together: int
) -> None:
    edges = sorted({0, len(data), *(cut % (len(data) + 1) for cut in cuts)})
    records: list[Record] = [
        LogRecord(number, data[a:b], Stage.TEST) for number, (a, b) in enumerate(pairwise(edges), 1)
    ]
    end = FinishRecord(99, JobResult.PASSED)
    batches = [records[at : at + together] for at in range(0, len(records), together)]
    found, whole = taken([*batches, [end]]), taken([[LogRecord(1, data, Stage.TEST), end]])
    assert text_of(found) == text_of(whole)
    assert b"hunter22" not in text_of(found) and b"own-secret" not in text_of(found)
    if max(map(len, data.split(b"\n"))) < 2 * LONGEST:  # of a longer one parts are looked at
        assert sorted(map(str, found.marks)) == sorted(map(str, whole.marks))
    lines = text_of(whole).split(b"\n")
    for mark in whole.marks:
        assert mark.text.encode() in lines[mark.line]


def test_text_and_base64_of_a_record_are_the_same_bytes() -> None:
    body = '{"records":[{"kind":"log","seq":1,"text":"caf\\u00e9 \\u0000\\n"},'
    body += '{"kind":"log","seq":2,"data":"Y2Fmw6kgAAo="}]}'
    text, packed = msgspec.json.decode(body, type=Records).records
    assert isinstance(text, LogRecord) and isinstance(packed, LogRecord)
    assert text.content == packed.content == "café \0\n".encode()


@pytest.mark.parametrize("fields", ["", ',"data":"Yg==","text":"b"', ',"text":"\\ud800"'])
def test_log_record_without_one_text_is_refused(fields: str) -> None:
    with pytest.raises((msgspec.ValidationError, msgspec.DecodeError)):
        msgspec.json.decode(f'{{"records":[{{"kind":"log","seq":1{fields}}}]}}', type=Records)
