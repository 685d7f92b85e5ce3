"""What left the lab for one attempt: `left.jsonl` beside its journal, and what is made of both.

A line of `left.jsonl` is written when a file has reached the server, when one was kept back, and
when a stage ends with what was redacted in what it printed. What records the server has is told
by the journal and by how far the server has it: both are read here, never changed.
"""

import hashlib
from base64 import b64decode
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path

import msgspec
from msgspec import Struct

from ringtest.agent.attempt import Attempt, OutcomeFile

SENT, WAITING, KEPT = "sent", "waiting", "kept back"


class Line(Struct, frozen=True, omit_defaults=True):
    """A line of `left.jsonl`. `redacted` counts by kind, or by the name of the secret."""

    what: str
    """`file`, `kept` or `stage`."""
    name: str
    at: str = ""
    size: int = 0
    sha256: str = ""
    redacted: dict[str, int] = {}
    why: str = ""


class Left(Struct, frozen=True):
    """Something that left, or is to leave. `size` in bytes: of a log the text, of other records
    their lines. `redacted`: how many secrets were replaced in it, in a stage's log and its end."""

    at: str
    what: str
    name: str
    state: str
    size: int
    sha256: str
    redacted: int
    why: str = ""


class _Record(Struct):
    seq: int
    at: str
    kind: str
    stage: str = ""
    data: str = ""
    text: str | None = None

    @property
    def content(self) -> bytes:
        return b64decode(self.data) if self.text is None else self.text.encode()


_decode_record = msgspec.json.Decoder(_Record).decode
_decode_line = msgspec.json.Decoder(Line).decode


def note(attempt: Attempt, line: Line) -> None:
    """Add a line: in the system's hands at once, so that a killed agent has told it."""
    at = datetime.now(UTC).replace(tzinfo=None).isoformat()
    with attempt.left.open("ab") as file:
        file.write(msgspec.json.encode(msgspec.structs.replace(line, at=at)) + b"\n")


def note_file(attempt: Attempt, file: OutcomeFile) -> None:
    """A file has reached the server."""
    redacted = {"": file.redacted} if file.redacted else {}
    line = Line(
        "file",
        file.name,
        size=file.size,
        sha256=file.sha256,
        redacted=redacted,
        why=_unread(file.unread),
    )
    note(attempt, line)


def _unread(why: str) -> str:
    return f"not looked into: {why}" if why else ""


def read_lines(path: Path) -> list[Line]:
    """What was noted; a line that a crash tore is left out."""
    found = []
    for line in path.read_bytes().splitlines() if path.exists() else []:
        try:
            found.append(_decode_line(line))
        except msgspec.MsgspecError:
            continue
    return found


def what_left(attempt: Attempt) -> list[Left]:
    """Everything of one attempt: first the logs and records in their order, then the files."""
    lines = read_lines(attempt.left)
    redacted: dict[str, int] = {}
    for line in lines:
        if line.what == "stage":
            redacted[line.name] = redacted.get(line.name, 0) + sum(line.redacted.values())
    outcome = attempt.outcome
    sent = {line.name for line in lines if line.what == "file"}
    waiting = [file for file in (outcome.files if outcome else []) if file.name not in sent]
    return [
        *_records(attempt, redacted),
        *(
            Left(
                *(one.at, "file", one.name, SENT, one.size, one.sha256),
                sum(one.redacted.values()),
                one.why,
            )
            for one in lines
            if one.what == "file"
        ),
        *(
            Left(
                *("", "file", one.name, WAITING, one.size, one.sha256, one.redacted),
                _unread(one.unread),
            )
            for one in waiting
            if attempt.done is None
        ),
        *(
            Left(one.at, "file", one.name, KEPT, one.size, one.sha256, 0, one.why)
            for one in lines
            if one.what == "kept"
        ),
    ]


class _Sum:
    """Records of one kind and stage, as one."""

    def __init__(self, at: str) -> None:
        self.at = at
        self.size = 0
        self.count = 0
        self._digest = hashlib.sha256()

    def add(self, data: bytes) -> None:
        self.count += 1
        self.size += len(data)
        self._digest.update(data)

    @property
    def sha256(self) -> str:
        return self._digest.hexdigest()


def _records(attempt: Attempt, redacted: dict[str, int]) -> Iterator[Left]:
    """Log, ends of stages, counts and end: of each what the server has and what it has not."""
    applied = max(_applied(attempt.position), _applied(attempt.reported))
    sums: dict[tuple[str, str, str], _Sum] = {}
    for line in _lines(attempt.journal):
        record = _decode_record(line)
        state = SENT if record.seq <= applied else WAITING
        one = sums.setdefault((record.kind, record.stage, state), _Sum(record.at))
        one.add(record.content if record.kind == "log" else line)
    for (kind, stage, state), one in sums.items():
        count = redacted.pop(stage, 0) if kind == "log" else 0
        yield Left(one.at, kind, stage, state, one.size, one.sha256, count)


def _lines(path: Path) -> Iterator[bytes]:
    """Whole lines of a journal that another process may be writing."""
    with path.open("rb") as file:
        for line in file:
            if not line.endswith(b"\n"):
                return
            yield line


def _applied(path: Path) -> int:
    """How many records the server has acknowledged."""
    text = path.read_text(encoding="ascii").strip() if path.exists() else ""
    return int(text) if text.isdigit() else 0
