"""For readers that make their cases one by one: columns, limits and the usual end of a file.

A reader says what it found, as long as it found it; here it is cut to the limits of
`ports.result_parser`, cleaned, and put into columns.
"""

import math
import re
from abc import ABC, abstractmethod
from collections.abc import Callable, Iterable, Sequence
from dataclasses import replace

from ringtest.control.kernel.excerpts import Sink, cut
from ringtest.control.kernel.incoming_text import Lines, beginning, clean
from ringtest.control.kernel.outcome import TestOutcome
from ringtest.control.ports.result_parser import (
    DETAIL_LIMIT,
    MAX_ATTEMPTS,
    MAX_CASES,
    MAX_EVIDENCE,
    MAX_PROPERTIES,
    MAX_STEP_DEPTH,
    MAX_STEPS,
    MESSAGE_LIMIT,
    SNIFF_BYTES,
    Attachment,
    Attempt,
    Cases,
    Evidence,
    Note,
    Notes,
    Step,
    Suite,
    Unreadable,
)

MAX_SUITES = 10_000
"""Suites whose names and properties are kept."""

_LAST_ERROR = re.compile(r"((?:[A-Za-z_]\w*\.)*[A-Z]\w*)(?::\s+(.*))?", re.ASCII)


def seconds(value: object) -> float:
    """A duration as a file tells it; 0 for what is none.

    >>> seconds("1.5"), seconds(-1), seconds("nan"), seconds(None)
    (1.5, 0.0, 0.0, 0.0)
    """
    if not isinstance(value, int | float | str):
        return 0.0
    try:
        number = float(value)
    except (ValueError, OverflowError):
        return 0.0
    return number if math.isfinite(number) and 0 <= number < 1e9 else 0.0


def text_of(value: object) -> str:
    """A text as a file of JSON or YAML tells it; empty for what is none.

    >>> text_of("broke"), text_of(None), text_of(["broke"])
    ('broke', '', '')
    """
    return value if isinstance(value, str) else ""


def last_error(detail: str) -> tuple[str | None, str | None]:
    """Type and message of the exception that a Python traceback ends with.

    >>> last_error("Traceback (most recent call last):\\n  x\\nValueError: no host\\n")
    ('ValueError', 'no host')
    >>> last_error("it went wrong")
    (None, None)
    """
    for line in reversed(detail[-DETAIL_LIMIT:].rstrip().split("\n")):
        found = _LAST_ERROR.fullmatch(line[:MESSAGE_LIMIT])
        if found and ("Traceback" in detail or found[2]):
            return found[1], found[2]
    return None, None


def worst(outcomes: Iterable[TestOutcome]) -> TestOutcome:
    """What a whole comes to by its parts, nothing known of it itself.

    >>> worst([TestOutcome.PASSED, TestOutcome.ERRORED, TestOutcome.FAILED])
    <TestOutcome.ERRORED: 'e'>
    """
    return min(outcomes, key=_GRAVITY.index, default=TestOutcome.INFO)


_GRAVITY = [
    TestOutcome.ERRORED,
    TestOutcome.FAILED,
    TestOutcome.XPASSED,
    TestOutcome.PASSED,
    TestOutcome.XFAILED,
    TestOutcome.BLOCKED,
    TestOutcome.SKIPPED,
    TestOutcome.INFO,
]


class Found:
    """Cases of one file, in batches."""

    def __init__(self, notes: Notes) -> None:
        self.total = 0
        self._notes = notes
        self._cases = Cases()
        self._allowance = MAX_EVIDENCE
        self._suites: dict[str, Suite] = {}

    @property
    def is_full(self) -> bool:
        """There are MAX_CASES; no more are taken."""
        return self.total >= MAX_CASES

    def add(
        self,
        name: str,
        outcome: TestOutcome,
        *,
        suite: str = "",
        classname: str = "",
        time: float = 0.0,
        evidence: Evidence | None = None,
    ) -> None:
        """A case; `time` in seconds."""
        if self.is_full:
            self._notes.add("too_many_cases", f"cases after {MAX_CASES} were left out", once=True)
            return
        self.total += 1
        cases = self._cases
        cases.suites.append(self._name(suite))
        cases.classnames.append(self._name(classname))
        cases.names.append(self._name(name))
        cases.times.append(time)
        cases.outcomes += outcome.value.encode()
        if evidence is not None and evidence != _NOTHING:
            cases.evidence[len(cases) - 1] = self._within_limits(evidence)

    def declare(self, path: str, name: str = "") -> Suite | None:
        """The suite of this path; None when there are too many."""
        path = self._name(path)
        if path not in self._suites:
            if len(self._suites) >= MAX_SUITES:
                return None
            self._suites[path] = Suite(path, self._name(name or path))
            self._cases.declared.append(self._suites[path])
        return self._suites[path]

    def add_property(self, path: str, name: str, value: str) -> None:
        """Something that is true of a whole suite."""
        suite = self.declare(path)
        if suite is not None and len(suite.properties) < MAX_PROPERTIES:
            suite.properties.append((self._name(name), cut(clean(value), MESSAGE_LIMIT)))

    def change(
        self, since: int, outcome: TestOutcome, raw: str, tell: Callable[[str], str], unless: str
    ) -> int:
        """Cases of this number and later ones come to `outcome` after all.

        tell: what their message becomes, by the one they had.
        unless: outcomes that stay as they are, though their message does not.
        Returns how many were taken before: these stay as they were.
        """
        cases = self._cases
        taken = self.total - len(cases)
        for at in range(max(0, since - taken), len(cases)):
            own = cases.evidence.get(at, _NOTHING)
            if chr(cases.outcomes[at]) not in unless:
                cases.outcomes[at] = ord(outcome.value)
                own = replace(own, raw_outcome=raw)
            cases.evidence[at] = replace(own, message=_line(tell(own.message or "")))
        return max(0, taken - since)

    @property
    def held(self) -> int:
        """Cases that nobody took yet."""
        return len(self._cases)

    def take(self) -> Cases:
        """The cases since the last call."""
        cases, self._cases = self._cases, Cases()
        return cases

    def _name(self, text: str) -> str:
        tidy = clean(text)
        if tidy != text:
            self._notes.add("control_characters", "control characters were replaced", once=True)
        short = cut(tidy, MESSAGE_LIMIT)
        if short != tidy:
            self._notes.add("name_cut", "names of more than 4 KiB were cut", once=True)
        return short

    def _within_limits(self, raw: Evidence) -> Evidence:
        told = list(raw.cut)
        message = _line(raw.message)
        if message is not None and message != clean(raw.message or "").strip():
            told.append("message")
        attempts = [self._attempt(one) for one in raw.attempts[-MAX_ATTEMPTS:]]
        if len(attempts) < len(raw.attempts):
            told.append("attempts")
        steps = _Steps()
        kept = replace(
            raw,
            message=message,
            exception_type=_line(raw.exception_type),
            raw_outcome=_line(raw.raw_outcome) or "",
            raw_name=_line(raw.raw_name) or "",
            properties=_pairs(raw.properties, "properties", told),
            parameters=_pairs(raw.parameters, "parameters", told),
            attempts=attempts,
            steps=steps.within(raw.steps, 1),
            attachments=[_attachment(one) for one in raw.attachments[:MAX_PROPERTIES]],
        )
        self._cut_texts(kept, told)
        kept.cut = tuple(dict.fromkeys([*told, *(["steps"] if steps.is_cut else [])]))
        return kept

    def _attempt(self, raw: Attempt) -> Attempt:
        kept = replace(raw, message=_line(raw.message), exception_type=_line(raw.exception_type))
        self._cut_texts(kept, [])
        return kept

    def _cut_texts(self, kept: Evidence | Attempt, told: list[str]) -> None:
        kept.detail = self._text(kept.detail, "detail", told)
        kept.stdout = self._text(kept.stdout, "stdout", told)
        kept.stderr = self._text(kept.stderr, "stderr", told)

    def _text(self, text: str | None, key: str, told: list[str]) -> str | None:
        if not text:
            return None
        sink = Sink(min(DETAIL_LIMIT, self._allowance))
        sink.add(clean(text))
        self._allowance -= sink.size()
        if self._allowance <= 0:
            self._notes.add("evidence", "too much output: later texts were left out", once=True)
        kept, is_cut = sink.take() if self._allowance > 0 else (None, True)
        if is_cut:
            told.append(key)
        return kept


_NOTHING = Evidence()


def _line(text: str | None) -> str | None:
    return cut(clean(text).strip(), MESSAGE_LIMIT) or None if text else None


def _pairs(pairs: Sequence[tuple[str, str]], key: str, told: list[str]) -> list[tuple[str, str]]:
    if len(pairs) > MAX_PROPERTIES:
        told.append(key)
    return [
        (cut(clean(name), MESSAGE_LIMIT), cut(clean(value), MESSAGE_LIMIT))
        for name, value in pairs[:MAX_PROPERTIES]
    ]


def _attachment(raw: Attachment) -> Attachment:
    return Attachment(_line(raw.name) or "", _line(raw.reference) or "", raw.mime)


class _Steps:
    """Counts the steps of one case at all depths."""

    def __init__(self) -> None:
        self._left = MAX_STEPS
        self.is_cut = False

    def within(self, steps: Sequence[Step], depth: int) -> list[Step]:
        """As many as there is room for."""
        if steps and depth > MAX_STEP_DEPTH:
            self.is_cut = True
            return []
        kept = []
        for step in steps:
            if self._left <= 0:
                self.is_cut = True
                break
            self._left -= 1
            kept.append(
                replace(
                    step,
                    name=_line(step.name) or "",
                    raw_outcome=_line(step.raw_outcome) or "",
                    message=_line(step.message),
                    steps=self.within(step.steps, depth + 1),
                )
            )
        return kept


class ReadingSession(ABC):
    """One file being read: what a format needs beside this is `_read` and `_finish`."""

    FORMAT = ""
    """What the format is called in messages."""

    def __init__(self) -> None:
        self._notes = Notes()
        self._found = Found(self._notes)
        self._is_known = False
        """Something of this format has been seen."""

    @property
    def notes(self) -> list[Note]:
        """See `ParserSession`."""
        return self._notes.items

    def feed(self, chunk: bytes) -> Cases:
        """See `ParserSession`."""
        if not self._found.is_full:
            self._read(chunk)
        return self._found.take()

    def close(self) -> Cases:
        """See `ParserSession`."""
        self._finish()
        if not self._found.total:
            if not self._is_known:
                raise Unreadable(f"Invalid {self.FORMAT}: nothing of it was found")
            self._notes.add("empty", "the file holds no test case")
        return self._found.take()

    def _tell(self, code: str, message: str) -> None:
        self._notes.add(code, message, once=True)

    @abstractmethod
    def _read(self, chunk: bytes) -> None:
        """Read on."""

    @abstractmethod
    def _finish(self) -> None:
        """The file ends here."""


class LineSession(ReadingSession):
    """One file being read line by line: what a format needs is `_line` and `_end_of_file`."""

    def __init__(self) -> None:
        super().__init__()
        self._lines = Lines(self._tell)

    def _read(self, chunk: bytes) -> None:
        for line in self._lines.feed(chunk):
            self._line(line)

    def _finish(self) -> None:
        lines, rest = self._lines.close()
        for line in lines:
            self._line(line)
        self._end_of_file(rest)

    @abstractmethod
    def _line(self, line: str) -> None:
        """A line without its end, clean."""

    @abstractmethod
    def _end_of_file(self, rest: str) -> None:
        """The file ends here, behind `rest`: a line without an end, or nothing."""


class EitherSession:
    """One file of a format that has two forms: which one its beginning tells."""

    def __init__(self, choose: Callable[[str], ReadingSession]) -> None:
        self._choose = choose
        self._head = b""
        self._chosen: ReadingSession | None = None

    @property
    def notes(self) -> list[Note]:
        """See `ParserSession`."""
        return self._chosen.notes if self._chosen else []

    def feed(self, chunk: bytes) -> Cases:
        """See `ParserSession`."""
        if self._chosen is None:
            self._head += chunk
            text = beginning(self._head[:SNIFF_BYTES]).lstrip()
            if len(self._head) < _HEAD or (not text and len(self._head) < SNIFF_BYTES):
                return Cases()
            chunk, self._head = self._head, b""
            self._chosen = self._choose(text)
        return self._chosen.feed(chunk)

    def close(self) -> Cases:
        """See `ParserSession`."""
        if self._chosen is not None:
            return self._chosen.close()
        self._chosen = self._choose(beginning(self._head).lstrip())
        cases = self._chosen.feed(self._head)
        cases.extend(self._chosen.close())
        return cases


_HEAD = 16
"""Bytes without which no form can be told."""
