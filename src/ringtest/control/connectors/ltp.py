"""Results of the Linux Test Project: port `result_parser`.

Two forms: what the tests print (with the frames of `ltp-pan`, or bare), and the JSON report
of `kirk` and `runltp-ng`. A test is a case, its TPASS, TFAIL … lines are its steps.
"""

import re
from dataclasses import dataclass, field
from typing import Any

from ringtest.control.kernel.excerpts import cut
from ringtest.control.kernel.incoming_text import Decoder, beginning
from ringtest.control.kernel.json_stream import JsonStream, NotJson, Part
from ringtest.control.kernel.outcome import TestOutcome
from ringtest.control.kernel.settings import Settings
from ringtest.control.ports.result_cases import EitherSession, LineSession, ReadingSession, seconds
from ringtest.control.ports.result_parser import (
    DETAIL_LIMIT,
    MAX_STEPS,
    MESSAGE_LIMIT,
    Evidence,
    Step,
)

PORT = "result_parser"

_TAGS = {
    "TPASS": TestOutcome.PASSED,
    "TFAIL": TestOutcome.FAILED,
    "TBROK": TestOutcome.ERRORED,
    "TWARN": TestOutcome.FAILED,
    "TCONF": TestOutcome.SKIPPED,
}
_ORDER = ("TBROK", "TFAIL", "TWARN", "TPASS", "TCONF")
"""The gravest of a test decides, and a single TPASS makes more of it than a skipped test."""
_LINE = re.compile(r"(?:\[[^\]]*\]\s*)?([\w.-]+?)(?:\.[ch]|\.sh)?:(\d+): (T[A-Z]{4}): ?(.*)")
_OLD_LINE = re.compile(r"([\w.-]+)\s+(\d+)\s+(T[A-Z]{4})\s*: {0,2}(.*)")
_SHELL_LINE = re.compile(r"([\w.-]+) (\d+) (T[A-Z]{4}): ?(.*)")
_SUMMARY = re.compile(r"(passed|failed|broken|skipped|warnings)\s+(\d{1,9})\s*")
_FRAME = re.compile(r"<<<(test_start|test_output|execution_status|test_end)>>>")
_TAG = re.compile(r"tag=(\S+)")
_STATUS = re.compile(r"(duration|termination_type|termination_id)=(\S+)")
_LIBRARY = ("tst_", "safe_", "ltp-")
"""Files of LTP itself: what they report belongs to the test that is running."""
_SUMMARY_OF = {"TPASS": "passed", "TFAIL": "failed", "TBROK": "broken", "TCONF": "skipped"}
_KIRK = {
    "pass": TestOutcome.PASSED,
    "fail": TestOutcome.FAILED,
    "warn": TestOutcome.FAILED,
    "brok": TestOutcome.ERRORED,
    "conf": TestOutcome.SKIPPED,
}
_KIRK_STATS = ("passed", "failed", "broken", "skipped", "warnings")
_SEEN = re.compile(r"^(?:<<<test_start>>>|\S*tst_\w+\.c:\d+: TINFO: |[\w.-]+ \d+ TINFO: )", re.M)
_RESULT = re.compile(r"^\S+:\d+: (?:\x1b\S+)?T(?:PASS|FAIL|BROK|CONF|WARN): ", re.M)


@dataclass(slots=True)
class _Test:
    """A test that has begun. `name` is "" until one of its own lines comes."""

    name: str = ""
    is_framed: bool = False
    steps: list[Step] = field(default_factory=list)
    tags: dict[str, int] = field(default_factory=dict)
    output: list[str] = field(default_factory=list)
    size: int = 0
    summary: dict[str, int] = field(default_factory=dict)
    status: dict[str, str] = field(default_factory=dict)

    def say(self, line: str) -> None:
        """A line of output."""
        if self.size <= 2 * DETAIL_LIMIT:
            self.output.append(line)
        self.size += len(line) + 1


class LtpTextSession(LineSession):
    """Output of tests being read."""

    FORMAT = "LTP output"

    def __init__(self) -> None:
        super().__init__()
        self._test: _Test | None = None
        self._section = ""

    def _end_of_file(self, rest: str) -> None:
        if rest:
            self._line(rest)
        test = self._test
        if test is None or not (test.is_framed or test.tags):
            return
        # tests of the old kind end without a word
        if test.is_framed or rest or test.status.get("kind") != "old":
            name = test.name or "a test"
            self._notes.add("truncated", f"the file ends before the end of {name[:200]!r}")
        self._end(is_cut=test.is_framed)

    def _line(self, line: str) -> None:
        frame = _FRAME.match(line)
        if frame:
            self._frame(frame[1])
        elif self._test is not None and self._test.is_framed and self._section != "test_output":
            self._about(self._test, line)
        else:
            self._output(line)

    def _frame(self, name: str) -> None:
        self._is_known, self._section = True, name
        if name == "test_start":
            if self._test is not None:
                self._end(is_cut=self._test.is_framed)
            self._test = _Test(is_framed=True)
        elif name == "test_end" and self._test is not None:
            self._end()

    def _about(self, test: _Test, line: str) -> None:
        tag = _TAG.match(line)
        if tag and self._section == "test_start":
            test.name = tag[1]
        for key, value in _STATUS.findall(line) if self._section == "execution_status" else ():
            test.status[key] = value

    def _output(self, line: str) -> None:
        found = _LINE.match(line)
        old = None if found else _SHELL_LINE.match(line) or _OLD_LINE.match(line)
        told = found or old
        if told is None or (told[3] not in _TAGS and told[3] != "TINFO"):
            self._other(line)
            return
        test = self._of(told[1], is_old=old is not None)
        test.say(line)
        if told[3] in _TAGS:
            self._is_known = True
            test.tags[told[3]] = test.tags.get(told[3], 0) + 1
            if len(test.steps) <= MAX_STEPS:
                test.steps.append(_step(told))

    def _of(self, name: str, *, is_old: bool) -> _Test:
        """The test that a line with this name at its beginning belongs to."""
        test = self._test
        is_library = name.startswith(_LIBRARY)
        is_other = test is not None and not is_library and test.name not in ("", name)
        if is_other and test is not None and not test.is_framed:
            self._end()
            test = None
        if test is None:
            test = self._test = _Test()
        if not test.name and not is_library:
            test.name = name
        if is_old:
            test.status["kind"] = "old"
        return test

    def _other(self, line: str) -> None:
        if self._test is None:
            return
        self._test.say(line)
        summary = _SUMMARY.fullmatch(line)
        if summary:
            self._test.summary[summary[1]] = int(summary[2])
            if summary[1] == "warnings" and not self._test.is_framed:
                self._end()

    def _end(self, *, is_cut: bool = False) -> None:
        test, self._test = self._test, None
        if test is None or not (test.is_framed or test.tags or test.summary):
            return
        name = test.name or "(unnamed)"
        tag = next((one for one in _ORDER if one in test.tags), None)
        outcome = _TAGS[tag] if tag else _by_status(test)
        if test.status.get("termination_type") == "signaled" or (is_cut and not outcome.is_bad):
            outcome, tag = TestOutcome.ERRORED, "unfinished" if is_cut else "signaled"
        self._compare(name, test)
        failing = next((s for s in test.steps if s.raw_outcome == tag), None)
        bad = outcome is not TestOutcome.PASSED
        output = "\n".join(test.output)
        self._found.add(
            name,
            outcome,
            time=seconds(test.status.get("duration")),
            evidence=Evidence(
                raw_outcome=tag or "" if bad else "",
                message=failing.name if failing and bad else None,
                detail=output if outcome.is_bad else None,
                stdout=None if outcome.is_bad else output,
                properties=[
                    (key, value)
                    for key, value in test.status.items()
                    if key.startswith("termination")
                ],
                steps=test.steps,
            ),
        )

    def _compare(self, name: str, test: _Test) -> None:
        """The summary of a test with its lines."""
        if "warnings" not in test.summary:
            return
        told = {key: test.summary.get(word, 0) for key, word in _SUMMARY_OF.items()}
        seen = {key: test.tags.get(key, 0) for key in told}
        if told != seen:
            self._notes.add(
                "count_mismatch", f"{name[:200]}: the summary says {told}, lines {seen}"
            )


def _step(told: re.Match[str]) -> Step:
    return Step(cut(told[4].strip(), MESSAGE_LIMIT) or told[3], _TAGS[told[3]], told[3])


def _by_status(test: _Test) -> TestOutcome:
    """Of a test that printed no result: what `ltp-pan` says of its end."""
    words = (test.status.get("termination_type"), test.status.get("termination_id"))
    if words[0] == "exited" and words[1] == "0":
        return TestOutcome.PASSED
    if words[0] == "exited" and words[1] == "32":
        return TestOutcome.SKIPPED
    if test.summary and not any(test.summary.get(word) for word in ("failed", "broken")):
        return TestOutcome.PASSED if test.summary.get("passed") else TestOutcome.SKIPPED
    return TestOutcome.FAILED if words[0] == "exited" else TestOutcome.ERRORED


class LtpReportSession(ReadingSession):
    """A JSON report being read."""

    FORMAT = "LTP report"

    def __init__(self) -> None:
        super().__init__()
        self._decoder = Decoder(self._tell)
        self._json = JsonStream(frozenset(["results"]))
        self._stats: dict[str, int] = {}
        self._seen = dict.fromkeys(_KIRK_STATS, 0)
        self._elements = 0

    def _read(self, chunk: bytes) -> None:
        for part in self._json.feed(self._decoder.feed(chunk)):
            self._part(part)

    def _finish(self) -> None:
        for part in self._json.feed(self._decoder.feed(b"", final=True)):
            self._part(part)
        if self._json.is_object and not self._json.is_complete:
            name = re.search(r'"test_fqn":\s*"([^"]{1,200})"', self._json.begun()[1])
            where = f" inside of {name[1]!r}" if name else ""
            self._notes.add("truncated", f"the file ends{where}")
        elif self._stats and self._stats != self._seen:
            self._notes.add(
                "count_mismatch", f"the report counts {self._stats} and lists {self._seen}"
            )

    def _part(self, part: Part) -> None:
        is_result = part.key == "results" and part.is_element
        self._is_known |= is_result or part.key == "stats"
        self._elements += is_result
        try:
            value = part.load()
        except NotJson as error:
            self._notes.add("malformed", f"{part.key[:100]} number {self._elements}: {error}")
            return
        if is_result:
            self._result(value if isinstance(value, dict) else {})
        elif part.key == "stats" and isinstance(value, dict):
            self._stats = {key: n for key in _KIRK_STATS if isinstance(n := value.get(key), int)}
        elif part.key == "environment" and isinstance(value, dict):
            for key, text in value.items():
                if isinstance(text, str):
                    self._found.add_property("", key, text)

    def _result(self, result: dict[str, Any]) -> None:
        test = result.get("test")
        test = test if isinstance(test, dict) else {}
        counts = {key: n for key in _KIRK_STATS if isinstance(n := test.get(key), int)}
        for key, number in counts.items():
            self._seen[key] += number
        name = str(result.get("test_fqn") or test.get("command") or f"test {self._elements}")
        status = str(result.get("status") or test.get("result") or "")
        outcome = _KIRK.get(status.lower()[:4])
        if outcome is None:
            self._notes.add("unknown_outcome", f"{status[:100]!r} of {name[:200]!r}")
            outcome = TestOutcome.ERRORED
        log = str(test.get("log") or "")
        arguments = test.get("arguments")
        words = arguments if isinstance(arguments, list) else [arguments] if arguments else []
        steps = _steps(log)
        wanted = [s for s in steps if s.outcome is outcome]
        bad = outcome is not TestOutcome.PASSED
        self._found.add(
            name,
            outcome,
            time=seconds(test.get("duration")),
            evidence=Evidence(
                raw_outcome=status if bad else "",
                message=wanted[0].name if wanted and bad else None,
                detail=log if outcome.is_bad else None,
                stdout=None if outcome.is_bad else log,
                properties=[
                    ("command", " ".join(map(str, [test.get("command") or name, *words]))),
                    *((("retval", _retval(test)),) if test.get("retval") else ()),
                ],
                steps=steps,
            ),
        )


def _retval(test: dict[str, Any]) -> str:
    value = test["retval"]
    return " ".join(map(str, value)) if isinstance(value, list) else str(value)


def _steps(log: str) -> list[Step]:
    """The result lines of a test's log."""
    steps: list[Step] = []
    for line in log.split("\n"):
        found = _LINE.match(line) or _SHELL_LINE.match(line) or _OLD_LINE.match(line)
        if found and found[3] in _TAGS and len(steps) <= MAX_STEPS:
            steps.append(_step(found))
    return steps


def _session(beginning: str) -> ReadingSession:
    return LtpReportSession() if beginning.startswith("{") else LtpTextSession()


class LtpParser:
    """Reads what LTP's tests print and what its runners report."""

    mimes = ("application/x-ltp", "application/x-ltp+json", "text/x-ltp")
    names = ("*ltp*", "*kirk*")

    def sniff(self, head: bytes) -> bool:
        """See `ResultParser`."""
        text = beginning(head)
        if text.lstrip().startswith("{"):
            return '"results"' in text and '"test_fqn"' in text
        return bool(_SEEN.search(text) and (_RESULT.search(text) or text.startswith("<<<test_st")))

    def open(self) -> EitherSession:
        """See `ResultParser`."""
        return EitherSession(_session)


def create(settings: Settings) -> LtpParser:
    """The reader of LTP's results."""
    return LtpParser()
