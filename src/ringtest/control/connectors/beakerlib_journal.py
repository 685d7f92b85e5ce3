"""BeakerLib: `journal.xml`, and the text of `TESTOUT.log`; port `result_parser`.

A test is one case, its phases are steps, and their assertions are steps of these. What
BeakerLib counted as good and bad is compared with what is there.
"""

import re
from dataclasses import dataclass, field

from ringtest.control.kernel.excerpts import cut
from ringtest.control.kernel.incoming_text import beginning
from ringtest.control.kernel.outcome import TestOutcome
from ringtest.control.kernel.settings import Settings
from ringtest.control.kernel.xml_stream import Refused, XmlStream, first_element
from ringtest.control.ports.result_cases import EitherSession, Found, LineSession, ReadingSession
from ringtest.control.ports.result_parser import (
    DETAIL_LIMIT,
    MAX_PROPERTIES,
    MAX_STEPS,
    MESSAGE_LIMIT,
    Evidence,
    Notes,
    Step,
    Unreadable,
)

PORT = "result_parser"

_OUTCOMES = {
    "PASS": TestOutcome.PASSED,
    "FAIL": TestOutcome.FAILED,
    "WARN": TestOutcome.FAILED,
    "ERROR": TestOutcome.ERRORED,
}
_ABOUT = (
    *("test_id", "package", "beakerlib_rpm", "release", "hostname", "arch", "hw_cpu", "hw_ram"),
    *("starttime", "endtime"),
)
_LANDMARK = re.compile(rb"<phase(?=[\s>])|</log>")
_BAR = re.compile(r":{20,}\s*")
_TITLE = re.compile(r"::   (\S.*?)\s*")
_LINE = re.compile(r":: (?:\[ *[\d:.]+ *\] :: )?\[ *([A-Z]+) *\] :: (.*)")
_RESULT = re.compile(r"RESULT: ([A-Z]+)(?: \((.*)\))?")
_OVERALL = re.compile(r"OVERALL RESULT: ([A-Z]+)(?: \((.*)\))?")
_ASSERTIONS = re.compile(r"Assertions: (\d{1,9}) good, (\d{1,9}) bad")
_PHASES = re.compile(r"Phases: (\d{1,9}) good, (\d{1,9}) bad")
_DURATION = re.compile(r"Duration: (?:(\d{1,6})h )?(?:(\d{1,6})m )?(\d{1,8})s")
_NAME = re.compile(r"\s+Test name\s*: (\S.*)")
_SECONDS = re.compile(r"(\d\d):(\d\d):(\d\d)")


@dataclass(slots=True)
class _Test:
    """A test that has begun."""

    name: str = ""
    phases: list[Step] = field(default_factory=list)
    open: Step | None = None
    steps: int = 0
    good: int = 0
    bad: int = 0
    time: float = 0.0
    said: list[str] = field(default_factory=list)
    size: int = 0
    about: list[tuple[str, str]] = field(default_factory=list)

    def say(self, line: str) -> None:
        """A line of output."""
        if self.size <= 2 * DETAIL_LIMIT:
            self.said.append(line)
        self.size += len(line) + 1

    def begin(self, name: str, started_at: str = "") -> None:
        """A phase begins."""
        self.open = Step(cut(name, MESSAGE_LIMIT), TestOutcome.ERRORED, "unfinished", started_at)
        if len(self.phases) <= MAX_STEPS:
            self.phases.append(self.open)

    def check(self, word: str, text: str) -> None:
        """An assertion; outside of phases too."""
        outcome = _OUTCOMES.get(word, TestOutcome.ERRORED)
        self.good += not outcome.is_bad
        self.bad += outcome.is_bad
        self.steps += 1
        if self.steps <= MAX_STEPS:
            step = Step(cut(text, MESSAGE_LIMIT), outcome, word)
            (self.open.steps if self.open else self.phases).append(step)

    def end_phase(self, word: str) -> None:
        """The open phase ends."""
        if self.open is not None:
            self.open.raw_outcome = word
            self.open.outcome = _OUTCOMES.get(word, TestOutcome.ERRORED)
        self.open = None


def _add(found: Found, test: _Test, overall: str, why: str = "") -> None:
    """Make a case of the test; `why` it has no end, if it has none."""
    raws = [phase.raw_outcome for phase in test.phases]
    raw = overall or next((one for one in ("ERROR", "FAIL", "WARN", "PASS") if one in raws), "")
    outcome = _OUTCOMES.get(raw, TestOutcome.ERRORED) if raw else TestOutcome.INFO
    if why and not outcome.is_bad:
        outcome, raw = TestOutcome.ERRORED, "unfinished"
    checks = [
        step for phase in test.phases for step in (phase, *phase.steps) if step.outcome.is_bad
    ]
    first = next((step for step in checks if not step.steps), None)
    output = "\n".join(test.said)
    found.add(
        test.name or "(unnamed)",
        outcome,
        time=test.time,
        evidence=Evidence(
            raw_outcome="" if raw == "PASS" else raw,
            message=(first.name if first else why or None) if outcome.is_bad else None,
            detail=output if outcome.is_bad else None,
            stdout=None if outcome.is_bad else output,
            properties=[
                *test.about,
                ("assertions good", str(test.good)),
                ("assertions bad", str(test.bad)),
            ],
            steps=test.phases,
            cut=("steps",) if test.steps > MAX_STEPS else (),
        ),
    )


class _Journal:
    """What the elements of `journal.xml` mean."""

    def __init__(self, notes: Notes) -> None:
        self._notes = notes
        self._open: list[str] = []
        self._text: list[str] = []
        self._words: dict[str, str] = {}
        self._before = (0, 0)
        self.test = _Test()
        self.is_known = self.is_over = False

    def start(self, name: str, attributes: dict[str, str]) -> None:
        """See `xml_stream.Events`."""
        self._open.append(name)
        self._text = []
        self.is_known |= name == "BEAKER_TEST"
        if name == "phase":
            self._before = (self.test.good, self.test.bad)
            self.test.begin(attributes.get("name", ""))
            if self.test.open is not None:
                self.test.open.seconds = _between(attributes) or None
                self.test.open.raw_outcome = attributes.get("result", "")
        elif name in ("test", "message"):
            self._words = attributes

    def text(self, text: str) -> None:
        """See `xml_stream.Events`."""
        if len(self._text) <= DETAIL_LIMIT:
            self._text.append(text[: DETAIL_LIMIT + 1])

    def end(self, name: str) -> None:
        """See `xml_stream.Events`."""
        self._open.pop()
        text, self._text = "".join(self._text).strip(), []
        if name == "testname":
            self.test.name = text
        elif name in _ABOUT and text and len(self.test.about) < MAX_PROPERTIES:
            self.test.about.append((name, text))
        elif name == "test":
            self._check(text)
        elif name == "message":
            self.test.say(f"{self._words.get('severity', 'LOG')}  {text}")
        elif name == "phase":
            self._end_phase()
        elif name == "log":
            self.is_over = True

    def _check(self, word: str) -> None:
        message = self._words.get("message", "")
        self.test.check(word, message)
        self.test.say(f"{word}  {message}")

    def _end_phase(self) -> None:
        phase = self.test.open
        if phase is None:
            return
        bad = self.test.bad - self._before[1]
        word = phase.raw_outcome or ("FAIL" if bad else "PASS")
        if bad and word == "PASS":
            self._notes.add(
                "count_mismatch", f"phase {phase.name[:200]!r} is PASS with {bad} bad assertions"
            )
        self.test.end_phase(word)

    def broken(self, why: str) -> list[str]:
        """See `xml_stream.Events`."""
        self._notes.add("malformed", f"{why}; reading goes on at the next phase")
        self.test.open = None
        self._open = ["BEAKER_TEST", "log"]
        return list(self._open)


class JournalSession(ReadingSession):
    """A `journal.xml` being read."""

    FORMAT = "BeakerLib journal"

    def __init__(self) -> None:
        super().__init__()
        self._journal = _Journal(self._notes)
        self._stream = XmlStream(self._journal, _LANDMARK, self._tell)
        self._is_told = False

    def _read(self, chunk: bytes) -> None:
        try:
            self._stream.feed(chunk)
        except Refused as refusal:
            raise Unreadable(f"Invalid XML: {refusal}") from None
        self._is_known = self._journal.is_known

    def _finish(self) -> None:
        why = self._stream.close()
        self._is_known = self._journal.is_known
        test = self._journal.test
        if why is not None and self._is_known:
            self._notes.add("truncated", f"the file ends inside of {test.name[:200]!r}: {why}")
        if self._is_known and (test.name or test.phases):
            lost = "" if self._journal.is_over else "the journal has no end"
            test.time = _between(dict(test.about))
            _add(self._found, test, "", lost)


class TestoutSession(LineSession):
    """A `TESTOUT.log` being read."""

    __test__ = False  # not a test class, whatever pytest thinks of its name
    FORMAT = "BeakerLib output"

    def __init__(self) -> None:
        super().__init__()
        self._test: _Test | None = None
        self._is_behind_bar = False
        self._title = ""
        self._before = (0, 0)

    def _end_of_file(self, rest: str) -> None:
        if rest:
            self._line(rest)
        if self._is_known and rest.strip() and not rest.endswith(")"):
            self._notes.add("truncated", f"the file ends inside of the line {rest[:200]!r}")
        elif self._test is not None:
            name = self._test.name[:200]
            self._notes.add("truncated", f"the file ends before the result of {name!r}")
        if self._test is not None and (self._test.phases or self._test.name):
            _add(self._found, self._test, "", "the output ends before the result")

    def _line(self, line: str) -> None:
        if _BAR.fullmatch(line):
            if self._title:
                self._begin(self._title)
            self._is_behind_bar, self._title = not self._title, ""
            return
        title = _TITLE.fullmatch(line)
        if self._is_behind_bar and title and not _RESULT.search(line):
            self._title = title[1]
        elif title:
            self._about(title[1])
        else:
            self._said(line)
        self._is_behind_bar = False

    def _begin(self, title: str) -> None:
        if title == "TEST PROTOCOL":
            self._is_known = True
            self._test = _Test()
        elif self._test is not None and title != self._test.name:
            self._before = (self._test.good, self._test.bad)
            self._test.begin(title)

    def _said(self, line: str) -> None:
        if self._test is None:
            return
        self._test.say(line)
        name = _NAME.fullmatch(line)
        found = _LINE.match(line)
        if name and not self._test.phases:
            self._test.name = name[1].strip()
        elif found and found[1] in ("PASS", "FAIL", "WARN"):
            self._test.check(found[1], found[2])

    def _about(self, text: str) -> None:
        test = self._test
        if test is None:
            return
        test.say(f"::   {text}")
        duration = _DURATION.fullmatch(text)
        if duration:
            hours, minutes, rest = (int(one or 0) for one in duration.groups())
            taken = hours * 3600.0 + minutes * 60 + rest
            if test.open is not None:
                test.open.seconds = taken
            else:
                test.time = taken
        elif assertions := _ASSERTIONS.fullmatch(text):
            self._compare(test, int(assertions[1]), int(assertions[2]))
        elif overall := _OVERALL.fullmatch(text):
            test.name = test.name or overall[2] or ""
            _add(self._found, test, overall[1])
            self._test = None
        elif result := _RESULT.fullmatch(text):
            test.end_phase(result[1])

    def _compare(self, test: _Test, good: int, bad: int) -> None:
        seen = (test.good - self._before[0], test.bad - self._before[1])
        if seen != (good, bad):
            name = test.open.name[:200] if test.open else ""
            self._notes.add(
                "count_mismatch",
                f"phase {name!r} counts {good} good and {bad} bad assertions, "
                f"and has {seen[0]} and {seen[1]}",
            )


def _between(attributes: dict[str, str]) -> float:
    """Seconds between `starttime` and `endtime`, which tell the clock of one day.

    >>> _between({"starttime": "2026-01-10 23:59:58 CET", "endtime": "2026-01-11 00:00:01 CET"})
    3.0
    """
    clocks = [_SECONDS.search(attributes.get(key, "")) for key in ("starttime", "endtime")]
    if not clocks[0] or not clocks[1]:
        return 0.0
    start, end = (int(c[1]) * 3600 + int(c[2]) * 60 + int(c[3]) for c in clocks if c)
    return float((end - start) % 86400)


def _session(text: str) -> ReadingSession:
    return JournalSession() if text.startswith("<") else TestoutSession()


class BeakerlibParser:
    """Reads journals and outputs of BeakerLib."""

    mimes = ("application/x-beakerlib+xml", "text/x-beakerlib")
    names = ("*journal*.xml", "*testout*", "*beakerlib*")

    def sniff(self, head: bytes) -> bool:
        """See `ResultParser`."""
        text = beginning(head)
        if first_element(text) == "BEAKER_TEST":
            return True
        return bool(re.match(r"\s*:{20,}\n::   TEST PROTOCOL\s*\n:{20,}\n", text))

    def open(self) -> EitherSession:
        """See `ResultParser`."""
        return EitherSession(_session)


def create(settings: Settings) -> BeakerlibParser:
    """The reader of BeakerLib's journals."""
    return BeakerlibParser()
