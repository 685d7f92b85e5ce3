"""Test points of TAP: what their line, their YAML block and the lines beside them tell."""

import re
from dataclasses import dataclass, field
from typing import Any

from ringtest.control.kernel.outcome import TestOutcome
from ringtest.control.kernel.plain_yaml import NotPlain, load
from ringtest.control.ports.result_cases import last_error, seconds
from ringtest.control.ports.result_parser import DETAIL_LIMIT, Evidence, Notes

MAX_TEXT = 4 * DETAIL_LIMIT
"""Characters kept of one YAML block, and of the output of one point."""

LINE = re.compile(r"(not )?ok\b(?:\s+(\d+))?[ \t]*(.*)")
"""A test point: whether it is bad, its number, the rest."""
_COMMENT = re.compile(r"(?:^|(?<=\s))#\s*(.*)")
_DIRECTIVE = re.compile(r"(SKIP|TODO|XFAIL|TIMEOUT|ERROR)\S*\s*(.*)", re.I)
_ESCAPED = re.compile(r"\\([\\#])")
_DIRECTIVES = {
    "SKIP": (TestOutcome.SKIPPED, TestOutcome.SKIPPED),
    "TODO": (TestOutcome.XPASSED, TestOutcome.XFAILED),
    "XFAIL": (TestOutcome.XFAILED, TestOutcome.XFAILED),
    "ERROR": (TestOutcome.ERRORED, TestOutcome.ERRORED),
}
"""Outcome of a point that is ok, and of one that is not."""
_ASIDE = {"duration_ms", "error", "message", "stack", "name", "type"}


@dataclass(slots=True)
class Text:
    """Lines, as many as there is room for."""

    lines: list[str] = field(default_factory=list)
    size: int = 0

    def add(self, line: str) -> None:
        """One more, if there is room."""
        self.size += len(line) + 1
        if self.size <= MAX_TEXT:
            self.lines.append(line)

    def __str__(self) -> str:
        return "\n".join(self.lines)


@dataclass(slots=True)
class Point:
    """A test point and what was said about it."""

    is_ok: bool
    name: str
    directive: str
    remark: str
    output: Text
    has_subtests: bool = False
    bad_below: bool = False
    block: Text | None = None
    is_open: bool = False
    """Inside of its YAML block."""

    def told(self, notes: Notes) -> dict[str, Any]:
        """What its YAML block says."""
        if self.block is None or not self.block.lines:
            return {}
        try:
            told = load(str(self.block))
        except NotPlain as error:
            notes.add("malformed", f"what is told of {self.name[:200]!r}: {error}")
            self.output.lines = [*self.block.lines, *self.output.lines]
            return {}
        return told if isinstance(told, dict) else {"": told}


def unescaped(name: str) -> str:
    r"""
    >>> unescaped(r"one \# two")
    'one # two'
    """
    return _ESCAPED.sub(r"\1", name)


def read_point(found: re.Match[str], number: int, output: Text) -> Point:
    """The point of a line that fits LINE; `number` if it has no name and no number."""
    text, remark = found[3], ""
    comment = _COMMENT.search(text)
    if comment:
        text, remark = text[: comment.start()], comment[1]
    directive = _DIRECTIVE.fullmatch(remark)
    name = unescaped(text.strip().removeprefix("-").strip())
    return Point(
        is_ok=not found[1],
        name=name or found[2] or str(number),
        directive=directive[1].upper() if directive else "",
        remark=directive[2] if directive else remark,
        output=output,
    )


def outcome_of(point: Point, told: dict[str, Any]) -> TestOutcome:
    """What came of a point."""
    if point.directive in _DIRECTIVES:
        return _DIRECTIVES[point.directive][0 if point.is_ok else 1]
    if point.is_ok:
        return TestOutcome.PASSED
    is_cancelled = told.get("failureType") == "cancelledByParent"
    return TestOutcome.ERRORED if is_cancelled else TestOutcome.FAILED


def is_test(point: Point, told: dict[str, Any]) -> bool:
    """Whether a point that has subtests is a case too."""
    kind = told.get("type")
    if kind == "test" or (kind is None and "duration_ms" in told):
        return True
    return not point.is_ok and not point.bad_below and not point.directive


def duration(told: dict[str, Any]) -> float:
    """Seconds."""
    return seconds(told.get("duration_ms")) / 1000


def evidence_of(point: Point, told: dict[str, Any], outcome: TestOutcome) -> Evidence:
    """What a point left behind."""
    raw = "" if point.is_ok and not point.directive else "ok" if point.is_ok else "not ok"
    if point.directive:
        raw += f" # {point.directive}"
    message = told.get("error") or told.get("message") or point.remark
    output = str(point.output)
    evidence = Evidence(
        raw_outcome=raw,
        message=message if isinstance(message, str) else None,
        properties=[
            (name, value)
            for name, value in told.items()
            if isinstance(value, str) and name not in _ASIDE
        ],
    )
    if outcome.is_bad:
        stack, name = told.get("stack"), told.get("name")
        evidence.detail = "\n".join(filter(None, [stack if isinstance(stack, str) else "", output]))
        kind, said = last_error(evidence.detail)
        evidence.exception_type = name if isinstance(name, str) and "stack" in told else kind
        evidence.message = evidence.message or said or next(iter(point.output.lines), None)
    else:
        evidence.stdout = output or None
    return evidence
