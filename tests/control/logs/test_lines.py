"""Line arithmetic: any chunking of the same bytes gives the same lines and the same matches."""

from collections.abc import Sequence
from itertools import pairwise
from uuid import UUID

from hypothesis import given
from hypothesis import strategies as st

from ringtest.control.kernel.outcome import Stage
from ringtest.control.logs import model
from ringtest.control.logs.model import (
    CUT_MARK,
    FRAME_BYTES,
    LINE_BYTES,
    End,
    LineReader,
    make_frames,
    unpack,
)

# short words make line ends, broken UTF-8 and matches meet chunk ends often
PIECES = st.lists(
    st.sampled_from(
        [b"\n", b"a", b"Error", b"\xc3", b"\xb6", b"\xf0\x9f", b"\x1b[31m", b"\r", b" "]
    )
)
LOGS = st.one_of(st.binary(max_size=200), PIECES.map(b"".join))
CHUNKED = LOGS.flatmap(
    lambda data: st.lists(st.integers(0, len(data)), max_size=8).map(
        lambda cuts: (data, split(data, cuts))
    )
)


def split(data: bytes, cuts: Sequence[int]) -> list[bytes]:
    edges = [0, *sorted(cuts), len(data)]
    return [data[start:stop] for start, stop in pairwise(edges)]


def plain_lines(data: bytes) -> list[str]:
    """What the lines of a log are, said in the shortest way."""
    pieces = data.split(b"\n")
    return [piece.decode("utf-8", "replace") for piece in (pieces if pieces[-1] else pieces[:-1])]


def read(chunks: Sequence[bytes], wanted: int = 0) -> list[tuple[int, str]]:
    reader = LineReader(wanted=wanted)
    lines = [line for chunk in chunks for line in reader.feed(chunk)]
    last = reader.close()
    assert reader.lines == len(plain_lines(b"".join(chunks)))
    return [*lines, last] if last else lines


@given(CHUNKED)
def test_any_chunking_gives_the_same_lines(given: tuple[bytes, list[bytes]]) -> None:
    data, chunks = given
    assert read(chunks) == list(enumerate(plain_lines(data)))


@given(CHUNKED, st.integers(0, 10))
def test_reading_from_a_line_gives_the_rest(given: tuple[bytes, list[bytes]], wanted: int) -> None:
    data, chunks = given
    assert read(chunks, wanted) == list(enumerate(plain_lines(data)))[wanted:]


@given(CHUNKED)
def test_frames_know_their_lines_whatever_the_chunks(given: tuple[bytes, list[bytes]]) -> None:
    data, chunks = given
    end = End()
    for chunk in chunks:
        for frame in make_frames(chunk, None, end):
            before = data[: frame.byte_start]
            assert frame.first_line == before.count(b"\n")
            assert unpack(frame.data or b"") == data[frame.byte_start :][: frame.byte_count]
            assert (frame.seq, frame.byte_start) == (end.seq + 1, end.byte)
            end = frame.end
    assert (end.line, end.byte) == (data.count(b"\n"), len(data))


@given(st.integers(LINE_BYTES - 3, LINE_BYTES + 3), st.integers(1, 40_000))
def test_an_overlong_line_is_cut_with_a_mark_wherever_its_chunks_end(length: int, at: int) -> None:
    data = b"x" * length + b"\nnext"
    whole, following = read(split(data, [min(at, len(data))]))
    shown = "x" * min(length, LINE_BYTES) + (CUT_MARK if length > LINE_BYTES else "")
    assert (whole[1], following) == (shown, (1, "next"))


def test_a_cut_line_does_not_end_in_half_a_character() -> None:
    ((_, text),) = read([b"x" * (LINE_BYTES - 1) + "ö".encode() * 5])
    assert text == "x" * (LINE_BYTES - 1) + CUT_MARK


def test_big_records_become_several_frames() -> None:
    data = b"line\n" * 200_000
    frames = make_frames(data, Stage.TEST, End(3, 7, 11))
    assert [frame.seq for frame in frames] == [4, 5, 6, 7]
    assert max(frame.byte_count for frame in frames) == FRAME_BYTES
    assert frames[-1].end == End(7, 200_007, 1_000_011)


@given(st.lists(st.integers(1, FRAME_BYTES), max_size=20))
def test_groups_fit_a_frame_and_hold_every_frame_once(sizes: list[int]) -> None:
    frames = [
        model.Frame(number, None, 0, 0, 0, size, None) for number, size in enumerate(sizes, 1)
    ]
    groups = []
    rest = frames
    while rest:
        group = model.next_group(rest)
        groups.append(group)
        rest = rest[len(group) :]
    assert [frame for group in groups for frame in group] == frames
    for group, following in pairwise(groups):
        assert sum(frame.byte_count for frame in group) <= FRAME_BYTES
        assert sum(f.byte_count for f in group) + following[0].byte_count > FRAME_BYTES


def test_the_same_frames_make_the_same_object_under_the_same_key() -> None:
    frames = make_frames(b"one\ntwo", None, End()) + make_frames(b"\nthree", None, End(1, 1, 7))
    ids = {"team_id": UUID(int=1), "job_id": UUID(int=2)}
    sealed = model.join(frames, **ids, attempt=3)
    assert sealed == model.join(frames, **ids, attempt=3)
    assert sealed.object_key == f"logs/{UUID(int=1)}/{UUID(int=2)}/3/1-2.zst"
    assert unpack(sealed.data or b"") == b"one\ntwo\nthree"
    assert (sealed.seq, sealed.first_line, sealed.line_count, sealed.byte_count) == (2, 0, 2, 13)
