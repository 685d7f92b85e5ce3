"""TAP line by line: levels of subtests, and test points on their way out of them."""

import re
from dataclasses import dataclass, field

from ringtest.control.connectors.tap.points import (
    LINE,
    Point,
    Text,
    duration,
    evidence_of,
    is_test,
    outcome_of,
    read_point,
    unescaped,
)
from ringtest.control.kernel.incoming_text import beginning
from ringtest.control.kernel.outcome import TestOutcome
from ringtest.control.ports.result_cases import LineSession
from ringtest.control.ports.result_parser import MAX_EVIDENCE, Evidence

MAX_DEPTH = 100
"""Subtests inside one another."""
MAX_WAITING = 10_000
"""Subtests that wait for the name of the point they belong to."""

_PLAN = re.compile(r"1\.\.(\d+)\s*(?:#\s*(.*))?")
_VERSION = re.compile(r"(K?TAP) version (\d+)")
_SUBTEST = re.compile(r"#\s*Subtest:\s*(.*)")
_INSIDE_COMMENT = re.compile(r"# +(?=(?:not )?ok \d|1\.\.\d|K?TAP version)")
_KSELFTEST = re.compile(r"(?:# +)+(?:K?TAP version \d+|selftests?: )")
_KERNEL_CLOCK = re.compile(r"^(?:<\d+>)?\[ *\d+\.\d+\](?:\[ *[TC]\d+\])? ")
_BEGINS = re.compile(
    r"(?:#.*\n|[ \t\r]*\n)*"
    r"(?:K?TAP version 1\d?\s*\n|1\.\.\d+.*\n(?:#.*\n|[ \t\r]*\n)*(?:not )?ok \d)"
)


@dataclass(slots=True)
class _Case:
    """A case on its way out of the levels that are around it."""

    path: list[str]
    name: str
    outcome: TestOutcome
    time: float
    evidence: Evidence


@dataclass(slots=True)
class _Level:
    """A list of test points; the name of nested ones may come only with their own point."""

    indent: int
    name: str | None
    plan: int | None = None
    points: int = 0
    plan_is_last: bool = False
    is_bad: bool = False
    waiting: list[_Case] = field(default_factory=list)
    comments: Text = field(default_factory=Text)
    next_name: str | None = None
    last: Point | None = None

    @property
    def is_over(self) -> bool:
        """The plan came last, and everything it says has come."""
        return self.plan_is_last and self.points >= (self.plan or 0)


class TapSession(LineSession):
    """One file being read."""

    FORMAT = "TAP"

    def __init__(self) -> None:
        super().__init__()
        self._levels = [_Level(0, "")]
        self._is_kernel = False
        """What is told of a point stands before it."""
        self._has_inner = False
        """Comments hold test points."""
        self._has_bailed = False
        self._waiting = 0
        """Characters of subtests that wait for a name."""

    def _end_of_file(self, rest: str) -> None:
        if rest and self._may_be_whole(rest):
            self._line(rest)
        elif rest.strip():
            self._notes.add("truncated", f"the file ends inside of the line {rest[:200]!r}")
        top = self._levels[0]
        is_cut = len(self._levels) > 1 or bool(top.last and top.last.is_open)
        while len(self._levels) > 1:
            self._leave(self._levels.pop(), None)
        self._settle(top)
        if not self._is_known or self._has_bailed:
            return
        if is_cut or top.plan is None or top.points < top.plan:
            wanted = "an unknown number" if top.plan is None else top.plan
            self._notes.add("truncated", f"{top.points} of {wanted} of test points are there")
        elif top.points > top.plan:
            self._check_plan(top, "the file")

    def _may_be_whole(self, rest: str) -> bool:
        """The end of the last line is missing: is the line whole?"""
        level = self._levels[-1]
        if level.last is not None and level.last.is_open:
            return rest.strip() == "..."
        if LINE.match(rest):
            return self._levels[0].points + 1 == self._levels[0].plan
        return rest.startswith("Bail") or self._levels[0].is_over

    # lines

    def _line(self, line: str) -> None:
        if self._is_kernel or not self._is_known:
            line = _KERNEL_CLOCK.sub("", line, count=1)
        text = line.lstrip(" \t")
        indent = len(line[: len(line) - len(text)].expandtabs(4))
        point = self._levels[-1].last
        if point is not None and point.is_open and self._in_block(point, text, line):
            return
        if text.startswith("#") and _KSELFTEST.match(text):
            self._is_kernel = self._has_inner = True
        while self._has_inner and (inside := _INSIDE_COMMENT.match(text)) and indent < MAX_DEPTH:
            # kselftest shows the points of a test it runs as comments
            indent, text = indent + 2, text[inside.end() :]
        self._token(text, indent, line)

    def _in_block(self, point: Point, text: str, line: str) -> bool:
        assert point.block is not None
        if text.rstrip() == "...":
            point.is_open = False
        elif line[:1].strip() and (LINE.match(text) or _PLAN.fullmatch(text)):
            self._notes.add("malformed", f"what is told of {point.name[:200]!r} has no end")
            point.is_open = False
            return False
        else:
            point.block.add(line)
        return True

    def _token(self, text: str, indent: int, line: str) -> None:
        if version := _VERSION.match(text):
            self._is_known = True
            self._is_kernel |= version[1] == "KTAP"
            if indent > self._levels[-1].indent:
                self._enter(indent, None)
        elif subtest := _SUBTEST.match(text):
            self._subtest(subtest[1].strip(), indent)
        elif (point := LINE.fullmatch(text)) and (self._is_known or point[2]):
            self._is_known = True
            self._point(point, indent)
        elif plan := _PLAN.fullmatch(text):
            self._is_known = True
            self._plan(int(plan[1][:9]), plan[2] or "", indent)
        elif text.startswith("Bail out!"):
            self._bail_out(text[9:].strip())
        elif text.rstrip() == "---" and (last := self._levels[-1].last) and last.block is None:
            last.block, last.is_open = Text(), True
        elif not text.startswith("pragma "):
            self._remark(text, line)

    def _remark(self, text: str, line: str) -> None:
        """A comment, or output of the tests."""
        level = self._levels[-1]
        if text.startswith("#"):
            line = text[1:].removeprefix(" ")
        into = level.comments if self._is_kernel or level.last is None else level.last.output
        if line.strip() and not level.is_over:
            into.add(line)

    # levels

    def _up_to(self, indent: int) -> _Level | None:
        """Levels that are deeper end; the one that was directly below is not left yet."""
        below = None
        while len(self._levels) > 1 and self._levels[-1].indent > indent:
            ended = self._levels.pop()
            if self._levels[-1].indent > indent:
                self._leave(ended, None)
            else:
                below = ended
        if below is None and indent > self._levels[-1].indent:
            self._enter(indent, None)
        return below

    def _enter(self, indent: int, name: str | None) -> None:
        outer = self._levels[-1]
        if len(self._levels) >= MAX_DEPTH:
            self._tell("too_deep", f"more than {MAX_DEPTH} subtests inside one another")
            return
        self._settle(outer)
        name, outer.next_name = outer.next_name if name is None else name, None
        self._levels.append(_Level(indent, name))

    def _leave(self, ended: _Level, point: Point | None) -> None:
        """Subtests end, and `point` is theirs; `self._levels` are those around them."""
        self._settle(ended)
        name = point.name if point else ended.name or "(subtests)"
        self._check_plan(ended, name)
        if ended.name is None:
            self._name(ended, name)
        if point is None:
            self._levels[-1].is_bad |= ended.is_bad
            return
        point.has_subtests = True
        point.bad_below = ended.is_bad

    def _name(self, level: _Level, name: str) -> None:
        level.name = name
        for case in level.waiting:
            case.path.insert(0, name)
            self._send(case, self._levels)
        level.waiting = []

    def _subtest(self, name: str, indent: int) -> None:
        """`name` stands before its subtests, or first among them."""
        self._is_known = True
        level = self._levels[-1]
        is_first = level.name is None and not (level.points or level.last)
        if indent > level.indent and level.next_name is not None:
            self._enter(indent, None)
            self._levels[-1].next_name = unescaped(name)
        elif indent > level.indent:
            self._enter(indent, unescaped(name))
        elif indent == level.indent and is_first:
            level.name = unescaped(name)
        else:
            below = self._up_to(indent)
            if below is not None:
                self._leave(below, None)
            self._levels[-1].next_name = unescaped(name)

    def _plan(self, count: int, remark: str, indent: int) -> None:
        below = self._up_to(indent)
        if below is not None:
            self._leave(below, None)
        level = self._levels[-1]
        self._settle(level)
        if level.plan is not None and level.plan != count:
            self._notes.add("count_mismatch", f"two plans: 1..{level.plan} and 1..{count}")
        level.plan, level.plan_is_last = count, level.points > 0
        if count == 0 and len(self._levels) == 1 and not level.points:
            evidence = Evidence(raw_outcome="1..0", message=remark)
            self._found.add("(all)", TestOutcome.SKIPPED, evidence=evidence)

    def _check_plan(self, level: _Level, name: str) -> None:
        if level.plan is not None and level.plan != level.points:
            self._notes.add(
                "count_mismatch",
                f"{name[:200]} plans {level.plan} test points and has {level.points}",
            )

    def _bail_out(self, reason: str) -> None:
        if self._has_bailed:
            return
        self._is_known = self._has_bailed = True
        while len(self._levels) > 1:
            self._leave(self._levels.pop(), None)
        self._settle(self._levels[0])
        self._notes.add("bail_out", f"the run was given up: {reason[:500]}")
        evidence = Evidence(raw_outcome="Bail out!", message=reason)
        self._found.add("Bail out!", TestOutcome.ERRORED, evidence=evidence)

    # points

    def _point(self, found: re.Match[str], indent: int) -> None:
        below = self._up_to(indent)
        level = self._levels[-1]
        self._settle(level)
        level.points += 1
        level.next_name = None
        point = read_point(found, level.points, level.comments)
        level.comments = Text()
        if below is not None:
            self._leave(below, point)
        level.last = point

    def _settle(self, level: _Level) -> None:
        """Everything about the last point has been said."""
        point, level.last = level.last, None
        if point is None:
            return
        told = point.told(self._notes)
        outcome = outcome_of(point, told)
        level.is_bad |= outcome.is_bad or point.bad_below
        if point.has_subtests and not is_test(point, told):
            return
        case = _Case([], point.name, outcome, duration(told), evidence_of(point, told, outcome))
        around = self._levels if level is self._levels[-1] else [*self._levels, level]
        self._send(case, around)

    def _send(self, case: _Case, around: list[_Level]) -> None:
        """Out through all levels, or up to the first one that has no name yet."""
        for level in reversed(around[1:]):
            if level.name is None:
                level.waiting.append(case)
                self._waiting += len(case.evidence.detail or case.evidence.stdout or "")
                if len(level.waiting) > MAX_WAITING or self._waiting > MAX_EVIDENCE:
                    self._waiting = 0
                    self._tell("unnamed", f"more than {MAX_WAITING} subtests before their name")
                    level.name = ""
                    for waiting in level.waiting:
                        self._send(waiting, around[: around.index(level)])
                    level.waiting = []
                return
            if level.name:
                case.path.insert(0, level.name)
        suite = "/".join(case.path)
        if suite:
            self._found.declare(suite, case.path[-1])
        self._found.add(
            case.name, case.outcome, suite=suite, time=case.time, evidence=case.evidence
        )


class TapParser:
    """Reads TAP 12, 13, 14 and KTAP."""

    mimes = ("application/tap", "application/x-tap", "text/x-tap", "text/tap")
    names = ("*.tap", "*.ktap")

    def sniff(self, head: bytes) -> bool:
        """See `ResultParser`."""
        text = "\n".join(
            _KERNEL_CLOCK.sub("", line, count=1) for line in beginning(head).split("\n")[:200]
        )
        return _BEGINS.match(text) is not None

    def open(self) -> TapSession:
        """See `ResultParser`."""
        return TapSession()
