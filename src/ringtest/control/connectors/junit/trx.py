"""TRX, of `dotnet test` and Visual Studio: `TestRun` of `UnitTestResult`.

The classes of the tests stand behind their results, in `TestDefinitions`: nothing is given
out before the end.
"""

import re

from ringtest.control.connectors.junit.conventions import attachment
from ringtest.control.connectors.junit.evidence import Attributes, seconds
from ringtest.control.connectors.junit.tree import Dialect, Found, Node, Told, TreeReader
from ringtest.control.kernel.excerpts import cut
from ringtest.control.kernel.outcome import TestOutcome
from ringtest.control.ports.result_parser import (
    MAX_CASES,
    MAX_PROPERTIES,
    MAX_STEP_DEPTH,
    MAX_STEPS,
    MESSAGE_LIMIT,
    Cases,
    Notes,
    Step,
)

_OUTCOMES = {
    **dict.fromkeys(("Passed", "Completed", "Warning"), TestOutcome.PASSED),
    **dict.fromkeys(("Failed", "Timeout"), TestOutcome.FAILED),
    **dict.fromkeys(("NotExecuted", "NotRunnable", "Inconclusive"), TestOutcome.SKIPPED),
    "Pending": TestOutcome.BLOCKED,
}
_BAD_RUN = {"Error", "Aborted", "Disconnected", "Timeout"}
_RESULTS = frozenset(
    {"UnitTestResult", "TestResult", "GenericTestResult", "ManualTestResult", "WebTestResult",
     "LoadTestResult", "TestResultAggregation"}
)  # fmt: skip
_CLOCK = re.compile(r"(?:(\d{1,5})\.)?(\d{1,3}):(\d{1,2}):(\d{1,2}(?:\.\d{1,9})?)")

_FULL_NAME = re.compile(r"((?:[A-Za-z_][\w+`]*\.)*[A-Za-z_][\w+`]*)\.[A-Za-z_]\w*(?=\(|<|$)")


def duration(text: str) -> float:
    """Seconds of a TimeSpan.

    >>> duration("00:01:02.5000000"), duration("1.00:00:00"), duration("")
    (62.5, 86400.0, 0.0)
    """
    found = _CLOCK.fullmatch(text.strip())
    if not found:
        return seconds(text)
    days, hours, minutes, rest = (float(part or 0) for part in found.groups())
    return ((days * 24 + hours) * 60 + minutes) * 60 + rest


def _outcome(word: str) -> TestOutcome:
    return _OUTCOMES.get(word, TestOutcome.ERRORED)


def _read(node: Node) -> Found:
    word = node.get("outcome") or "Error"  # left out when it is the first of the list
    outcome = _outcome(word)
    found = Found(node.get("testName"), node.get("testId"), duration(node.get("duration")), outcome)
    if node.nodes or word != "Passed":
        found.evidence = _tell(node, word).take()
    return found


def _tell(node: Node, word: str) -> Told:
    told = Told()
    told.evidence.raw_outcome = word[:80]
    told.message(node.find("Output", "ErrorInfo", "Message"))
    told.text("detail", node.find("Output", "ErrorInfo", "StackTrace"))
    told.text("stdout", node.find("Output", "StdOut"))
    told.text("stderr", node.find("Output", "StdErr"))
    files = [*node.all("ResultFiles", "ResultFile"), *node.all("CollectorDataEntries", "Collector")]
    told.evidence.attachments = [attachment(one.get("path")) for one in files[:MAX_PROPERTIES]]
    room = [MAX_STEPS]
    told.evidence.steps = _steps(node, room, 1)
    if room[0] < 0:
        told.left_out("steps")
    return told


def _steps(node: Node, room: list[int], depth: int) -> list[Step]:
    """Results inside of a result: rows of data, or tests of an ordered one."""
    steps: list[Step] = []
    inside = node.find("InnerResults")
    for inner in inside.nodes if inside else ():
        room[0] -= 1
        if room[0] < 0 or depth > MAX_STEP_DEPTH:
            room[0] = min(room[0], -1)
            break
        word = inner.get("outcome") or "Error"
        message = inner.find("Output", "ErrorInfo", "Message")
        text = (message.text()[0] or "").strip() if message else ""
        steps.append(
            Step(
                cut(inner.get("testName") or inner.get("dataRowInfo"), MESSAGE_LIMIT),
                _outcome(word),
                word[:80],
                seconds=duration(inner.get("duration")),
                message=cut(text, MESSAGE_LIMIT) or None,
                steps=_steps(inner, room, depth + 1),
            )
        )
    return steps


def _class_in(name: str) -> str:
    """The class of a test by its full name, as of a run that was cut before it said so.

    >>> _class_in("Ring.Core+Deep.Turns(by: 1.5)"), _class_in("Turns"), _class_in("no. 7 turns")
    ('Ring.Core+Deep', '', '')
    """
    found = _FULL_NAME.match(name)
    return found[1] if found else ""


class TrxReader(TreeReader):
    """Reads a whole run before it tells the cases, whose class names were their ids so far."""

    def __init__(self, notes: Notes) -> None:
        super().__init__(
            notes,
            Dialect(
                root="TestRun",
                cases=_RESULTS,
                suites=frozenset(),
                read=_read,
                beside=frozenset({"UnitTest", "Counters", "RunInfo"}),
                look=self._look,
            ),
        )
        self._classes: dict[str, str] = {}
        self._declared: int | None = None
        self._run_words: list[Found] = []
        self._is_bad_run = False

    def _look(self, node: Node, around: Attributes) -> None:
        if node.name == "UnitTest":
            method = node.find("TestMethod")
            if method and len(self._classes) < MAX_CASES:
                # the assembly's name may follow: "Ns.Class, Assembly, Version=…"
                self._classes[node.get("id")] = method.get("className").partition(", ")[0]
        elif node.name == "Counters":
            total = node.get("total")
            self._declared = int(total) if total.isdecimal() and len(total) < 10 else None
            self._is_bad_run = around.get("outcome") in _BAD_RUN
        elif node.get("outcome") in _BAD_RUN and not self._run_words:
            told = Told()
            told.evidence.raw_outcome = node.get("outcome")[:80]
            told.message(node.find("Text"))
            self._run_words.append(Found("(suite)", "", 0.0, TestOutcome.ERRORED, told.take()))

    def take(self) -> Cases:
        return Cases()

    def finish(self) -> Cases:
        """All cases, when the document has ended."""
        cases = self._cases
        if self._declared is not None and self._declared != len(cases):
            inner = sum(len(one.steps) for one in cases.evidence.values())
            if self._declared != len(cases) + inner:
                self.notes.add(
                    "count_mismatch",
                    "declared counts differ from what was found: the run declares"
                    f" {self._declared} tests and holds {len(cases)}",
                )
        if self._is_bad_run and not any(byte in cases.outcomes for byte in b"fe"):
            for found in self._run_words:  # a run that broke beside its tests
                self._add(found)
        for at, (test_id, name) in enumerate(zip(cases.classnames, cases.names, strict=True)):
            classname = self._classes.get(test_id) or _class_in(name)
            cases.classnames[at] = cut(classname, MESSAGE_LIMIT)
            if classname and name.startswith(f"{classname}."):
                cases.names[at] = name[len(classname) + 1 :]
        self._cases = Cases()
        return cases
