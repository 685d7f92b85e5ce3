"""`output.xml` of Robot Framework: port `result_parser`.

Read as a stream, whatever its size; files of Robot Framework 3.1 to 7. Keywords and control
structures are steps. Results that `rebot --merge` put together tell the earlier attempts.
"""

import html
import re
from dataclasses import dataclass, field
from datetime import UTC, datetime

from ringtest.control.kernel.excerpts import cut
from ringtest.control.kernel.incoming_text import beginning
from ringtest.control.kernel.outcome import TestOutcome
from ringtest.control.kernel.settings import Settings
from ringtest.control.kernel.xml_stream import Refused, XmlStream, first_element
from ringtest.control.ports.result_cases import ReadingSession, last_error, seconds
from ringtest.control.ports.result_parser import (
    DETAIL_LIMIT,
    MAX_PROPERTIES,
    MAX_STEP_DEPTH,
    MAX_STEPS,
    MESSAGE_LIMIT,
    Attempt,
    Cases,
    Evidence,
    Step,
    Unreadable,
)

PORT = "result_parser"

_STEPS = {
    *("kw", "for", "iter", "if", "branch", "try", "while", "group"),
    *("return", "break", "continue", "variable", "error"),
}
_OUTCOMES = {
    "PASS": TestOutcome.PASSED,
    "FAIL": TestOutcome.FAILED,
    "SKIP": TestOutcome.SKIPPED,
    "NOT RUN": TestOutcome.SKIPPED,
    "NOT_RUN": TestOutcome.SKIPPED,
}
_LANDMARK = re.compile(rb"<(?:test|suite)(?=[\s>])|</suite>|<statistics>")
MAX_HELD = 10_000
"""Cases kept back until their suites have ended: a teardown that fails fails them all."""
_SPARED = TestOutcome.SKIPPED.value + TestOutcome.FAILED.value + TestOutcome.ERRORED.value
_TORN = "Parent suite teardown failed:\n"
_ALSO_TORN = "\n\nAlso parent suite teardown failed:\n"
_LATE_SKIP = "Skipped in parent suite teardown:\n"
_KEPT_TEXTS = {"msg", "tag", "doc", "status", "meta", "stat", "timeout", "arg"}
_MARKUP = re.compile(r"<[^>]{0,1000}>")
_LINE_END = re.compile(r"<br\s*/?>|<hr\s*/?>", re.I)
_MERGED = re.compile(r"re-executed and results merged", re.I)
_STATUS = re.compile(r"(Old|New) status:</span>\s*<span class=\"(\w+)\">")
_MESSAGE = re.compile(r"(?:Old|New) message:</span>\s*(.*)", re.S)


@dataclass(slots=True)
class _Test:
    """A test that has begun."""

    name: str
    steps: list[Step] = field(default_factory=list)
    open: list[Step] = field(default_factory=list)
    skipped_steps: int = 0
    """Open steps that are too deep or too many to be kept."""
    count: int = 0
    tags: list[str] = field(default_factory=list)
    doc: str = ""
    said: list[str] = field(default_factory=list)
    said_size: int = 0


@dataclass(slots=True)
class _Element:
    """An open element and what it holds of text."""

    name: str
    attributes: dict[str, str]
    text: list[str] = field(default_factory=list)
    size: int = 0


class _Reader:
    """What the elements mean."""

    def __init__(self, session: "RobotSession") -> None:
        self._session = session
        self._open: list[_Element] = []
        self.suites: list[str] = []
        self._begun: list[int] = []
        """Of each open suite: the number of its first case."""
        self.test: _Test | None = None
        self.is_robot = False
        self.counted: int | None = None

    def start(self, name: str, attributes: dict[str, str]) -> None:
        """See `xml_stream.Events`."""
        self._open.append(_Element(name, attributes))
        if name == "robot":
            self.is_robot = True
        elif name == "suite" and self._parent() in ("robot", "suite"):
            self.suites.append(cut(attributes.get("name", ""), MESSAGE_LIMIT))
            self._begun.append(self._session.total)
            self._session.declare(self.suites)
        elif name == "test" and self._parent() == "suite":
            self.test = _Test(attributes.get("name", ""))
        elif name in _STEPS and self.test is not None:
            self._start_step(self.test, name, attributes)

    def _parent(self) -> str:
        return self._open[-2].name if len(self._open) > 1 else ""

    def text(self, text: str) -> None:
        """See `xml_stream.Events`."""
        if self._open and self._open[-1].name in _KEPT_TEXTS:
            element = self._open[-1]
            if element.size <= DETAIL_LIMIT:
                element.text.append(text[: DETAIL_LIMIT + 1])
            element.size += len(text)

    def end(self, name: str) -> None:
        """See `xml_stream.Events`."""
        element = self._open.pop()
        text = "".join(element.text)
        outer = self._open[-1].name if self._open else ""
        if self.test is not None:
            self._end_in_test(self.test, element, text, outer)
        elif name == "suite" and outer in ("robot", "suite") and self.suites:
            self.suites.pop()
            self._begun.pop()
        elif name == "status" and outer == "kw" and self._is_teardown_of_suite():
            self._session.torn_down(self._begun[-1], element.attributes.get("status", ""), text)
        elif name == "meta" and outer == "suite":
            # before Robot Framework 4: <metadata><item name=…>
            self._session.suite_property(self.suites, element.attributes.get("name", ""), text)
        elif name == "stat" and outer == "total":
            self._count(element.attributes, text)
        elif name == "msg" and outer == "errors":
            level = element.attributes.get("level", "ERROR")
            self._session.note("runner_message", f"{level}: {text[:1000]}")

    def _is_teardown_of_suite(self) -> bool:
        around = self._open[-2:]
        return (
            [one.name for one in around] == ["suite", "kw"]
            and around[1].attributes.get("type", "").upper() == "TEARDOWN"
            and bool(self._begun)
        )

    def _count(self, attributes: dict[str, str], text: str) -> None:
        numbers = [attributes.get(key, "0") for key in ("pass", "fail", "skip")]
        if text == "All Tests" and all(one.isdecimal() and len(one) < 10 for one in numbers):
            self.counted = sum(map(int, numbers))

    def _start_step(self, test: _Test, kind: str, attributes: dict[str, str]) -> None:
        if test.skipped_steps or len(test.open) >= MAX_STEP_DEPTH or test.count >= MAX_STEPS:
            test.skipped_steps += 1
            test.count += 1
            return
        name = cut(_step_name(kind, attributes), MESSAGE_LIMIT)
        step = Step(name, TestOutcome.ERRORED, "")
        (test.open[-1].steps if test.open else test.steps).append(step)
        test.open.append(step)
        test.count += 1

    def _end_in_test(self, test: _Test, element: _Element, text: str, outer: str) -> None:
        name, attributes = element.name, element.attributes
        if name in _STEPS:
            if test.skipped_steps:
                test.skipped_steps -= 1
            elif test.open:
                test.open.pop()
        elif name == "msg":
            self._say(test, attributes.get("level", "INFO"), text)
        elif name == "status" and outer in _STEPS and not test.skipped_steps and test.open:
            step = test.open[-1]
            step.raw_outcome = attributes.get("status", "")
            step.outcome = _OUTCOMES.get(step.raw_outcome, TestOutcome.ERRORED)
            step.started_at, step.seconds = _times(attributes)
            step.message = cut(text, MESSAGE_LIMIT) or step.message
        elif name == "tag" and outer in ("test", "tags") and len(test.tags) < MAX_PROPERTIES:
            test.tags.append(cut(text, MESSAGE_LIMIT))
        elif name == "doc" and outer == "test":
            test.doc = text
        elif name == "status" and outer == "test":
            self._session.case(self.suites, test, attributes, text)
            self._session.ended = test
        elif name == "test":
            if self._session.ended is not test:
                self._session.lost(self.suites, test, "the test has no status")
            self.test = None

    def _say(self, test: _Test, level: str, text: str) -> None:
        if test.said_size <= 2 * DETAIL_LIMIT:
            test.said.append(f"{level}  {text}")
        test.said_size += len(text)
        if test.open and not test.skipped_steps and level in ("FAIL", "ERROR", "WARN"):
            test.open[-1].message = cut(text, MESSAGE_LIMIT)

    def broken(self, why: str) -> list[str]:
        """See `xml_stream.Events`."""
        self._session.note("malformed", f"{why}; reading goes on at the next test")
        if self.test is not None and self._session.ended is not self.test:
            self._session.lost(self.suites, self.test, f"the result file is broken here: {why}")
        self.test = None
        names = ["robot", *("suite" for _ in self.suites)]
        self._open = [_Element(name, {}) for name in names]
        return names


class RobotSession(ReadingSession):
    """One file being read."""

    FORMAT = "Robot Framework output"

    def __init__(self) -> None:
        super().__init__()
        self._reader = _Reader(self)
        self._stream = XmlStream(self._reader, _LANDMARK, self._tell)
        self.ended: _Test | None = None
        """The test whose outcome has been told."""

    def _read(self, chunk: bytes) -> None:
        try:
            self._stream.feed(chunk)
        except Refused as refusal:
            raise Unreadable(f"Invalid XML: {refusal}") from None
        self._is_known = self._reader.is_robot

    def feed(self, chunk: bytes) -> Cases:
        """See `ParserSession`."""
        if not self._found.is_full:
            self._read(chunk)
        keeps = bool(self._reader.suites) and self._found.held <= MAX_HELD
        return Cases() if keeps else self._found.take()

    @property
    def total(self) -> int:
        """Cases so far."""
        return self._found.total

    def _finish(self) -> None:
        why = self._stream.close()
        self._is_known = self._reader.is_robot
        reader = self._reader
        if why is not None and self._is_known:
            inside = f" inside of {reader.test.name[:200]!r}" if reader.test else ""
            self._notes.add("truncated", f"the file ends{inside}: {why}")
            if reader.test is not None and self.ended is not reader.test:
                self.lost(reader.suites, reader.test, "the file ends inside of this test")
        if reader.counted is not None and reader.counted != self._found.total:
            self._notes.add(
                "count_mismatch",
                f"{reader.counted} tests are counted and {self._found.total} are there",
            )

    # what the reader tells

    def note(self, code: str, message: str) -> None:
        """Something people should know."""
        self._notes.add(code, message)

    def declare(self, suites: list[str]) -> None:
        """A suite begins."""
        self._found.declare("/".join(suites), suites[-1])

    def suite_property(self, suites: list[str], name: str, value: str) -> None:
        """Metadata of a suite."""
        self._found.add_property("/".join(suites), name, value)

    def torn_down(self, since: int, status: str, message: str) -> None:
        """A suite's teardown has ended: what it comes to, all the suite's tests come to."""
        if status == "FAIL":
            told = self._found.change(
                since,
                TestOutcome.FAILED,
                status,
                lambda own: f"{own}{_ALSO_TORN if own else _TORN}{message}",
                _SPARED,
            )
        elif status == "SKIP":
            told = self._found.change(
                since,
                TestOutcome.SKIPPED,
                status,
                lambda own: f"{_LATE_SKIP}{message}" + (f"\n\nEarlier message:\n{own}" * bool(own)),
                "",
            )
        else:
            return
        if told:
            text = f"{told} tests of a suite whose teardown came to {status} stand as they were"
            self._notes.add("suite_teardown", text, once=True)

    def lost(self, suites: list[str], test: _Test, why: str) -> None:
        """A test whose outcome nobody knows."""
        evidence = Evidence(raw_outcome="unreadable", message=why, steps=test.steps)
        self._found.add(test.name, TestOutcome.ERRORED, suite="/".join(suites), evidence=evidence)

    def case(
        self, suites: list[str], test: _Test, attributes: dict[str, str], message: str
    ) -> None:
        """A test has ended."""
        raw = attributes.get("status", "")
        outcome = _OUTCOMES.get(raw)
        if outcome is None:
            self._notes.add("unknown_outcome", f"{raw[:100]!r} of {test.name[:200]!r}")
            outcome = TestOutcome.ERRORED
        attempts, text = _attempts(message)
        said = "\n".join(test.said) if outcome is not TestOutcome.PASSED else ""
        self._found.add(
            test.name,
            outcome,
            suite="/".join(suites),
            time=_times(attributes)[1],
            evidence=Evidence(
                raw_outcome="" if raw == "PASS" else raw,
                exception_type=last_error(text)[0] if outcome.is_bad else None,
                message=text,
                detail=text if outcome.is_bad and len(text) > MESSAGE_LIMIT else None,
                stdout=said,
                properties=[
                    *(("tag", tag) for tag in test.tags),
                    *((("doc", test.doc),) if test.doc else ()),
                ],
                attempts=attempts,
                steps=test.steps,
                cut=("steps",) if test.count > MAX_STEPS else (),
            ),
        )


def _step_name(kind: str, attributes: dict[str, str]) -> str:
    """What a step is called in Robot's own log, more or less."""
    name = attributes.get("name") or attributes.get("kwname") or ""
    owner = attributes.get("owner") or attributes.get("library") or ""
    role = attributes.get("type", "")
    if kind == "kw":
        words = [
            role if role not in ("KEYWORD", "kw") else "",
            f"{owner}.{name}" if owner else name,
        ]
    else:
        words = [role or kind.upper(), attributes.get("condition", ""), name]
    return " ".join(filter(None, words))


def _times(attributes: dict[str, str]) -> tuple[str, float]:
    """Start (ISO 8601) and seconds; before Robot Framework 7 by start and end.

    >>> _times({"starttime": "20260102 10:00:00.500", "endtime": "20260102 10:00:02.000"})
    ('2026-01-02T10:00:00.500000', 1.5)
    """
    if "elapsed" in attributes:
        return attributes.get("start", ""), seconds(attributes["elapsed"])
    start, end = (_old_time(attributes.get(key, "")) for key in ("starttime", "endtime"))
    taken = (end - start).total_seconds() if start and end else 0.0
    return (start.replace(tzinfo=None).isoformat() if start else ""), max(0.0, taken)


def _old_time(text: str) -> datetime | None:
    try:
        return datetime.strptime(text, "%Y%m%d %H:%M:%S.%f").replace(tzinfo=UTC)
    except ValueError:
        return None


def _plain(markup: str) -> str:
    return html.unescape(_MARKUP.sub("", _LINE_END.sub("\n", markup))).strip()


def _attempts(message: str) -> tuple[list[Attempt], str]:
    """Earlier attempts, first one first, and the message of the last one."""
    if not message.startswith("*HTML*"):
        return [], message
    markup = message.removeprefix("*HTML*")
    if not _MERGED.search(markup):
        return [], _plain(markup)
    attempts, last = [], ""
    for part in markup.split("<hr>"):
        status, told = _STATUS.search(part), _MESSAGE.search(part)
        text = _plain(told[1]) if told else ""
        if status and status[1] == "Old":
            raw = status[2].upper()
            outcome = _OUTCOMES.get(raw, TestOutcome.ERRORED)
            attempts.append(Attempt(outcome, raw, message=text or None))
        elif status:
            last = text
    return attempts[::-1], last


class RobotParser:
    """Reads `output.xml`."""

    mimes = ("application/x-robot+xml",)
    names = ("*output*.xml", "*robot*.xml", "*rebot*.xml")

    def sniff(self, head: bytes) -> bool:
        """See `ResultParser`."""
        return first_element(beginning(head)) == "robot"

    def open(self) -> RobotSession:
        """See `ResultParser`."""
        return RobotSession()


def create(settings: Settings) -> RobotParser:
    """The reader of Robot Framework's output."""
    return RobotParser()
