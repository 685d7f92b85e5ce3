"""Reading result files of test runners: bytes in, test cases out, in columns.

A file of 20,000 cases costs as much as its reader spends per case, so the cases of
a batch are columns (one list per field), not objects; `Cases.rows` is for those who
look at few. Readers never drop a case silently: what is cut, replaced or missing is
told in `notes`.
"""

from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import NamedTuple, Protocol, runtime_checkable

from ringtest.control.kernel.errors import BadRequest
from ringtest.control.kernel.outcome import TestOutcome

MESSAGE_LIMIT = 4 * 1024
"""Bytes of UTF-8 kept of a message, and of every name and property."""
DETAIL_LIMIT = 64 * 1024
"""Bytes of UTF-8 kept of a traceback, of a case's stdout and of its stderr, each."""


class Unreadable(BadRequest):
    """Not one case can be read from the file, or reading it would not be safe."""


@dataclass(frozen=True, slots=True)
class Note:
    """Something the reader met and went on from: a code for programs, words for people."""

    code: str
    message: str


@dataclass(slots=True)
class Evidence:
    """What a case left behind beside its outcome; most cases leave nothing.

    `raw_outcome` is the runner's own word (`flaky`, `skipped:pytest.xfail`, `timedout`);
    `cut` names the fields that were longer than their limit.
    """

    raw_outcome: str = ""
    exception_type: str | None = None
    message: str | None = None
    detail: str | None = None
    stdout: str | None = None
    stderr: str | None = None
    properties: list[tuple[str, str]] = field(default_factory=list)
    cut: tuple[str, ...] = ()


@dataclass(slots=True)
class Suite:
    """A suite as its file names it: `path` is what its cases say, `name` its own name."""

    path: str
    name: str
    properties: list[tuple[str, str]] = field(default_factory=list)


class ParsedCase(NamedTuple):
    """One case, as `Cases.rows` shows it. `time` is in seconds."""

    suite: str
    classname: str
    name: str
    time: float
    outcome: TestOutcome
    evidence: Evidence | None


@dataclass(slots=True)
class Cases:
    """Cases in file order. All columns have the same length.

    `suites` holds the path of nested suites joined with "/"; `outcomes` one byte per
    case (`TestOutcome` values); `evidence` is keyed by position. `declared` are the suites
    that began in this batch, also those without a case; their properties may still come.
    """

    suites: list[str] = field(default_factory=list)
    classnames: list[str] = field(default_factory=list)
    names: list[str] = field(default_factory=list)
    times: list[float] = field(default_factory=list)
    outcomes: bytearray = field(default_factory=bytearray)
    evidence: dict[int, Evidence] = field(default_factory=dict)
    declared: list[Suite] = field(default_factory=list)

    def __len__(self) -> int:
        return len(self.names)

    def extend(self, more: "Cases") -> None:
        """Append another batch."""
        start = len(self.names)
        self.suites += more.suites
        self.classnames += more.classnames
        self.names += more.names
        self.times += more.times
        self.outcomes += more.outcomes
        self.declared += more.declared
        for position, evidence in more.evidence.items():
            self.evidence[start + position] = evidence

    def rows(self) -> Iterator[ParsedCase]:
        """The cases one by one."""
        columns = zip(
            self.suites, self.classnames, self.names, self.times, self.outcomes, strict=True
        )
        for position, (suite, classname, name, time, byte) in enumerate(columns):
            outcome = TestOutcome(chr(byte))
            yield ParsedCase(suite, classname, name, time, outcome, self.evidence.get(position))


class ParserSession(Protocol):
    """One file being read. Not for use from two threads at once."""

    @property
    def notes(self) -> list[Note]:
        """What was recovered, cut or refused so far; complete after `close`."""
        ...

    def feed(self, chunk: bytes) -> Cases:
        """The cases that this chunk completed; Unreadable when going on is not safe."""
        ...

    def close(self) -> Cases:
        """The rest; Unreadable when the file held nothing that could be read."""
        ...


@runtime_checkable
class ResultParser(Protocol):
    """A reader of one family of result files, named by the MIME type of its uploads."""

    mime: str

    def open(self) -> ParserSession:
        """Start reading a file."""
        ...
