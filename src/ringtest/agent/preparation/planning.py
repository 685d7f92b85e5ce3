"""What a preparation would do and why, before anything is done."""

import time
from collections.abc import Mapping
from typing import Any

from msgspec import Struct

from ringtest.agent.preparation.handlers import Handlers
from ringtest.agent.preparation.preparing import Memory, planned
from ringtest.agent.preparation.wishes import Wishes


class Planned(Struct, frozen=True):
    """One step there would be."""

    number: int
    step: str
    key: str
    why: str
    """What is new (+), other (~) or goes away (-)."""


def plan_of(
    handlers: Handlers, memory: Memory, wishes: Wishes, *, now: float | None = None
) -> list[Planned]:
    """The steps for these wishes; the record on disk is not changed. ValueError when handlers
    each must run before the other."""
    on_record = memory.values
    memory.forget(wishes.expire, time.time() if now is None else now)
    memory.settle(wishes.places)
    lasting = memory.values
    steps = []
    for number, name in enumerate(planned(handlers, memory, wishes.values), start=1):
        key = handlers[name].key or ""
        old, new = lasting.get(key), wishes.values.get(key)
        why = difference(old, new)
        if on_record.get(key) == new:
            why = f"too old: {why}" if wishes.expire.get(key) else f"elsewhere: {why}"
        steps.append(Planned(number, name, key, why))
    return steps


def difference(old: Any, new: Any) -> str:
    """How two values of a key differ, in few words.

    >>> difference({"system": ["gcc"]}, {"system": ["make"], "pip": ["tmt"]})
    '+make, -gcc, +tmt'
    >>> difference({"a.conf": "x"}, {"a.conf": "y"}), difference(None, "avocado")
    ('~a.conf', '+avocado')
    """
    return ", ".join(_changes(old, new))


def _changes(old: Any, new: Any) -> list[str]:
    if list in (type(old), type(new)):
        have, want = old if isinstance(old, list) else [], new if isinstance(new, list) else []
        added = [f"+{one}" for one in want if one not in have]
        return added + [f"-{one}" for one in have if one not in want]
    if isinstance(new, Mapping) or (new is None and isinstance(old, Mapping)):
        return _changed_names(old if isinstance(old, Mapping) else {}, new or {})
    if new is None:
        return [f"-{old}"]
    return [f"+{new}"] if old is None else [f"~{new}"]


def _changed_names(old: Mapping[str, Any], new: Mapping[str, Any]) -> list[str]:
    found: list[str] = []
    for name in [*new, *(one for one in old if one not in new)]:
        before, after = old.get(name), new.get(name)
        if list in (type(before), type(after)):
            found += _changes(before, after)
        elif name not in new:
            found.append(f"-{name}")
        elif before != after:
            found.append(f"~{name}" if name in old else f"+{name}")
    return found
