"""Log arithmetic: bytes in any chunks make the same lines. Pure."""

import codecs
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from uuid import UUID

import zstandard

from ringtest.control.kernel.outcome import Stage

FRAME_BYTES = 256 * 1024
"""Raw bytes of a frame at most: one step of reading, searching and sealing."""
LINE_BYTES = 16 * 1024
"""Bytes of a line that are shown; the raw log has all."""
CUT_MARK = " [… line cut at 16 KiB]"
PAGE_LINES = 5000
"""Lines of one answer at most."""
PAGE_BYTES = 4 * 1024 * 1024
_EPOCH = datetime(1970, 1, 1)
MOMENTS = 64
"""Moments that a frame remembers at most."""


# frames ----------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class End:
    """Where a log ends: number of its last frame, lines ended so far, bytes; when it came."""

    seq: int = 0
    line: int = 0
    byte: int = 0
    at: datetime | None = None


@dataclass(frozen=True, slots=True)
class Frame:
    """A compressed piece of a log. `first_line` is the line its first byte is in, and
    `line_count` how many lines end in it: a line may begin in one frame and end in another.
    """

    seq: int
    stage: Stage | None
    first_line: int
    line_count: int
    byte_start: int
    byte_count: int
    data: bytes | None
    object_key: str | None = None
    ended_at: datetime | None = None
    moments: tuple[int, ...] = ()
    """A line and when it came (ms since 1970), another line …"""

    @property
    def end(self) -> End:
        return End(
            self.seq,
            self.first_line + self.line_count,
            self.byte_start + self.byte_count,
            self.ended_at,
        )


@dataclass(frozen=True, slots=True)
class Piece:
    """What a reader has not seen yet of a frame: all but its first `skip` bytes.

    A frame that was sealed while somebody read holds bytes of frames already read.
    """

    frame: Frame
    skip: int = 0

    @property
    def byte_count(self) -> int:
        return self.frame.byte_count - self.skip


def pack(data: bytes, *, level: int) -> bytes:
    """A zstd frame that knows its size."""
    return zstandard.ZstdCompressor(level=level).compress(data)


class Unpacker:
    """Unpacks frame after frame, in less time than one by one; for one thread at a time."""

    def __init__(self) -> None:
        self._decompressor = zstandard.ZstdDecompressor()

    def unpack(self, data: bytes) -> bytes:
        """The raw bytes of a frame."""
        return self._decompressor.decompress(data, max_output_size=2 * FRAME_BYTES)


def unpack(data: bytes) -> bytes:
    """The raw bytes of a frame."""
    return zstandard.ZstdDecompressor().decompress(data, max_output_size=2 * FRAME_BYTES)


def make_frames(
    data: bytes, stage: Stage | None, end: End, moments: Sequence[tuple[int, int]] = ()
) -> list[Frame]:
    """Raw bytes as the next frames of a log that ends at `end`; `moments` are places in `data`
    and when what follows them came.

    >>> [frame.first_line for frame in make_frames(b"a\\nb", None, End(7, 10, 90))]
    [10]
    """
    frames = []
    for start in range(0, len(data), FRAME_BYTES):
        piece = data[start : start + FRAME_BYTES]
        known = [(max(0, at - start), ms) for at, ms in moments if at < start + len(piece)]
        inside = known[max(0, sum(at == 0 for at, _ in known) - 1) :]
        lines = _lines_at(piece, end.line, inside)
        frame = Frame(
            seq=end.seq + 1,
            stage=stage,
            first_line=end.line,
            line_count=piece.count(b"\n"),
            byte_start=end.byte,
            byte_count=len(piece),
            data=pack(piece, level=1),
            ended_at=_EPOCH + timedelta(milliseconds=inside[-1][1]) if inside else None,
            moments=thinned([value for pair in lines for value in pair]),
        )
        frames.append(frame)
        end = frame.end
    return frames


def _lines_at(piece: bytes, line: int, moments: Sequence[tuple[int, int]]) -> list[tuple[int, int]]:
    """Places in a piece, which begins with `line`, as lines; its bytes are looked at once.

    >>> _lines_at(b"a\\nb\\nc", 7, [(0, 1), (3, 2), (5, 3)])
    [(7, 1), (8, 2), (9, 3)]
    """
    lines, before = [], 0
    for at, ms in moments:
        line, before = line + piece.count(b"\n", before, at), at
        lines.append((line, ms))
    return lines


def epoch_ms(at: datetime | None) -> int:
    """Milliseconds since 1970 of a naive UTC moment.

    >>> epoch_ms(datetime(1970, 1, 1, 0, 0, 1))
    1000
    """
    return round((at - _EPOCH) / timedelta(milliseconds=1)) if at else 0


def line_at(frame: Frame, moment: datetime) -> int:
    """The first line of a frame that came at `moment` or later; its first one if unknown.

    >>> one = Frame(1, None, 5, 3, 0, 9, None, moments=(5, 1000, 7, 3000))
    >>> line_at(one, datetime(1970, 1, 1, 0, 0, 2))
    7
    """
    wanted = epoch_ms(moment)
    pairs = zip(frame.moments[::2], frame.moments[1::2], strict=True)
    return next((line for line, at in pairs if at >= wanted), frame.first_line)


def thinned(moments: Sequence[int]) -> tuple[int, ...]:
    """Pairs of line and moment, at most `MOMENTS` of them.

    >>> len(thinned(range(1000)))
    126
    """
    step = 2 * -(-len(moments) // (2 * MOMENTS)) or 2
    return tuple(value for at in range(0, len(moments), step) for value in moments[at : at + 2])


# reading ------------------------------------------------------------------------


@dataclass(slots=True)
class LineReader:
    """Numbered lines out of raw bytes that come in any chunks, from line `wanted` on.

    Only the beginning of an overlong line is kept. What follows the last line end is held
    back until `close`, because more of that line may come.

    >>> reader = LineReader()
    >>> list(reader.feed(b"one\\ntw")), list(reader.feed(b"o\\nthr")), reader.close()
    ([(0, 'one')], [(1, 'two')], (2, 'thr'))
    """

    line: int = 0
    wanted: int = 0
    _held: bytearray = field(default_factory=bytearray)
    _length: int = 0

    @property
    def full(self) -> bool:
        """More bytes of the same line would change nothing."""
        return self._length > LINE_BYTES or self.line < self.wanted

    def feed(self, raw: bytes) -> Iterator[tuple[int, str]]:
        """Lines that end in `raw`."""
        start = 0
        while (stop := raw.find(b"\n", start)) >= 0:
            self._hold(raw, start, stop)
            if self.line >= self.wanted:
                yield self.line, self._text()
            self._drop()
            self.line += 1
            start = stop + 1
        self._hold(raw, start, len(raw))

    def skip(self, count: int) -> None:
        """`count` bytes without a line end, which are not looked at."""
        self._length += count

    def close(self) -> tuple[int, str] | None:
        """The last line, if it has no end."""
        if self._length == 0 or self.line < self.wanted:
            return None
        return self.line, self._text()

    @property
    def lines(self) -> int:
        """How many lines there were so far, the unended one included."""
        return self.line + (1 if self._length else 0)

    def _hold(self, raw: bytes, start: int, stop: int) -> None:
        self._length += stop - start
        room = LINE_BYTES + 1 - len(self._held)
        if room > 0 and self.line >= self.wanted:
            self._held += raw[start : min(stop, start + room)]

    def _drop(self) -> None:
        self._held.clear()
        self._length = 0

    def _text(self) -> str:
        if self._length <= LINE_BYTES:
            return self._held.decode("utf-8", "replace")
        decoder = codecs.getincrementaldecoder("utf-8")("replace")
        return decoder.decode(bytes(self._held[:LINE_BYTES])) + CUT_MARK


# sealing ------------------------------------------------------------------------


def next_group(frames: Sequence[Frame]) -> list[Frame]:
    """The first frames of a log that fit into one sealed frame. Frames never change, so
    the same beginning always makes the same groups."""
    group: list[Frame] = []
    size = 0
    for frame in frames:
        if group and size + frame.byte_count > FRAME_BYTES:
            break
        group.append(frame)
        size += frame.byte_count
    return group


def join(group: Sequence[Frame], *, team_id: UUID, job_id: UUID, attempt: int) -> Frame:
    """One frame out of neighbours. Its key names the frames it is made of, so that the
    same key always has the same content, whoever writes it and how often."""
    first, last = group[0], group[-1]
    raw = b"".join(unpack(frame.data or b"") for frame in group)
    stages = {frame.stage for frame in group}
    return Frame(
        seq=last.seq,
        stage=stages.pop() if len(stages) == 1 else None,
        first_line=first.first_line,
        line_count=sum(frame.line_count for frame in group),
        byte_start=first.byte_start,
        byte_count=len(raw),
        data=pack(raw, level=3),
        ended_at=last.ended_at,
        moments=thinned([value for frame in group for value in frame.moments]),
        object_key=f"logs/{team_id}/{job_id}/{attempt}/{first.seq}-{last.seq}.zst",
    )


@dataclass(frozen=True, slots=True)
class Log:
    """A log as its readers know it. `attempt` 0: the job has not started. `shown` is what may
    be read behind byte `byte_end`, the end of its frames, of what is still held back."""

    job_id: UUID
    team_id: UUID
    attempt: int
    ended: bool
    line_end: int = 0
    byte_end: int = 0
    shown: bytes = b""
