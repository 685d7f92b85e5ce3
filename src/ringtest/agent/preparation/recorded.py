"""What was brought about on a machine, with the time of each single value. Pure."""

from collections.abc import Mapping
from typing import Any

from msgspec import Struct

Plain = Any
"""None, bool, number, text, list[Plain] or dict[str, Plain]."""


class Leaf(Struct, frozen=True):
    """A value that was brought about as a whole. `at`: seconds since 1970."""

    value: Plain
    at: float


Tree = Leaf | dict[str, Any]
"""Mappings have a time for each of their values; anything else is one value."""


def record(value: Plain, at: float) -> Tree:
    """A value as it is remembered.

    >>> record({"a": 1, "b": [2]}, 5.0)
    {'a': Leaf(value=1, at=5.0), 'b': Leaf(value=[2], at=5.0)}
    """
    if isinstance(value, Mapping):
        return {str(key): record(inner, at) for key, inner in value.items()}
    return Leaf(value, at)


def plain(tree: Tree | None) -> Plain:
    """The value without its times."""
    if isinstance(tree, Leaf):
        return tree.value
    return None if tree is None else {key: plain(inner) for key, inner in tree.items()}


def refresh(before: Tree | None, value: Plain, at: float) -> Tree:
    """What is remembered once `value` is there: what was so already keeps its time.

    >>> refresh(record({"a": 1, "b": 2}, 1.0), {"a": 1, "b": 3}, 9.0)
    {'a': Leaf(value=1, at=1.0), 'b': Leaf(value=3, at=9.0)}
    """
    if isinstance(value, Mapping):
        known = before if isinstance(before, dict) else {}
        return {str(key): refresh(known.get(key), inner, at) for key, inner in value.items()}
    if isinstance(before, Leaf) and before.value == value:
        return before
    return Leaf(value, at)


def fresh(tree: Tree | None, since: float) -> Tree | None:
    """Without the values that are older; None when nothing is left.

    >>> fresh({"a": Leaf(1, 1.0), "b": {"c": Leaf(2, 9.0)}}, 5.0)
    {'b': {'c': Leaf(value=2, at=9.0)}}
    """
    if tree is None or isinstance(tree, Leaf):
        return tree if tree is not None and tree.at >= since else None
    left = {key: kept for key, inner in tree.items() if (kept := fresh(inner, since)) is not None}
    return left or None


def to_json(tree: Tree) -> Plain:
    """A form for a file: a leaf is `{"=": value, "at": seconds}`."""
    if isinstance(tree, Leaf):
        return {"=": tree.value, "at": tree.at}
    return {key: to_json(inner) for key, inner in tree.items()}


def from_json(data: Plain) -> Tree:
    """The inverse of `to_json`.

    >>> from_json(to_json(record({"a": {"=": 1}}, 2.0))) == record({"a": {"=": 1}}, 2.0)
    True
    """
    if "=" in data and "at" in data:
        return Leaf(data["="], data["at"])
    return {key: from_json(inner) for key, inner in data.items()}
