"""How two trees of names and values differ. Pure."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

Leaf = str | int | float | bool | None


@dataclass(frozen=True, slots=True)
class Difference:
    """One value that is not as it was; None on a side where it is not there."""

    what: str
    before: Leaf
    after: Leaf


def leaves(tree: Mapping[str, Any], above: str = "") -> Iterator[tuple[str, Leaf]]:
    """Each value by its path, in a fixed order; a list counts as the one text of its members.

    >>> dict(leaves({"cpu": {"cores": 4}, "os": "fedora", "to": [1, 2]}))
    {'cpu / cores': 4, 'os': 'fedora', 'to': '1, 2'}
    """
    for name in sorted(tree):
        value, path = tree[name], f"{above}{name}"
        if isinstance(value, Mapping):
            yield from leaves(value, f"{path} / ")
        elif isinstance(value, list):
            yield path, ", ".join(map(str, value))
        else:
            yield path, value


def differences(before: Mapping[str, Any], after: Mapping[str, Any]) -> list[Difference]:
    """What to do to make one of the other, by path.

    >>> differences({"nics": {"0000:00:03.0": {"firmware": "1.2"}}},
    ...             {"nics": {"0000:00:03.0": {"firmware": "1.3"}}})
    [Difference(what='nics / 0000:00:03.0 / firmware', before='1.2', after='1.3')]
    """
    old, new = dict(leaves(before)), dict(leaves(after))
    return [
        Difference(path, old.get(path), new.get(path))
        for path in sorted({*old, *new})
        if (path in old, old.get(path)) != (path in new, new.get(path))
    ]
