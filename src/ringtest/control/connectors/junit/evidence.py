"""The JUnit reader's view of one case: outcome, messages, output, each within its limit."""

import math
import re

from ringtest.control.connectors.junit.conventions import read_conventions
from ringtest.control.kernel.excerpts import Sink, cut
from ringtest.control.kernel.outcome import TestOutcome
from ringtest.control.ports.result_parser import (
    DETAIL_LIMIT,
    MAX_ATTEMPTS,
    MAX_PROPERTIES,
    MESSAGE_LIMIT,
    Attempt,
    Evidence,
)

Attributes = dict[str, str]


BAD = {"failure", "error"}
RETRIES = {
    "flakyFailure": TestOutcome.FAILED,
    "flakyError": TestOutcome.ERRORED,
    "rerunFailure": TestOutcome.FAILED,
    "rerunError": TestOutcome.ERRORED,
    "rerun": TestOutcome.FAILED,
}
"""Elements that tell of another try of their case, and what came of that try."""
DECISIVE: dict[str, tuple[int, TestOutcome, str]] = {
    "flakyFailure": (0, TestOutcome.PASSED, "flaky"),
    "flakyError": (0, TestOutcome.PASSED, "flaky"),
    "rerun": (0, TestOutcome.PASSED, "flaky"),
    **dict.fromkeys(
        ("skipped", "skip", "ignored", "disabled"), (1, TestOutcome.SKIPPED, "skipped")
    ),
    "rerunFailure": (2, TestOutcome.FAILED, "failure"),
    "rerunError": (2, TestOutcome.FAILED, "failure"),
    "failure": (2, TestOutcome.FAILED, "failure"),
    "error": (3, TestOutcome.ERRORED, "error"),
}
"""Elements that decide what came of their case: weight, outcome, the word for it."""
OUTPUTS = {"system-out": "stdout", "system-err": "stderr", "stackTrace": "detail"}
"""Where the text of an element goes; stackTrace is Surefire's, inside of a retry."""

_STATUS_WORDS = {
    **dict.fromkeys(
        ("notrun", "skipped", "skip", "pending", "disabled", "ignored", "suppressed"),
        TestOutcome.SKIPPED,
    ),
    **dict.fromkeys(("failed", "failure", "fail", "timedout", "timeout"), TestOutcome.FAILED),
    **dict.fromkeys(
        ("error", "errored", "panicked", "interrupted", "aborted", "broken"), TestOutcome.ERRORED
    ),
}
_TYPE_IN_MESSAGE = re.compile(
    r"(?:failed on (?:setup|teardown) with \")?((?:[A-Za-z_]\w*\.)*[A-Z]\w*)(?=:|\s*$)", re.ASCII
)


def _exception_type(attributes: Attributes, message: str | None) -> str | None:
    """The `type` attribute, or the class name that pytest puts before its message.

    >>> _exception_type({}, "ValueError: no such host")
    'ValueError'
    >>> _exception_type({}, "assert 1 == 2")
    'AssertionError'
    """
    if attributes.get("type"):
        return cut(attributes["type"], 512)
    if not message:
        return None
    if message.startswith("assert "):
        return "AssertionError"
    found = _TYPE_IN_MESSAGE.match(message[:512])
    return found[1] if found else None


class _Texts:
    """Long texts by the name of their field, each within the limit."""

    __slots__ = ("limit", "sinks")

    def __init__(self, limit: int) -> None:
        self.limit = limit
        self.sinks: dict[str, Sink] = {}

    def sink(self, name: str) -> Sink:
        if name not in self.sinks:
            self.sinks[name] = Sink(self.limit)
        return self.sinks[name]

    def take(self, into: Evidence | Attempt) -> list[str]:
        """Set the fields; the names of those that were cut."""
        cut_ones = []
        for name, sink in self.sinks.items():
            text, was_cut = sink.take()
            setattr(into, name, text)
            if was_cut:
                cut_ones.append(name)
        return cut_ones

    def size(self) -> int:
        return sum([sink.size() for sink in self.sinks.values()])


class Gathering:
    """What the children of one case tell."""

    __slots__ = ("_limit", "_now", "_outcome", "_standing", "_texts", "_tries", "_type", "_weight",
                 "bad", "cut", "message", "properties", "told", "word")  # fmt: skip

    def __init__(self, allowance: int) -> None:
        self.told = 0
        """Failures, errors, skips and retries so far."""
        self.bad = 0
        """Failures and errors of the try that stands."""
        self._standing = False  # something was told of the try that stands
        self._limit = DETAIL_LIMIT if allowance > DETAIL_LIMIT else allowance
        self._texts = self._now = _Texts(self._limit)
        self._tries: list[tuple[Attempt, _Texts]] = []
        self._weight = -1
        self._outcome = TestOutcome.PASSED
        self.word = ""
        self._type: str | None = None
        self.message: str | None = None
        self.cut: list[str] = []
        self.properties: list[tuple[str, str]] = []

    def sink(self, name: str) -> Sink:
        """Where the text of `detail`, `stdout` or `stderr` goes: of the try that is read."""
        return self._now.sink(name)

    def tell(self, kind: str, attributes: Attributes) -> None:
        """A failure, error, skip or retry begins. The worst decides; all are kept."""
        weight, outcome, word = DECISIVE[kind]
        message = attributes.get("message")
        if kind in RETRIES:
            self._begin_try(RETRIES[kind], kind, attributes)
        else:
            self.bad += kind in BAD
            if self._standing:
                header = " ".join(filter(None, (kind, attributes.get("type"), message)))
                self.sink("detail").add(f"\n--- {header}\n")
            self._standing = True
        if weight > self._weight:
            self._weight, self._outcome, self.word = weight, outcome, word
            if weight == 1:
                self._outcome, self.word = _sort_of_skip(attributes)
            self._type = _exception_type(attributes, message)
            self.message = message and cut(message, MESSAGE_LIMIT)
            if self.message != message:
                self._tell_cut("message")
        self.told += 1

    def _begin_try(self, outcome: TestOutcome, kind: str, attributes: Attributes) -> None:
        """What is read until `end_part` is of another try. Of those beyond the limit
        nothing is kept but that they were."""
        message = attributes.get("message")
        one = Attempt(
            outcome,
            kind,
            seconds(attributes["time"]) if "time" in attributes else None,
            _exception_type(attributes, message),
            message and cut(message, MESSAGE_LIMIT),
        )
        self._now = _Texts(max(0, self._limit - self.size()))
        if len(self._tries) < MAX_ATTEMPTS:
            self._tries.append((one, self._now))
        else:
            self._tell_cut("attempts")

    def end_part(self) -> None:
        """A child of the case ended: what comes is of the try that stands."""
        self._now = self._texts

    def _tell_cut(self, field: str) -> None:
        if field not in self.cut:
            self.cut.append(field)

    def add_property(self, name: str, value: str) -> None:
        """Keep a property of the case."""
        if len(self.properties) < MAX_PROPERTIES:
            self.properties.append((name, value))
        else:
            self._tell_cut("properties")

    def take(self, attributes: list[str]) -> tuple[TestOutcome, Evidence]:
        """The outcome of the case and its evidence."""
        if not self.told:
            self._outcome, self.word = by_status(
                dict(zip(attributes[::2], attributes[1::2], strict=True))
            )
        evidence = Evidence(self.word, self._type, self.message, properties=self.properties)
        cut_ones = self._texts.take(evidence)
        for attempt, texts in self._tries:
            cut_ones += texts.take(attempt)
            attempt.detail = attempt.detail and attempt.detail.strip()
        if self._tries:
            evidence.attempts = [attempt for attempt, _ in self._tries]
        if evidence.stdout or self.properties:
            read_conventions(evidence)
        for field in cut_ones:
            self._tell_cut(field)
        if self.cut:
            evidence.cut = tuple(self.cut)
        return self._outcome, evidence

    def size(self) -> int:
        """Characters of the texts and properties."""
        size = self._texts.size() + len(self.message or "")
        if self._tries:
            size += sum([texts.size() + len(one.message or "") for one, texts in self._tries])
        if self.properties:
            size += sum(len(name) + len(value) for name, value in self.properties)
        return size


def _sort_of_skip(attributes: Attributes) -> tuple[TestOutcome, str]:
    """pytest writes expected failures as skips.

    >>> _sort_of_skip({"type": "pytest.xfail"})
    (<TestOutcome.XFAILED: 'x'>, 'skipped:pytest.xfail')
    """
    if attributes.get("type") == "pytest.xfail":
        return TestOutcome.XFAILED, "skipped:pytest.xfail"
    if attributes.get("message") == "xfail-marked test passes unexpectedly":
        return TestOutcome.XPASSED, "xpassed"
    return TestOutcome.SKIPPED, "skipped"


def by_status(attributes: Attributes) -> tuple[TestOutcome, str]:
    """Outcome of a case without a failure of its own: gtest and Ginkgo say it in attributes."""
    for name in ("result", "status"):
        word = attributes.get(name, "")
        outcome = _STATUS_WORDS.get(word.lower())
        if outcome is not None:
            return outcome, word.lower()[:40]
    return TestOutcome.PASSED, ""


def is_status(word: str) -> bool:
    """Whether `by_status` makes something of this word."""
    return word.lower() in _STATUS_WORDS


def seconds(text: str | None) -> float:
    """A duration; thousands may be separated by commas, nonsense is 0.

    >>> seconds("1,234.5"), seconds("0,25"), seconds("soon"), seconds("-1")
    (1234.5, 0.25, 0.0, 0.0)
    """
    text = (text or "").strip()
    if re.fullmatch(r"\d{1,3}(,\d{3})+(\.\d*)?", text) and not text.startswith("0,"):
        text = text.replace(",", "")
    elif re.fullmatch(r"\d+,\d+", text):
        text = text.replace(",", ".")
    try:
        seconds = float(text)
    except ValueError:
        return 0.0
    return seconds if math.isfinite(seconds) and 0 <= seconds < 1e9 else 0.0
