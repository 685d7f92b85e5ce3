"""What the elements of a JUnit file mean: expat's events in, columns of cases out."""

import re
from xml.parsers import expat

from ringtest.control.connectors.junit.columns import Run
from ringtest.control.connectors.junit.evidence import (
    BAD,
    DECISIVE,
    OUTPUTS,
    Attributes,
    Gathering,
)
from ringtest.control.connectors.junit.nesting import MAX_DEPTH, Nesting, Stop
from ringtest.control.connectors.junit.reruns import PYTEST, RerunFolder
from ringtest.control.kernel.excerpts import Sink, cut
from ringtest.control.ports.result_parser import (
    MAX_EVIDENCE,
    MESSAGE_LIMIT,
    Cases,
    Notes,
    Suite,
)

_LANDMARK = re.compile(rb"<(?:(\?xml)\s|(/?)(testsuites?)[\s/>]|testcase[\s/>])")
"""Where reading may go on: another document, the beginning or end of a suite, a case."""

_SUITES = {"testsuites", "testsuite"}
_BESIDE_CASES = {"properties", "property", "system-out", "system-err"}
_THE_SUITE = ["name", "(suite)"]
"""Attributes of the case that stands for a suite which failed as a whole."""

_BAD_COUNTS = ("failures", "errors")

_Flat = list[str]
"""Attributes as expat tells them: name, value, name, value …"""


class _Element:
    """An open element outside of cases. Counts are of cases: found before it, and inside."""

    __slots__ = ("bad_before", "before", "broken", "declared", "declared_bad", "name", "nested",
                 "outer_path", "suite")  # fmt: skip

    def __init__(self, name: str, outer_path: str, attributes: Attributes, run: Run) -> None:
        self.name, self.outer_path = name, outer_path
        self.declared = _number(attributes.get("tests"))
        self.declared_bad = sum(_number(attributes.get(key)) or 0 for key in _BAD_COUNTS)
        self.before, self.bad_before = run.count(), run.bad
        self.nested = 0
        self.suite: Suite | None = None
        self.broken = 0
        """Failures of the element itself, which are cases to us and to nobody else."""


class Reader(Nesting[_Element]):
    """What elements mean. Handlers of two sorts: outside of cases, and inside of one.

    Most cases have no children: for them only `_start` and `_end` run, and these two
    do nothing but append the attributes to a `Run`.
    """

    landmark = _LANDMARK

    def __init__(self, notes: Notes) -> None:
        super().__init__(notes, _SUITES)
        self.run = Run(notes)
        self._seen_root = False
        self._reruns: RerunFolder | None = None
        self._allowance = MAX_EVIDENCE
        # the case
        self._case: _Flat | None = None
        self._gathering: Gathering | None = None
        self._depth = 0
        self._property: tuple[str, Sink] | None = None
        self._outer: list[tuple[_Flat, Gathering | None, int]] = []

    def attach(self, parser: expat.XMLParserType) -> None:
        """Read from this parser from now on."""
        parser.ordered_attributes = True
        self._parser = parser
        self._outside()

    def _outside(self) -> None:
        self._parser.CharacterDataHandler = None
        self._parser.StartElementHandler = self._start
        self._parser.EndElementHandler = self._end

    # outside of cases

    def _start(self, name: str, attributes: _Flat) -> None:
        if self._case is None:
            if name == "testcase":
                self._case = attributes
            else:
                self._open(name, _as_dict(attributes))
        else:
            self._enter(name, attributes)

    def _end(self, name: str) -> None:
        if self._case is not None:
            self.run.add(self._case)
            self._case = None
        else:
            self.shut()

    def _open(self, name: str, attributes: Attributes) -> None:
        self._may_open()
        if name in BAD and self._path:
            self._case = _THE_SUITE
            self._stack[-1].broken += 1
            self._enter(name, [word for pair in attributes.items() for word in pair])
            return
        if name not in _SUITES and name not in _BESIDE_CASES:
            code = "unknown_element" if self._seen_root else "unknown_root"
            self.notes.add(code, f"the element {name[:80]} is not one of JUnit's", once=True)
        self._seen_root = True
        if self._reruns is None and attributes.get("name") in PYTEST:
            self._reruns, self.run.counts_tries = RerunFolder(), True
        self._stack.append(_Element(name, self._path, attributes, self.run))
        if name == "testsuite":
            self._enter_suite(attributes.get("name", ""))
        elif name == "property":
            self._add_property(attributes)

    def _enter_suite(self, name: str) -> None:
        """A suite begins. One without a name is the suite around it, if there is one."""
        if name:
            self._set_path(self._longer_path(name))
        if name or not self._path:
            self._declare(name)

    def shut(self) -> None:
        """See `Nesting`."""
        ended = self._stack.pop()
        if ended.outer_path != self._path:
            self._set_path(ended.outer_path)
        inside = self.run.count() - ended.before
        if self._stack:
            self._stack[-1].nested += inside
        # runners count nested cases or not, and a case that failed twice only once
        fair = {None, inside, inside - ended.nested, inside - ended.broken}
        if ended.declared not in fair:
            if ended.declared != inside - self.run.repeats_since(ended.before):
                self._tell_count(ended, f"{ended.declared} tests and holds {inside}")
        elif ended.declared_bad > self.run.bad - ended.bad_before:
            bad = self.run.bad_since(ended.bad_before)  # a status may have said it
            if ended.declared_bad > bad:
                self._tell_count(ended, f"{ended.declared_bad} failures and errors and holds {bad}")

    def _tell_count(self, ended: _Element, text: str) -> None:
        self.notes.add(
            "count_mismatch",
            f"declared counts differ from what was found: {ended.name} declares {text}",
        )

    def _set_path(self, path: str) -> None:
        self.run.name_suite(self._path)
        self._path = path

    # inside of a case

    def _enter(self, name: str, attributes: _Flat) -> None:
        self._gathering = Gathering(self._allowance)
        self._depth = 0
        self._parser.StartElementHandler = self._start_inside
        self._parser.EndElementHandler = self._end_inside
        self._start_inside(name, attributes)

    def _start_inside(self, name: str, flat: _Flat) -> None:
        self._depth += 1
        gathering = self._gathering
        assert gathering is not None
        if name in DECISIVE:
            if self._depth == 1:
                gathering.tell(name, _as_dict(flat))
                self._parser.CharacterDataHandler = gathering.sink("detail").add
        elif name in OUTPUTS:
            self._parser.CharacterDataHandler = gathering.sink(OUTPUTS[name]).add
        elif name == "property":
            attributes = _as_dict(flat)
            self._property = (cut(attributes.get("name", ""), MESSAGE_LIMIT), Sink(MESSAGE_LIMIT))
            self._property[1].add(attributes.get("value", ""))
            self._parser.CharacterDataHandler = self._property[1].add
        elif name == "testcase":
            self._nest(flat)
        elif self._depth == 1 and name != "properties":
            self.notes.add("unknown_element", f"{name[:80]} inside a case was not read", once=True)
        elif self._depth > MAX_DEPTH:
            raise Stop("too_deep", f"more than {MAX_DEPTH} elements inside one another")

    def _end_inside(self, name: str) -> None:
        if self._depth == 0:
            self._finish_case()
            return
        self._depth -= 1
        if name == "property" and self._property and self._gathering:
            self._gathering.add_property(self._property[0], self._property[1].take()[0] or "")
            self._property = None
        if self._depth == 0 or name in OUTPUTS or name == "property":
            self._parser.CharacterDataHandler = None
        if self._depth == 0 and self._gathering:
            self._gathering.end_part()
        if self._depth == 0 and self._case is _THE_SUITE:
            self._finish_case()

    def _nest(self, attributes: _Flat) -> None:
        """A case inside a case: both are cases."""
        assert self._case is not None
        if len(self._outer) >= MAX_DEPTH:
            raise Stop("too_deep", f"more than {MAX_DEPTH} cases inside one another")
        self._outer.append((self._case, self._gathering, self._depth - 1))
        self._case, self._gathering, self._depth = attributes, Gathering(self._allowance), 0
        self._parser.CharacterDataHandler = None

    def _finish_case(self) -> None:
        case, gathering = self._case, self._gathering
        assert case is not None and gathering is not None
        outcome, evidence = gathering.take(case)
        self.run.add_odd(case, outcome, evidence)
        self.run.bad += gathering.bad or outcome.is_bad
        self._allowance -= gathering.size()
        if self._allowance <= 0:
            self._allowance = 0
            self.notes.add("evidence", "too much output: later texts were left out", once=True)
        if self._outer:
            self._case, self._gathering, self._depth = self._outer.pop()
            return
        self._case = self._gathering = None
        self._outside()

    def abandon(self, reason: str) -> None:
        """The open cases end here, because the file is broken inside of them.

        Without a failure read so far their outcome is unknown, which is an error.
        """
        while self._case is not None:
            self._gathering = self._gathering or Gathering(self._allowance)
            if not self._gathering.told:
                self._gathering.tell("error", {"type": "unreadable", "message": reason})
            self._finish_case()

    def finish(self) -> Cases:
        """The last of them."""
        cases = self._take()
        return self._reruns.fold(cases, final=True) if self._reruns else cases

    @property
    def total(self) -> int:
        """Cases taken so far."""
        return self.run.total

    @property
    def is_open(self) -> bool:
        """Inside of some element, and of no case."""
        return bool(self._stack) and self._case is None

    def open_case(self) -> str | None:
        """The name of the case that has begun and not ended."""
        return None if self._case is None else _as_dict(self._case).get("name", "")

    def take(self) -> Cases:
        """The cases finished since the last call, as columns."""
        cases = self._take()
        return self._reruns.fold(cases, final=False) if self._reruns else cases

    def _take(self) -> Cases:
        self.run.name_suite(self._path)
        return self._with_suites(self.run.take())


def _number(text: str | None) -> int | None:
    return int(text) if text and text.isdecimal() and len(text) < 10 else None


def _as_dict(flat: _Flat) -> Attributes:
    return dict(zip(flat[::2], flat[1::2], strict=True))
