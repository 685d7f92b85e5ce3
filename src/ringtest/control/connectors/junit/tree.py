"""Documents whose cases are small trees of elements: NUnit, xUnit.net, TRX.

A case is gathered with all that is in it and read when it ends; what stands around it is
known by name and attributes alone. Slower than `reader`, which knows one format by heart.
"""

import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from xml.parsers import expat

from ringtest.control.connectors.junit.evidence import Attributes
from ringtest.control.connectors.junit.nesting import MAX_DEPTH, Nesting, Stop
from ringtest.control.kernel.excerpts import Sink, cut
from ringtest.control.kernel.outcome import TestOutcome
from ringtest.control.ports.result_parser import (
    DETAIL_LIMIT,
    MAX_EVIDENCE,
    MAX_PROPERTIES,
    MESSAGE_LIMIT,
    Cases,
    Evidence,
    Notes,
    Suite,
)

MAX_NODES = 5_000
"""Elements kept of one case."""


class Node:
    """An element that is kept, with its text and what is in it."""

    __slots__ = ("attributes", "name", "nodes", "sink")

    def __init__(self, name: str, attributes: Attributes) -> None:
        self.name, self.attributes = name, attributes
        self.nodes: list[Node] = []
        self.sink: Sink | None = None

    def get(self, name: str) -> str:
        """An attribute; empty when it is not there."""
        return self.attributes.get(name, "")

    def text(self) -> tuple[str | None, bool]:
        """Its text, and whether it was cut."""
        return self.sink.take() if self.sink else (None, False)

    def find(self, *path: str) -> "Node | None":
        """The first element at this path."""
        node: Node | None = self
        for name in path:
            node = next((one for one in node.nodes if one.name == name), None) if node else None
        return node

    def all(self, *path: str) -> "list[Node]":
        """All elements at this path."""
        nodes = [self]
        for name in path:
            nodes = [one for node in nodes for one in node.nodes if one.name == name]
        return nodes


class Told:
    """The evidence of a case while it is made of nodes, each text within its limit."""

    def __init__(self) -> None:
        self.evidence = Evidence()
        self._cut: dict[str, None] = {}

    def text(self, field_name: str, node: Node | None) -> None:
        """A long text: `detail`, `stdout` or `stderr`, or one more of the same."""
        text, was_cut = node.text() if node else (None, False)
        if text is None:
            return
        before = getattr(self.evidence, field_name)
        sink = Sink(DETAIL_LIMIT)
        sink.add(f"{before}\n{text}" if before else text)
        text, cut_again = sink.take()
        setattr(self.evidence, field_name, text)
        if was_cut or cut_again:
            self._cut[field_name] = None

    def message(self, node: Node | None) -> None:
        """What is said first of why; later ones are left to the detail."""
        text, _ = node.text() if node else (None, False)
        if text is not None and self.evidence.message is None:
            self.evidence.message = cut(text.strip(), MESSAGE_LIMIT)
            if self.evidence.message != text.strip():
                self._cut["message"] = None

    def properties(self, pairs: Iterator[tuple[str, str]]) -> None:
        """Properties, as many as there is room for."""
        for name, value in pairs:
            if len(self.evidence.properties) >= MAX_PROPERTIES:
                self._cut["properties"] = None
                return
            self.evidence.properties.append((cut(name, MESSAGE_LIMIT), cut(value, MESSAGE_LIMIT)))

    def left_out(self, field_name: str) -> None:
        """Something was too much."""
        self._cut[field_name] = None

    def take(self) -> Evidence:
        self.evidence.cut = tuple(self._cut)
        return self.evidence


@dataclass(slots=True)
class Found:
    """A case as its document tells it."""

    name: str
    classname: str
    seconds: float
    outcome: TestOutcome
    evidence: Evidence | None = None


@dataclass(frozen=True)
class Dialect:
    """How documents of one root are read.

    `cases` are the elements of cases, `suites` those whose names make the path of one.
    `beside` are elements outside of cases that are kept, each given with the attributes of the
    element around it to `look`, which may make a case of it (then of the suite as a whole).
    """

    root: str
    cases: frozenset[str]
    suites: frozenset[str]
    read: Callable[[Node], Found]
    name_suite: Callable[[str], str] = str
    beside: frozenset[str] = frozenset()
    look: Callable[[Node, Attributes], Found | None] = lambda node, around: None
    properties: frozenset[str] = frozenset()
    declared: Callable[[str, Attributes], int | None] = lambda name, attributes: None


@dataclass(slots=True)
class _Open:
    """An open element outside of cases."""

    name: str
    attributes: Attributes
    outer_path: str
    before: int
    suite: Suite | None = field(default=None)


class TreeReader(Nesting[_Open]):
    """What the elements of a document mean, for one dialect. See `reader.Reader`."""

    is_open = False
    """No runs of plain cases here."""

    def __init__(self, notes: Notes, dialect: Dialect) -> None:
        super().__init__(notes, {dialect.root, *dialect.suites})
        self.total = 0
        names = "|".join(sorted(self._roots))
        cases = "|".join(sorted(dialect.cases))
        self.landmark = re.compile(
            rf"<(?:(\?xml)\s|(/?)({names})[\s/>]|(?:{cases})[\s/>])".encode()
        )
        self._dialect = dialect
        self._cases = Cases()
        self._allowance = MAX_EVIDENCE
        self._case: Node | None = None
        self._inside: list[Node] = []
        self._depth = self._nodes = self._from_suites = 0

    def attach(self, parser: expat.XMLParserType) -> None:
        """Read from this parser from now on."""
        parser.ordered_attributes = False
        self._parser = parser
        parser.StartElementHandler = self._start
        parser.EndElementHandler = self._end
        parser.CharacterDataHandler = None

    def _start(self, name: str, attributes: Attributes) -> None:
        if self._case is not None:
            self._go_inside(name, attributes)
        elif name in self._dialect.cases or name in self._dialect.beside:
            self._case = Node(name, attributes)
            self._inside, self._depth, self._nodes = [self._case], 0, 0
            self._parser.CharacterDataHandler = self._text
        else:
            self._open(name, attributes)

    def _go_inside(self, name: str, attributes: Attributes) -> None:
        self._depth += 1
        if self._depth > MAX_DEPTH:
            raise Stop("too_deep", f"more than {MAX_DEPTH} elements inside one another")
        self._nodes += 1
        node = Node(name, attributes)
        if self._nodes <= MAX_NODES:
            self._inside[-1].nodes.append(node)
        self._inside.append(node)

    def _text(self, text: str) -> None:
        node = self._inside[-1]
        if node.sink is None:
            text = text.lstrip()  # so that it does not matter how the text comes in pieces
            if not text:
                return
            node.sink = Sink(min(DETAIL_LIMIT, self._allowance))
        node.sink.add(text)

    def _end(self, name: str) -> None:
        if self._case is None:
            self.shut()
            return
        if self._depth:
            self._depth -= 1
            self._spend(self._inside.pop())
            return
        self._spend(self._case)
        self._parser.CharacterDataHandler = None
        case, self._case, self._inside = self._case, None, []
        self._settle(case)

    def _settle(self, node: Node) -> None:
        if self._nodes > MAX_NODES:
            self.notes.add("evidence", f"more than {MAX_NODES} elements in a case", once=True)
        if node.name in self._dialect.cases:
            self._add(self._dialect.read(node))
            return
        found = self._dialect.look(node, self._stack[-1].attributes if self._stack else {})
        if found:
            self._from_suites += 1
            self._add(found)

    def _spend(self, node: Node) -> None:
        if node.sink and self._allowance:
            self._allowance = max(0, self._allowance - node.sink.size())
            if not self._allowance:
                self.notes.add("evidence", "too much output: later texts were left out", once=True)

    def _add(self, found: Found) -> None:
        cases = self._cases
        names = [cut(text, MESSAGE_LIMIT) for text in (found.classname, found.name)]
        if names != [found.classname, found.name]:
            self.notes.add("name_cut", "names of more than 4 KiB were cut", once=True)
        if found.evidence is not None:
            cases.evidence[len(cases)] = found.evidence
        cases.suites.append(self._path)
        cases.classnames.append(names[0])
        cases.names.append(names[1])
        cases.times.append(found.seconds)
        cases.outcomes.append(ord(found.outcome))
        self.total += 1

    # outside of cases

    def _open(self, name: str, attributes: Attributes) -> None:
        self._may_open()
        opened = _Open(name, attributes, self._path, self.total - self._from_suites)
        self._stack.append(opened)
        if name in self._dialect.suites:
            self._enter_suite(attributes.get("name", ""))
        elif name in self._dialect.properties:
            self._add_property(attributes)

    def _enter_suite(self, name: str) -> None:
        part = self._dialect.name_suite(name)
        if part:
            self._path = self._longer_path(part)
        self._declare(name)

    def shut(self) -> None:
        """See `Nesting`."""
        ended = self._stack.pop()
        self._path = ended.outer_path
        declared = self._dialect.declared(ended.name, ended.attributes)
        inside = self.total - self._from_suites - ended.before
        if declared is not None and declared != inside:
            self.notes.add(
                "count_mismatch",
                f"declared counts differ from what was found: {ended.name} declares"
                f" {declared} tests and holds {inside}",
            )

    def take(self) -> Cases:
        """The cases finished since the last call."""
        cases, self._cases = self._cases, Cases()
        return self._with_suites(cases)

    def finish(self) -> Cases:
        """The last of them."""
        return self.take()

    # for going on behind a broken place

    def abandon(self, reason: str) -> None:
        """The open case ends here: what came of it is unknown, which is an error."""
        self._parser.CharacterDataHandler = None  # first: it gives out what it holds
        case, self._case, self._inside = self._case, None, []
        if case is not None and case.name in self._dialect.cases:
            found = self._dialect.read(case)
            if not found.outcome.is_bad:
                found.outcome = TestOutcome.ERRORED
                found.evidence = Evidence("error", "unreadable", cut(reason, MESSAGE_LIMIT))
            self._add(found)

    def open_case(self) -> str | None:
        """The name of the case that has begun and not ended."""
        return None if self._case is None else self._dialect.read(self._case).name
