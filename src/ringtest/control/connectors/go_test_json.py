"""`go test -json`: port `result_parser`.

One JSON object a line. A package is a class, and a case only when it failed without one of
its tests: it did not build, panicked outside of tests, or was left by `os.Exit`.
"""

import re
from dataclasses import dataclass, field
from typing import Any

from ringtest.control.kernel.incoming_text import beginning
from ringtest.control.kernel.json_stream import NotJson, load
from ringtest.control.kernel.outcome import TestOutcome
from ringtest.control.kernel.settings import Settings
from ringtest.control.ports.result_cases import LineSession, seconds, text_of
from ringtest.control.ports.result_parser import DETAIL_LIMIT, MAX_EVIDENCE, MESSAGE_LIMIT, Evidence

PORT = "result_parser"

MAX_OPEN = 100_000
"""Tests and packages that have begun and not ended."""
PACKAGE = "(package)"
"""The case that stands for a package which failed as a whole."""

_ENDS = {"pass": TestOutcome.PASSED, "fail": TestOutcome.FAILED, "skip": TestOutcome.SKIPPED}
_ACTIONS = {
    *("start", "run", "pause", "cont", "pass", "bench", "fail", "output", "skip"),
    *("build-output", "build-fail", "attr", "artifacts"),
}
_FRAME = re.compile(
    r"\s*(?:=== (?:RUN|PAUSE|CONT|NAME|ATTR|ARTIFACTS)\s|--- (?:PASS|FAIL|SKIP|BENCH):)"
)
_MESSAGE = re.compile(r"\s*[\w./-]+\.go:\d+: (.*)")
_PANIC = re.compile(r"panic: (.*)")
_SUMMARY = re.compile(r"(?:PASS|FAIL|ok  \t.*|FAIL\t.*|exit status \d+|coverage: .*|\?   \t.*)\s*")
_NOT_BUILT = re.compile(r"FAIL\t(\S+) \[(?:build|setup) failed\]\s*")
"""Before Go 1.24 a package that cannot be built is told in plain text."""
_PLAIN = ("#", "go: ", "FAIL\t", "ok  \t", "?   \t")
_BEGINS = re.compile(r'\{"(?:Time|ImportPath|Action)":"')


@dataclass(slots=True)
class _Test:
    """A test or a package that has begun."""

    output: list[str] = field(default_factory=list)
    size: int = 0
    tests: int = 0
    failures: int = 0
    bad_build: str = ""

    def say(self, text: str) -> None:
        """Output, as much as there is room for."""
        if self.size <= 2 * DETAIL_LIMIT:
            self.output.append(text)
            self.size += len(text)


_Key = tuple[str, str]


class GoSession(LineSession):
    """One file being read."""

    FORMAT = "go test -json"

    def __init__(self) -> None:
        super().__init__()
        self._tests: dict[_Key, _Test] = {}
        self._builds: dict[str, _Test] = {}
        self._beside = _Test()
        """Lines that are no JSON: what the compiler said, before Go 1.24."""
        self._number = 0
        self._held = 0
        """Characters of output of tests that have not ended."""

    def _end_of_file(self, rest: str) -> None:
        if rest and not self._take(rest, is_last=True):
            self._notes.add("truncated", "the file ends inside of a line")
        left = [key for key in self._tests if key[1]]
        if self._tests and self._is_known:
            names = ", ".join(".".join(filter(None, key))[:100] for key in list(self._tests)[:3])
            self._notes.add("truncated", f"{len(self._tests)} did not end: {names}")
        for key in left:
            self._lose(key, "the file ends before the end of this test")

    def _line(self, line: str) -> None:
        self._take(line)

    def _take(self, line: str, *, is_last: bool = False) -> bool:
        """Whether the line is an event, or plain text between events."""
        self._number += 1
        if not line.startswith("{"):
            not_built = _NOT_BUILT.fullmatch(line)
            if not_built:
                self._is_known = True
                self._end_package(not_built[1], _Test(bad_build=not_built[1]), "fail", 0.0)
            elif line.strip():
                self._beside.say(line + "\n")
            return not is_last or not_built is not None
        try:
            event = load(line)
        except NotJson as error:
            if not is_last:
                self._notes.add("malformed", f"line {self._number}: {error}")
            return False
        if isinstance(event, dict) and isinstance(event.get("Action"), str):
            self._event(event, event["Action"])
        else:
            self._notes.add("malformed", f"line {self._number} is no event of a test")
        return True

    def _event(self, event: dict[str, Any], action: str) -> None:
        if action not in _ACTIONS:
            self._tell("unknown_action", f"{action[:100]!r} in line {self._number}")
            return
        self._is_known = True
        if action in ("build-output", "build-fail"):
            if action == "build-output":
                path = text_of(event.get("ImportPath")).partition(" ")[0]
                self._builds.setdefault(path, _Test()).say(text_of(event.get("Output")))
            return
        key = (text_of(event.get("Package")), text_of(event.get("Test")))
        test = self._open(key)
        if action == "output":
            self._output(key, test, text_of(event.get("Output")))
        elif action in _ENDS:
            self._tests.pop(key, None)
            self._held -= test.size
            took = seconds(event.get("Elapsed"))
            if key[1]:
                self._end(key, test, action, took)
            else:
                test.bad_build = text_of(event.get("FailedBuild"))
                self._end_package(key[0], test, action, took)

    def _open(self, key: _Key) -> _Test:
        test = self._tests.get(key)
        if test is None:
            test = _Test()
            if len(self._tests) < MAX_OPEN:
                self._tests[key] = test
            else:
                self._tell("too_many_open", f"more than {MAX_OPEN} tests at a time")
        return test

    def _output(self, key: _Key, test: _Test, text: str) -> None:
        if not _FRAME.match(text) and not (not key[1] and _SUMMARY.fullmatch(text)):
            if self._held > MAX_EVIDENCE:
                self._tell("evidence", "too much output at a time: some was left out")
                return
            self._held -= test.size
            test.say(text)
            self._held += test.size

    def _end(self, key: _Key, test: _Test, action: str, took: float) -> None:
        package = self._open((key[0], ""))
        package.tests += 1
        package.failures += action == "fail"
        self._case(key[0], key[1], _ENDS[action], action, took, test)

    def _case(
        self, package: str, name: str, outcome: TestOutcome, raw: str, took: float, test: _Test
    ) -> None:
        output = "".join(test.output)
        evidence = Evidence(raw_outcome="" if raw == "pass" else raw)
        if outcome.is_bad:
            panic = _PANIC.search(output)
            evidence.exception_type = "panic" if panic else None
            evidence.message = panic[1] if panic else _first_message(output)
            evidence.detail = output
        else:
            evidence.message = _first_message(output) if raw == "skip" else None
            evidence.stdout = output if raw != "skip" else None
        self._found.add(name, outcome, classname=package, time=took, evidence=evidence)

    def _end_package(self, package: str, test: _Test, action: str, took: float) -> None:
        # tests that a panic or a time limit took along have no end of their own
        begun = [key for key in self._tests if key[0] == package and key[1]]
        for key in begun:
            test.failures += 1
            self._lose(key, "the package ended before this test")
        self._found.declare(package)
        if action == "fail" and not test.failures:
            build = self._builds.pop(test.bad_build.partition(" ")[0] or package, None)
            for line in [*(build.output if build else ()), *self._beside.output]:
                test.say(line)
            self._beside = _Test()
            raw = "build-fail" if build or test.bad_build else "fail"
            self._case(package, PACKAGE, TestOutcome.ERRORED, raw, took, test)
        elif not test.tests and action == "skip" and not begun:
            self._found.add_property(package, "go", "no test files")

    def _lose(self, key: _Key, why: str) -> None:
        test = self._tests.pop(key)
        self._held -= test.size
        output = "".join(test.output)
        panic = _PANIC.search(output)
        evidence = Evidence(
            raw_outcome="run",
            message=panic[1] if panic else why,
            exception_type="panic" if panic else None,
            detail=output,
        )
        self._found.add(key[1], TestOutcome.ERRORED, classname=key[0], evidence=evidence)


def _first_message(output: str) -> str | None:
    """What the test said first, without file and line.

    >>> _first_message("    sum_test.go:9: got 4\\n")
    'got 4'
    """
    lines = [line for line in output.split("\n", 50)[:50] if line.strip()]
    for line in lines:
        found = _MESSAGE.match(line[:MESSAGE_LIMIT])
        if found:
            return found[1]
    return lines[0].strip() if lines else None


class GoParser:
    """Reads what `go test -json` prints."""

    mimes = ("application/x-go-test+json",)
    names = ("*test*.json", "*test*.jsonl", "*test*.ndjson", "*test*.log", "*go*.json")

    def sniff(self, head: bytes) -> bool:
        """See `ResultParser`."""
        for line in beginning(head).split("\n")[:20]:
            if _BEGINS.match(line):
                try:
                    event = load(line)
                except NotJson:
                    return False
                return event.get("Action") in _ACTIONS and (
                    "Package" in event or "ImportPath" in event
                )
            if line.strip() and not line.startswith(_PLAIN):
                return False
        return False

    def open(self) -> GoSession:
        """See `ResultParser`."""
        return GoSession()


def create(settings: Settings) -> GoParser:
    """The reader of `go test -json`."""
    return GoParser()
