"""The state of a machine as things with facts, and how two states differ. Pure."""

import difflib
import re
from collections.abc import Mapping, Sequence
from typing import Any, Protocol

from msgspec import Struct

MOST_LINES = 20
"""Of a text that differs, that are told."""

Key = tuple[str, str, str]
"""Where, kind and name."""


class Thing(Struct, frozen=True):
    """One domain, network, pool, service or file."""

    where: str
    """Address of libvirt; empty for what is the machine's own."""
    kind: str
    name: str
    facts: Mapping[str, str]
    """What is compared; texts of several lines are told by the lines that differ."""
    kept: Any = None
    """What it takes to put it back, beside its facts."""

    @property
    def key(self) -> Key:
        """What it is found by in another state."""
        return self.where, self.kind, self.name


State = Mapping[Key, Thing]


class Change(Struct, frozen=True, omit_defaults=True):
    """How a thing is not as it was."""

    kind: str
    name: str
    how: str
    """appeared, vanished or changed."""
    facts: list[str] = []
    """What of it, for one that changed."""
    where: str = ""
    restored: bool | None = None
    """None where nobody tried."""
    problem: str = ""
    """Why it could not be put back."""

    @property
    def line(self) -> str:
        """In words.

        >>> Change("domain", "vm1", "changed", ["state: running → shut off"], restored=True).line
        'domain vm1 changed (state: running → shut off): put back'
        """
        ends = {None: "", True: ": put back", False: f": cannot be put back: {self.problem}"}
        facts = f" ({'; '.join(self.facts)})" if self.facts else ""
        return f"{self.kind} {self.name} {self.how}{facts}{ends[self.restored]}"


class Watcher(Protocol):
    """Reads and restores the things of some kinds."""

    kinds: Sequence[str]
    """In the order in which they are put back: what others need comes first."""

    async def read(self) -> Sequence[Thing]:
        """All there are; StageFailed when they cannot be read."""
        ...

    async def restore(self, before: Thing | None, after: Thing | None) -> None:
        """Put one back, of which one side may be missing; Problem says why it cannot be."""
        ...


class Problem(Exception):
    """A thing cannot be put back."""


def differences(before: State, after: State, permit: Sequence[str] = ()) -> list[Change]:
    """All that is not as it was, but for what a pattern of `permit` is the kind and name of."""
    changes = []
    for key in [*before, *(key for key in after if key not in before)]:
        old, new = before.get(key), after.get(key)
        if old and new and old.facts == new.facts:
            continue
        where, kind, name = key
        if any(re.fullmatch(pattern, f"{kind} {name}") for pattern in permit):
            continue
        how = "changed" if old and new else ("vanished" if old else "appeared")
        facts = _facts(old.facts, new.facts) if old and new else []
        changes.append(Change(kind, name, how, facts, where))
    return changes


def _facts(old: Mapping[str, str], new: Mapping[str, str]) -> list[str]:
    """Each fact that differs.

    >>> _facts({"state": "running", "xml": "a\\nb"}, {"state": "paused", "xml": "a\\nc"})
    ['state: running → paused', 'xml: -b +c']
    """
    found = []
    for name in [*old, *(one for one in new if one not in old)]:
        before, after = old.get(name, ""), new.get(name, "")
        if before == after:
            continue
        if "\n" in before or "\n" in after:
            lines = [
                line[0] + line[1:].strip()
                for line in difflib.unified_diff(before.splitlines(), after.splitlines(), n=0)
                if line[:1] in "+-" and line[:3] not in ("+++", "---")
            ]
            more = f" … {len(lines) - MOST_LINES} more" if len(lines) > MOST_LINES else ""
            found.append(f"{name}: {' '.join(lines[:MOST_LINES])}{more}")
        else:
            found.append(f"{name}: {before or 'none'} → {after or 'none'}")
    return found
