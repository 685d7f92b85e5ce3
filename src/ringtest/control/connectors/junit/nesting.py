"""Open elements outside of cases, whatever the dialect: their suites, and how they are left."""

from abc import ABC, abstractmethod
from collections.abc import Set
from typing import Generic, Protocol, TypeVar

from ringtest.control.connectors.junit.evidence import Attributes
from ringtest.control.kernel.excerpts import cut
from ringtest.control.ports.result_parser import (
    MAX_PROPERTIES,
    MESSAGE_LIMIT,
    Cases,
    Notes,
    Suite,
)

MAX_DEPTH = 1_000
"""Elements inside one another; real files need about 8."""

MAX_SUITES = 10_000
"""Suites whose names and properties are kept."""


class Stop(Exception):
    """A limit was reached: keep what was read, read no more."""

    def __init__(self, code: str, text: str) -> None:
        super().__init__(text)
        self.code = code


class OpenElement(Protocol):
    """An element that has begun and not ended."""

    name: str
    suite: Suite | None


E = TypeVar("E", bound=OpenElement)


class Nesting(ABC, Generic[E]):
    """Open elements, outermost first; `roots` are those that are suites or hold them."""

    def __init__(self, notes: Notes, roots: Set[str]) -> None:
        self.notes = notes
        self._roots = roots
        self._stack: list[E] = []
        self._path = ""
        self._suites: list[Suite] = []
        self._suites_left = MAX_SUITES

    @abstractmethod
    def shut(self) -> None:
        """The innermost open element ends."""

    def _may_open(self) -> None:
        """Raises Stop when there are too many."""
        if len(self._stack) >= MAX_DEPTH:
            raise Stop("too_deep", f"more than {MAX_DEPTH} elements inside one another")

    def _longer_path(self, part: str) -> str:
        """The path of a suite inside of the one that is open."""
        return cut(f"{self._path}/{part}" if self._path else part, MESSAGE_LIMIT)

    def _declare(self, name: str) -> None:
        """The innermost element is a suite, of the path that is open."""
        if self._suites_left > 0:
            self._suites_left -= 1
            self._stack[-1].suite = Suite(self._path, cut(name, MESSAGE_LIMIT))
            self._suites.append(self._stack[-1].suite)

    def _add_property(self, attributes: Attributes) -> None:
        """Of the innermost suite."""
        suite = next((one.suite for one in reversed(self._stack) if one.suite), None)
        if suite is not None and len(suite.properties) < MAX_PROPERTIES:
            name, value = (cut(attributes.get(key, ""), MESSAGE_LIMIT) for key in ("name", "value"))
            suite.properties.append((name, value))

    def _with_suites(self, cases: Cases) -> Cases:
        """The suites that were declared since the last call come with these cases."""
        cases.declared, self._suites = self._suites, []
        return cases

    # for going on behind a broken place

    def open_names(self) -> list[str]:
        """Names of the open elements, outermost first."""
        return [element.name for element in self._stack]

    def keep_only_suites(self) -> None:
        """Forget open elements that are no suites: nobody knows where they end."""
        self._stack = [element for element in self._stack if element.name in self._roots]

    def shut_all(self) -> None:
        """Another document begins."""
        while self._stack:
            self.shut()

    def shut_inside(self, name: str) -> bool:
        """End what is open inside the innermost `name`; False when there is none."""
        if name not in self.open_names():
            return False
        while self._stack[-1].name != name:
            self.shut()
        return True
