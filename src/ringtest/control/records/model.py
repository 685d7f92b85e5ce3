"""What agents send, and what becomes of it: frames of the log, marks in it, moves. Pure."""

import itertools
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from functools import lru_cache
from typing import Annotated, Any

from msgspec import Meta, Struct

from ringtest.control.attempts.model import Finish, Move, Progress, Release, StageMove
from ringtest.control.kernel.errors import BadRequest, Conflict
from ringtest.control.kernel.outcome import JobResult, Stage, StageStatus
from ringtest.control.logs.model import End, Frame, epoch_ms, make_frames
from ringtest.language.redaction import Held, Redactor
from ringtest.language.secret_rules import compiled

STEPS = 5000
"""Steps of an attempt that are marked at most."""
_STEP = b"[ringtest] $ "
"""In every line of a step: looked for first, in a tenth of the time of the pattern."""
_MARK_CHARS = 300
NOTHING_HELD = Held()


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
    """What the job printed: bytes, in base64 on the wire, or a text; one of them."""

    seq: int
    data: bytes | None = None
    stage: Stage | None = None
    at: datetime | None = None
    text: str | None = None

    def __post_init__(self) -> None:
        if (self.data is None) == (self.text is None):
            raise ValueError("a log record has either data or text")

    @property
    def content(self) -> bytes:
        """The bytes that were printed."""
        if self.text is not None:
            return self.text.encode(errors="replace")
        return self.data or b""


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


# taking in ----------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Mark:
    """A line worth a jump: `step` (it begins there) or `error` (the stage's first)."""

    line: int
    kind: str
    stage: Stage | None
    text: str


@dataclass(frozen=True, slots=True)
class State:
    """Where the taking in of a log stands. `shown` is what readers get of the bytes held;
    `is_open`: what is stored does not end with a line; `errors`: stages whose first error is
    marked."""

    held: Held = NOTHING_HELD
    shown: bytes = b""
    stage: Stage | None = None
    is_open: bool = False
    steps: int = 0
    errors: frozenset[str] = frozenset()


@dataclass(slots=True)
class Intake:
    """Turns what an agent tells into frames, moves and marks.

    Log bytes of a stage that follow each other become one frame: a chatty job must not
    cost a row per line. Secrets are gone from all of it.
    """

    end: End
    state: State
    redactor: Redactor
    now: datetime
    frames: list[Frame] = field(default_factory=list)
    moves: list[Move] = field(default_factory=list)
    marks: list[Mark] = field(default_factory=list)
    _waiting: list[bytes] = field(default_factory=list)
    _moments: list[tuple[int, int]] = field(default_factory=list)

    def take(self, records: Iterable[Record]) -> None:
        """A batch, in order."""
        for record in records:
            if isinstance(record, LogRecord):
                if record.stage is not self.state.stage:
                    self.close()
                    self.state = replace(self.state, stage=record.stage)
                out, held = self.redactor.feed(record.content, self.state.held)
                if not held.text:  # a line begins: nothing before it counts
                    held = Held(key_lines=held.key_lines)
                self.state = replace(self.state, held=held)
                self._wait(out, record.at)
            else:
                if not isinstance(record, ProgressRecord):
                    self.close()
                self.moves.append(_move(record, self.end, self.redactor))
        self._flush()
        shown = self.redactor.preview(self.state.held) if self.state.held.text else b""
        self.state = replace(self.state, shown=shown)

    def close(self) -> None:
        """What is held is all there is."""
        held = self.state.held
        self.state = replace(self.state, held=NOTHING_HELD, shown=b"")
        if held.text:
            self._wait(self.redactor.close(held), None)
        self._flush()

    def _wait(self, data: bytes, at: datetime | None) -> None:
        if not data:
            return
        last = self._moments[-1][1] if self._moments else epoch_ms(self.end.at)
        moment = max(last, epoch_ms(min(_naive(at or self.now), self.now)))
        self._moments.append((sum(map(len, self._waiting)), moment))
        self._waiting.append(data)

    def _flush(self) -> None:
        data, moments = b"".join(self._waiting), self._moments
        self._waiting, self._moments = [], []
        if not data:
            return
        self._mark(data)
        made = make_frames(data, self.state.stage, self.end, moments)
        self.frames.extend(made)
        self.end = made[-1].end
        self.state = replace(self.state, is_open=not data.endswith(b"\n"))

    def _mark(self, data: bytes) -> None:
        """The lines that begin in `data`."""
        start = data.find(b"\n") + 1 if self.state.is_open else 0
        if self.state.is_open and not start:
            return
        stage = self.state.stage
        steps = _step().finditer(data, start) if data.find(_STEP, start) >= 0 else ()
        for found in steps:
            if self.state.steps >= STEPS:
                break
            self._add_mark(data, found.start(), "step", found.group(1))
            self.state = replace(self.state, steps=self.state.steps + 1)
        if (stage or "") not in self.state.errors and (found := _error().search(data, start)):
            at = data.rfind(b"\n", 0, found.start()) + 1
            end = data.find(b"\n", at)
            self._add_mark(data, at, "error", data[at : end if end >= 0 else len(data)])
            self.state = replace(self.state, errors=self.state.errors | {stage or ""})

    def _add_mark(self, data: bytes, at: int, kind: str, text: bytes) -> None:
        line = self.end.line + data.count(b"\n", 0, at)
        shown = text[: 4 * _MARK_CHARS].decode(errors="replace").replace("\0", "")[:_MARK_CHARS]
        self.marks.append(Mark(line, kind, self.state.stage, shown))


@lru_cache(maxsize=1)
def _step() -> Any:
    return compiled(r"^\[ringtest\] \$ ([^\n]*)")


@lru_cache(maxsize=1)
def _error() -> Any:
    return compiled(
        r"\b(?:ERROR|FATAL|CRITICAL|FAILED|PANIC)\b|\b(?:[Ee]rror|[Ff]atal|panic): |"
        r"Traceback \(most recent call last\)|\b[A-Z]\w*(?:Error|Exception): |"
        r"^E   +\S|Segmentation fault|: command not found"
    )


def _naive(at: datetime) -> datetime:
    return at.astimezone(UTC).replace(tzinfo=None) if at.tzinfo else at


def _move(record: Record, end: End, redactor: Redactor) -> Move:
    match record:
        case StageRecord():
            begins = record.status is StageStatus.RUNNING
            return StageMove(
                stage=record.stage,
                status=record.status,
                at=record.at,
                exit_code=record.exit_code,
                message=record.message and redactor.text(record.message),
                evidence=record.evidence and redactor.text(record.evidence),
                first_line=end.line if begins else None,
            )
        case ProgressRecord():
            return Progress(
                record.total, record.passed, record.failed, record.errored, record.skipped
            )
        case FinishRecord():
            return Finish(record.result, record.reason and redactor.text(record.reason))
        case ReleaseRecord():
            return Release(redactor.text(record.reason))
    raise AssertionError(record)
