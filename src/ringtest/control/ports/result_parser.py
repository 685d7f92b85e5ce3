"""Reading result files of test runners: bytes in, test cases out, in columns.

A file of 20,000 cases costs as much as its reader spends per case, so the cases of
a batch are columns (one list per field), not objects; `Cases.rows` is for those who
look at few. Readers never drop a case silently: what is cut, replaced or missing is
told in `notes`.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from typing import NamedTuple, Protocol, runtime_checkable

from ringtest.control.kernel.errors import BadRequest
from ringtest.control.kernel.outcome import TestOutcome

MESSAGE_LIMIT = 4 * 1024
"""Bytes of UTF-8 kept of a message, and of every name and property."""
DETAIL_LIMIT = 64 * 1024
"""Bytes of UTF-8 kept of a traceback, of a case's stdout and of its stderr, each."""
MAX_NOTES = 50
"""Notes kept of one file; the last one counts the rest."""
MAX_ATTEMPTS = 20
"""Other tries kept of one case, the first ones."""
MAX_STEPS = 1_000
"""Steps kept of one case, at all depths."""
MAX_STEP_DEPTH = 20
"""Steps inside one another; what is deeper is left out."""
MAX_PROPERTIES = 1_000
"""Properties, and parameters, and attachments, kept of one case or suite, each."""
MAX_CASES = 1_000_000
"""Cases read of one file."""
MAX_EVIDENCE = 64 * 1024 * 1024
"""Characters of messages, tracebacks and output kept of one file."""
SNIFF_BYTES = 4 * 1024
"""Bytes that `ResultParser.sniff` is shown: the beginning of the file."""


class Unreadable(BadRequest):
    """Not one case can be read from the file, or reading it would not be safe."""


@dataclass(frozen=True, slots=True)
class Note:
    """Something the reader met and went on from: a code for programs, words for people."""

    code: str
    message: str


class Notes:
    """Notes of one file, at most MAX_NOTES of them."""

    def __init__(self) -> None:
        self.items: list[Note] = []
        self._left_out = 0

    def add(self, code: str, message: str, *, once: bool = False) -> None:
        """Tell something; with `once` only if nothing was told under this code."""
        if once and any(note.code == code for note in self.items):
            return
        if len(self.items) < MAX_NOTES:
            self.items.append(Note(code, message))
            return
        self._left_out += 1
        self.items[-1] = Note("more", f"{self._left_out} more notes were left out")


@dataclass(slots=True)
class Attempt:
    """A try of a case that was not the one that stands. `seconds` may be unknown."""

    outcome: TestOutcome
    raw_outcome: str = ""
    seconds: float | None = None
    exception_type: str | None = None
    message: str | None = None
    detail: str | None = None
    stdout: str | None = None
    stderr: str | None = None


@dataclass(slots=True)
class Step:
    """A part of a case, with parts of its own. `started_at` is ISO 8601, UTC, or empty;
    INFO is the outcome of what neither passes nor fails."""

    name: str
    outcome: TestOutcome
    raw_outcome: str = ""
    started_at: str = ""
    seconds: float | None = None
    message: str | None = None
    steps: list["Step"] = field(default_factory=list)


@dataclass(frozen=True, slots=True)
class Attachment:
    """A file that a case left somewhere else: a path or an address, never its bytes."""

    name: str
    reference: str
    mime: str | None = None


@dataclass(slots=True)
class Evidence:
    """What a case left behind beside its outcome; most cases leave nothing.

    `raw_outcome` is the runner's own word (`flaky`, `skipped:pytest.xfail`, `timedout`);
    `raw_name` the runner's own name, if the column `names` holds a steadier one;
    `attempts` are the other tries, in the order of the file, without the one that stands;
    `parameters` are names and values; `cut` names the fields that were longer than
    their limit.
    """

    raw_outcome: str = ""
    exception_type: str | None = None
    message: str | None = None
    detail: str | None = None
    stdout: str | None = None
    stderr: str | None = None
    properties: list[tuple[str, str]] = field(default_factory=list)
    cut: tuple[str, ...] = ()
    raw_name: str = ""
    attempts: Sequence[Attempt] = ()
    steps: Sequence[Step] = ()
    parameters: Sequence[tuple[str, str]] = ()
    attachments: Sequence[Attachment] = ()

    def is_retried(self, outcome: TestOutcome) -> bool:
        """Whether another attempt came to something else than `outcome`, which stands.

        A case that failed each time it was tried was not decided by trying again.
        """
        return any(one.outcome.is_bad != outcome.is_bad for one in self.attempts)


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
    """A reader of one family of result files.

    Which one reads an upload is decided by `reading.service.choose_parser`: the MIME type
    of the upload, or its name and its first bytes where the type says nothing.
    """

    @property
    def mimes(self) -> tuple[str, ...]:
        """MIME types of uploads that are meant for this reader and for no other, its own
        first: `application/junit`. Not `application/json`, which anything may be."""
        ...

    @property
    def names(self) -> tuple[str, ...]:
        """Patterns (`fnmatch`, lower case) of the names of such files: `*.tap`. Files of a
        type that may be anything are shown to `sniff` only under these."""
        ...

    def sniff(self, head: bytes) -> bool:
        """Whether the first SNIFF_BYTES of a file, of any name, can only be this format.

        False when in doubt: a log or a configuration that somebody uploads stays a file.
        Never raises, whatever the bytes.
        """
        ...

    def open(self) -> ParserSession:
        """Start reading a file."""
        ...
