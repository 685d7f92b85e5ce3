"""YAML of strangers as plain data: texts, lists and mappings, and nothing that can explode.

Tags are not obeyed, aliases are refused, depth and size are limited, and no scalar is
guessed to be a date or a truth: `0755`, `yes` and `1:30` stay what is written there.
"""

from typing import Any, cast

import yaml

MAX_DEPTH = 100
MAX_NODES = 100_000

Plain = Any
"""str, None, list[Plain] or dict[str, Plain]."""

_NULLS = {"", "~", "null", "Null", "NULL"}
_LOADER = cast("type[yaml.SafeLoader]", getattr(yaml, "CSafeLoader", yaml.SafeLoader))


class NotPlain(ValueError):
    """No YAML, or more than plain data."""


class _Building:
    """Containers that are open, and the key that waits for its value in each of them."""

    def __init__(self) -> None:
        self.root: list[Plain] = []
        self._open: list[list[Plain] | dict[str, Plain]] = [self.root]
        self._keys: list[str | None] = [None]

    def add(self, value: Plain) -> None:
        """A value, or the key of the next value."""
        container = self._open[-1]
        if isinstance(container, list):
            container.append(value)
        elif self._keys[-1] is None:
            self._keys[-1] = value if isinstance(value, str) else str(value)
        else:
            container[self._keys[-1]] = value
            self._keys[-1] = None

    def begin(self, container: list[Plain] | dict[str, Plain]) -> None:
        """A list or mapping begins."""
        if len(self._open) > MAX_DEPTH:
            raise NotPlain(f"more than {MAX_DEPTH} levels")
        if isinstance(self._open[-1], dict) and self._keys[-1] is None:
            raise NotPlain("a key that is no text")
        self.add(container)
        self._open.append(container)
        self._keys.append(None)

    def end(self) -> None:
        """The innermost list or mapping ends."""
        self._open.pop()
        self._keys.pop()


def load(text: str) -> Plain:
    """The first document of the text; NotPlain says why it is none.

    >>> load("a: [1, ~, yes]")
    {'a': ['1', None, 'yes']}
    >>> load("a: &x [1]\\nb: *x")
    Traceback (most recent call last):
    ringtest.control.kernel.plain_yaml.NotPlain: aliases are not read
    """
    building = _Building()
    nodes = 0
    try:
        for event in yaml.parse(text, Loader=_LOADER):
            nodes += 1
            if nodes > MAX_NODES:
                raise NotPlain(f"more than {MAX_NODES} values")
            if isinstance(event, yaml.AliasEvent):
                raise NotPlain("aliases are not read")
            if isinstance(event, yaml.DocumentEndEvent):
                break
            _apply(building, event)
    except yaml.YAMLError as error:
        raise NotPlain(" ".join(str(error).split())) from None
    return building.root[0] if building.root else None


def _apply(building: _Building, event: yaml.Event) -> None:
    if isinstance(event, yaml.ScalarEvent):
        is_null = event.implicit[0] and event.value in _NULLS
        building.add(None if is_null else event.value)
    elif isinstance(event, yaml.SequenceStartEvent):
        building.begin([])
    elif isinstance(event, yaml.MappingStartEvent):
        building.begin({})
    elif isinstance(event, yaml.CollectionEndEvent):
        building.end()
