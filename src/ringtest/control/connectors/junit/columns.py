"""Finished cases of a JUnit file on their way into columns."""

import math
from operator import eq

from ringtest.control.connectors.junit.conventions import PARAMETERS
from ringtest.control.connectors.junit.evidence import (
    by_status,
    is_status,
    seconds,
)
from ringtest.control.kernel.excerpts import cut
from ringtest.control.kernel.outcome import TestOutcome
from ringtest.control.ports.result_parser import MESSAGE_LIMIT, Cases, Evidence, Notes

_PASSED = TestOutcome.PASSED.value.encode()
_NOTHING = ["", ""]
"""Stands for no attributes at all."""


class Run:
    """Finished cases of a batch.

    Neighbours mostly have the same attributes in the same order: `keys`. Only the values
    of such cases are kept, in one list, and a column is a slice of it.
    """

    def __init__(self, notes: Notes) -> None:
        self.keys = [" "]  # of no case
        self.values: list[str] = []
        self.total = 0
        """Cases of all batches taken."""
        self.bad = 0
        """Failures and errors so far, without those that a status will tell of."""
        self.counts_tries = False
        """Whether cases of one name behind one another are tries, whatever came of them."""
        self._notes = notes
        self._cases = Cases()
        self._times: list[str] = []
        self._odd: dict[int, tuple[TestOutcome, Evidence]] = {}
        self._last = ("", "")
        self._repeats: list[int] = []

    def count(self) -> int:
        """Cases so far."""
        return self.total + self._in_batch()

    def _in_batch(self) -> int:
        return len(self._cases) + len(self.values) // len(self.keys)

    def change(self, keys: list[str]) -> None:
        """The next cases have other attributes."""
        self._settle()
        self.keys = keys

    def add(self, case: list[str]) -> None:
        """A case without children; its attributes as expat tells them: name, value, name …"""
        if case[::2] != self.keys:
            case = case or _NOTHING
            self.change(case[::2])
        self.values += case[1::2]

    def add_odd(self, case: list[str], outcome: TestOutcome, evidence: Evidence) -> None:
        """A case with children."""
        self.add(case)
        self._odd[self._in_batch() - 1] = (outcome, evidence)

    def add_plain(self, keys: list[str], values: list[str]) -> None:
        """Cases without children, all of the same attributes."""
        if keys != self.keys:
            self.change(keys)
        self.values += values

    def bad_since(self, before: int) -> int:
        """Failures and errors beyond `before`, with those that a status tells of."""
        self._settle()
        return self.bad - before

    def repeats_since(self, start: int) -> int:
        """Cases from number `start` on that have the name of the case before them, and failed
        unless tries look like passed cases here."""
        self._settle()
        repeats = [*self._repeats, *self._repeats_in_batch()]
        return sum(1 for number in repeats if number >= start)

    def _repeats_in_batch(self) -> list[int]:
        names, classnames = self._cases.names, self._cases.classnames
        found = []
        if (
            self.counts_tries
            and not any(map(eq, names, names[1:]))
            and names[:1] != [self._last[1]]
        ):
            return []
        for at in range(len(names)) if self.counts_tries else self._odd:
            before = (classnames[at - 1], names[at - 1]) if at else self._last
            if before == (classnames[at], names[at]):
                found.append(self.total + at)
        return found

    def name_suite(self, path: str) -> None:
        """All cases since the last call were in the suite `path`."""
        suites = self._cases.suites
        suites += [path] * (self._in_batch() - len(suites))

    def take(self) -> Cases:
        """The batch, whose suites are named."""
        self._settle()
        cases = self._cases
        if not cases.names:
            return Cases()
        cases.names = self._short(cases.names)
        cases.classnames = self._short(cases.classnames)
        cases.times = _seconds_of(self._times)
        cases.outcomes = bytearray(_PASSED) * len(cases)
        for position, (outcome, evidence) in self._odd.items():
            cases.outcomes[position] = ord(outcome)
            cases.evidence[position] = evidence
        self._repeats += self._repeats_in_batch()
        self._last = (cases.classnames[-1], cases.names[-1])
        self.total += len(cases)
        self._odd, self._times, self._cases = {}, [], Cases()
        return cases

    def _settle(self) -> None:
        """Turn `values` into columns."""
        if self.values:
            period = len(self.keys)
            self._add({key: self.values[at::period] for at, key in enumerate(self.keys)})
            self.values.clear()

    def _add(self, columns: dict[str, list[str]]) -> None:
        """Append columns; what costs per column and not per case is left to `take`."""
        cases, names = self._cases, columns.get("name")
        count = len(next(iter(columns.values())))
        start = len(cases.names)
        cases.names += [""] * count if names is None else names
        classnames = columns.get("classname") or columns.get("class")
        cases.classnames += [""] * count if classnames is None else classnames
        self._times += columns.get("time") or [""] * count
        if "status" in columns or "result" in columns:
            self._read_status(columns, start)
        if not columns.keys().isdisjoint(PARAMETERS):
            self._read_parameters(columns, start)

    def _short(self, column: list[str]) -> list[str]:
        if max(map(len, column)) * 4 <= MESSAGE_LIMIT:
            return column
        short = [cut(text, MESSAGE_LIMIT) for text in column]
        if short != column:
            self._notes.add("name_cut", "names of more than 4 KiB were cut", once=True)
        return short

    def _read_status(self, columns: dict[str, list[str]], start: int) -> None:
        words = {key: columns[key] for key in ("result", "status") if key in columns}
        if not any(is_status(word) for column in words.values() for word in set(column)):
            return
        for position in range(len(next(iter(words.values())))):
            outcome, word = by_status({key: column[position] for key, column in words.items()})
            if word and start + position not in self._odd:
                self._odd[start + position] = (outcome, Evidence(raw_outcome=word))
                self.bad += outcome.is_bad

    def _read_parameters(self, columns: dict[str, list[str]], start: int) -> None:
        given = [name for name in PARAMETERS if name in columns]
        for position, values in enumerate(zip(*(columns[name] for name in given), strict=True)):
            pairs = [
                (name, cut(value, MESSAGE_LIMIT))
                for name, value in zip(given, values, strict=True)
                if value
            ]
            if pairs:
                nothing = (TestOutcome.PASSED, Evidence())
                self._odd.setdefault(start + position, nothing)[1].parameters = pairs


def _seconds_of(words: list[str]) -> list[float]:
    try:
        times = list(map(float, words))
    except ValueError:
        return list(map(seconds, words))
    if math.isfinite(sum(times)) and min(times) >= 0 and max(times) < 1e9:
        return times
    return list(map(seconds, words))
