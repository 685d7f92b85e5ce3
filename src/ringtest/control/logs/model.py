"""Log arithmetic: bytes in any chunks make the same lines. Pure."""

import codecs
import itertools
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Annotated
from uuid import UUID

import zstandard
from msgspec import Meta, Struct

from ringtest.control.attempts.model import Finish, Move, Progress, Release, StageMove
from ringtest.control.kernel.errors import BadRequest, Conflict
from ringtest.control.kernel.outcome import JobResult, Stage, StageStatus

FRAME_BYTES = 256 * 1024
"""Raw bytes of a frame at most: one step of reading, searching and sealing."""
LINE_BYTES = 16 * 1024
"""Bytes of a line that are shown; the raw log has all."""
CUT_MARK = " [… line cut at 16 KiB]"
PAGE_LINES = 5000
"""Lines of one answer at most."""
PAGE_BYTES = 4 * 1024 * 1024
SEARCH_BYTES = 256 * 1024 * 1024
"""Raw bytes that one search reads at most."""
MATCHES = 1000
MATCH_CHARS = 1000


# what an agent sends ------------------------------------------------------------

ExitCode = Annotated[int, Meta(ge=-(2**31), le=2**31 - 1)]
Count = Annotated[int, Meta(ge=0, le=2**53)]


class StageRecord(Struct, tag_field="kind", tag="stage"):
    """A stage began or ended."""

    seq: int
    stage: Stage
    status: StageStatus
    at: datetime | None = None
    exit_code: ExitCode | None = None
    message: str | None = None
    evidence: str | None = None


class LogRecord(Struct, tag_field="kind", tag="log"):
    """Bytes that the job printed, in base64 on the wire."""

    seq: int
    data: bytes
    stage: Stage | None = None
    at: datetime | None = None


class ProgressRecord(Struct, tag_field="kind", tag="progress"):
    """Counts of test cases so far."""

    seq: int
    total: Count
    passed: Count
    failed: Count
    errored: Count
    skipped: Count
    at: datetime | None = None


class FinishRecord(Struct, tag_field="kind", tag="finish"):
    """The job is over."""

    seq: int
    result: JobResult
    reason: str | None = None
    at: datetime | None = None


class ReleaseRecord(Struct, tag_field="kind", tag="release"):
    """The agent gives the job back."""

    seq: int
    reason: str
    at: datetime | None = None


Record = StageRecord | LogRecord | ProgressRecord | FinishRecord | ReleaseRecord


class Records(Struct):
    """Body of `POST /jobs/:id/records`: none at all is a heartbeat."""

    records: list[Record]


def fresh_records(records: Sequence[Record], applied_seq: int) -> Sequence[Record]:
    """Those not applied before; 409 when some in between never came.

    >>> batch = [LogRecord(seq, b"") for seq in (4, 5, 6)]
    >>> [record.seq for record in fresh_records(batch, 5)]
    [6]
    >>> fresh_records(batch, 2)
    Traceback (most recent call last):
    ringtest.control.kernel.errors.Conflict: records after 2 are missing
    """
    for one, following in itertools.pairwise(records):
        if following.seq != one.seq + 1:
            raise BadRequest(f"records: {following.seq} follows {one.seq}", applied_seq=applied_seq)
    if records and records[0].seq > applied_seq + 1:
        raise Conflict(f"records after {applied_seq} are missing", applied_seq=applied_seq)
    return [record for record in records if record.seq > applied_seq]


# writing ------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class End:
    """Where a log ends: number of its last frame, lines ended so far, bytes."""

    seq: int = 0
    line: int = 0
    byte: int = 0


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

    @property
    def end(self) -> End:
        return End(self.seq, self.first_line + self.line_count, self.byte_start + self.byte_count)


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


def unpack(data: bytes) -> bytes:
    """The raw bytes of a frame."""
    return zstandard.ZstdDecompressor().decompress(data, max_output_size=2 * FRAME_BYTES)


def make_frames(data: bytes, stage: Stage | None, end: End) -> list[Frame]:
    """Raw bytes as the next frames of a log that ends at `end`.

    >>> [frame.first_line for frame in make_frames(b"a\\nb", None, End(7, 10, 90))]
    [10]
    """
    frames = []
    for start in range(0, len(data), FRAME_BYTES):
        piece = data[start : start + FRAME_BYTES]
        frame = Frame(
            seq=end.seq + 1,
            stage=stage,
            first_line=end.line,
            line_count=piece.count(b"\n"),
            byte_start=end.byte,
            byte_count=len(piece),
            data=pack(piece, level=1),
        )
        frames.append(frame)
        end = frame.end
    return frames


def read_batch(records: Iterable[Record], end: End) -> tuple[list[Frame], list[Move]]:
    """The frames and the moves that a batch of records makes.

    Log bytes of a stage that follow each other become one frame: a chatty job must not
    cost a row per line.
    """
    frames: list[Frame] = []
    moves: list[Move] = []
    stage: Stage | None = None
    waiting: list[bytes] = []

    def flush() -> None:
        nonlocal end
        made = make_frames(b"".join(waiting), stage, end)
        frames.extend(made)
        end = made[-1].end if made else end
        waiting.clear()

    for record in records:
        if isinstance(record, LogRecord):
            if record.stage is not stage:
                flush()
                stage = record.stage
            waiting.append(record.data)
        else:
            flush()
            moves.append(_move(record, end))
    flush()
    return frames, moves


def _move(record: Record, end: End) -> Move:
    match record:
        case StageRecord():
            begins = record.status is StageStatus.RUNNING
            return StageMove(
                stage=record.stage,
                status=record.status,
                at=record.at,
                exit_code=record.exit_code,
                message=record.message,
                evidence=record.evidence,
                first_line=end.line if begins else None,
            )
        case ProgressRecord():
            return Progress(
                record.total, record.passed, record.failed, record.errored, record.skipped
            )
        case FinishRecord():
            return Finish(record.result, record.reason)
        case ReleaseRecord():
            return Release(record.reason)
    raise AssertionError(record)


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


@dataclass(slots=True)
class Searcher:
    """Lines that hold `needle`, whatever its case, out of raw bytes in any chunks."""

    needle: str
    _line: int = 0
    _held: bytes = b""

    def feed(self, raw: bytes) -> Iterator[tuple[int, str]]:
        """Matching lines that end in `raw`."""
        cut = raw.rfind(b"\n") + 1
        if cut == 0:
            self._hold(raw)
            return
        yield from self._scan(self._held + raw[:cut])
        self._held = b""
        self._hold(raw[cut:])

    def close(self) -> Iterator[tuple[int, str]]:
        """The last line, if it has no end and matches."""
        yield from self._scan(self._held)
        self._held = b""

    def _hold(self, raw: bytes) -> None:
        # of an overlong line only the beginning is searched, as only it is shown
        self._held += raw[: max(0, LINE_BYTES - len(self._held))]

    def _scan(self, region: bytes) -> Iterator[tuple[int, str]]:
        if self.needle.isascii():
            yield from self._scan_bytes(region)
        else:
            yield from self._scan_text(region)
        self._line += region.count(b"\n")

    def _scan_bytes(self, region: bytes) -> Iterator[tuple[int, str]]:
        lowered, needle = region.lower(), self.needle.lower().encode()
        position, counted, line = 0, 0, self._line
        while (found := lowered.find(needle, position)) >= 0:
            start = region.rfind(b"\n", 0, found) + 1
            stop = region.find(b"\n", found)
            stop = len(region) if stop < 0 else stop
            line += region.count(b"\n", counted, start)
            counted, position = start, stop + 1
            if found - start + len(needle) <= LINE_BYTES:
                yield line, _excerpt(region[start : min(stop, start + LINE_BYTES)])

    def _scan_text(self, region: bytes) -> Iterator[tuple[int, str]]:
        needle = self.needle.lower()
        for number, line in enumerate(region.split(b"\n"), self._line):
            shown = line[:LINE_BYTES]
            if needle in shown.decode("utf-8", "replace").lower():
                yield number, _excerpt(shown)


def _excerpt(line: bytes) -> str:
    text = line.decode("utf-8", "replace")
    return text if len(text) <= MATCH_CHARS else f"{text[:MATCH_CHARS]} […]"


def check_needle(text: str) -> str:
    """What to search for; 400 when no line can hold it."""
    if not text or len(text) > MATCH_CHARS or "\n" in text:
        raise BadRequest(f"q: wants 1 to {MATCH_CHARS} characters on one line")
    return text


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
        object_key=f"logs/{team_id}/{job_id}/{attempt}/{first.seq}-{last.seq}.zst",
    )


@dataclass(frozen=True, slots=True)
class Log:
    """A log as its readers know it. `attempt` 0: the job has not started."""

    job_id: UUID
    team_id: UUID
    attempt: int
    ended: bool
