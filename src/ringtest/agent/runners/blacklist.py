"""Tests that are known not to pass here: left out, or run and forgiven what they are known for.

A file of scenarios, each with a condition over the run's parameters:

```yaml
- description: old machines
  when: "arch == 'ppc64le'"
  bug-not-fixed:
    - {test: virsh.migrate, bug: 12345}
    - {test: "virsh.*", bug: 12346, skip-test: false, fail-regex: "timed out after \\d+ s"}
```
"""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from msgspec import structs

from ringtest.agent.runners.runner import BAD, Case
from ringtest.agent.runners.selection import fits
from ringtest.language.expressions import Expression, ExpressionError
from ringtest.language.placed_yaml import Path, Placed, read_placed

KINDS: Mapping[str, str] = {
    "not-supported": "feature",
    "bug-wont-fix": "bug",
    "bug-not-fixed": "bug",
    "case-updating": "task",
    "hazardous-case": "reason",
    "need-env": "env",
    "not-in-plan": "reason",
}
"""Why a test is on the list, and the key that says more of it."""
_OWN = ("description", "when")
_ENTRY = ("test", "skip-test", "fail-regex")


@dataclass(frozen=True, slots=True)
class Entry:
    """One line of the list, which applies to this run."""

    kind: str
    why: str
    tests: tuple[str, ...]
    skip: bool
    forgives: tuple["re.Pattern[str]", ...]
    """What a failure's text must hold to be forgiven."""

    @property
    def reason(self) -> str:
        """In words."""
        return f"{self.kind}: {self.why}"

    def means(self, test: str) -> bool:
        """Whether a test is on this line."""
        return any(fits(test, pattern) for pattern in self.tests)


class Blacklist:
    """The entries that apply."""

    def __init__(self, entries: Sequence[Entry] = ()) -> None:
        self._entries = entries

    def skips(self, test: str) -> str | None:
        """Why a test must not be run; None: it may be."""
        for entry in self._entries:
            if entry.skip and entry.means(test):
                return f"[BLACKLISTED] {entry.reason}"
        return None

    def forgiven(self, case: Case) -> Case:
        """The case, as skipped if it failed in a way that is known."""
        if case.outcome not in BAD:
            return case
        text = "\n".join((case.message, case.detail, case.stdout))
        for entry in self._entries:
            if not entry.means(case.test):
                continue
            if any(pattern.search(text) for pattern in entry.forgives):
                message = f"Test failure ignored: {entry.reason}: {case.message}"
                return structs.replace(case, outcome="skipped", message=message)
        return case


def read_blacklist(text: str, file: str, parameters: Mapping[str, Any]) -> Blacklist:
    """The entries of a file whose conditions hold; ValueError names all faults at their places."""
    placed = read_placed(text, file)
    scenarios = placed.data if placed.data is not None else []
    if not placed.faults and not isinstance(scenarios, list):
        placed.refuse((), "a blacklist is a list of scenarios")
    entries: list[Entry] = []
    conditions: dict[str, int] = {}
    for number, scenario in enumerate(scenarios if not placed.faults else []):
        if not isinstance(scenario, dict):
            placed.refuse((number,), "a scenario is a mapping")
            continue
        when = str(scenario.get("when") or "")
        if when and when in conditions:
            placed.refuse((number, "when"), f"scenario {conditions[when] + 1} has the same when")
        conditions.setdefault(when, number)
        found = _read_scenario(placed, scenario, number)
        if _holds(placed, when, parameters, number):
            entries += found
    if placed.faults:
        raise ValueError("\n".join(str(fault) for fault in placed.faults))
    return Blacklist(entries)


def _holds(placed: Placed, when: str, parameters: Mapping[str, Any], number: int) -> bool:
    try:
        return bool(Expression(when)(parameters)) if when else True
    except ExpressionError as error:
        placed.refuse((number, "when"), f"when: {error}")
        return False


def _read_scenario(placed: Placed, scenario: dict[str, Any], number: int) -> list[Entry]:
    found = []
    for kind, entries in scenario.items():
        if kind in _OWN:
            continue
        if kind not in KINDS:
            words = ", ".join((*_OWN, *KINDS))
            placed.refuse((number, kind), f"there is no {kind}; there are {words}", key=True)
            continue
        if not isinstance(entries, list):
            placed.refuse((number, kind), f"{kind} is a list of tests")
            continue
        for index, entry in enumerate(entries):
            made = _read_entry(placed, kind, entry, (number, kind, index))
            if made:
                found.append(made)
    return found


def _read_entry(placed: Placed, kind: str, entry: Any, path: Path) -> Entry | None:
    more = KINDS[kind]
    if not isinstance(entry, dict) or not entry.get("test") or not entry.get(more):
        placed.refuse(path, f"an entry of {kind} needs test and {more}")
        return None
    for key in entry:
        if key not in (*_ENTRY, more):
            words = ", ".join((*_ENTRY, more))
            placed.refuse((*path, key), f"there is no {key}; there are {words}", key=True)
    forgives = []
    for pattern in _texts(entry.get("fail-regex")):
        try:
            forgives.append(re.compile(pattern))
        except re.error as error:
            placed.refuse((*path, "fail-regex"), f"no regular expression: {error}")
    skip = entry.get("skip-test", not forgives)
    if not isinstance(skip, bool):
        placed.refuse((*path, "skip-test"), "skip-test is true or false")
    elif skip and forgives:
        placed.refuse((*path, "skip-test"), "a test that is left out cannot fail: fail-regex")
    elif not skip and not forgives:
        placed.refuse(path, "skip-test: false needs a fail-regex")
    why = ", ".join(_texts(entry[more]))
    return Entry(kind, why, tuple(_texts(entry["test"])), skip is True, tuple(forgives))


def _texts(value: Any) -> list[str]:
    if value is None:
        return []
    return [str(one) for one in value] if isinstance(value, list) else [str(value)]
