"""Raw values compiled once, expanded many times.

A node knows the variables that it needs. One that needs none is a constant: every job holds
the same object. Others remember what came out for which values, so that jobs that differ in
their name alone share the rest, and what was rendered of it.
"""

from collections.abc import Callable, Iterable, Mapping
from typing import Any, Protocol

from ringtest.jjb.expansion.formats import Format, Undefined
from ringtest.jjb.loading.values import Map, Seq, new_map, new_seq
from ringtest.jjb.problems import Failure
from ringtest.language.places import Place

Values = Mapping[str, Any]
_ABSENT = object()
_KEPT = 512
_TRIALS = 48


class Node(Protocol):
    """A raw value, ready to be expanded.

    required: variables that a parameter with this value waits for; may raise Failure.
    needs: variables that the result depends on; None when that is not known beforehand.
    """

    needs: tuple[str, ...] | None

    def required(self) -> Iterable[str]: ...

    def expand(self, values: Values) -> Any: ...


class Constant:
    """The same value in every job."""

    __slots__ = ("needs", "value")

    def __init__(self, value: Any) -> None:
        self.value = value
        self.needs: tuple[str, ...] | None = ()

    def required(self) -> Iterable[str]:
        return ()

    def expand(self, values: Values) -> Any:
        return self.value


class Broken:
    """A value that cannot be expanded: it fails when it is used, and as often."""

    __slots__ = ("_failure", "_in_required", "needs")

    def __init__(self, failure: Failure, in_required: bool = True) -> None:
        self._failure = failure
        self._in_required = in_required
        self.needs: tuple[str, ...] | None = None

    def required(self) -> Iterable[str]:
        if self._in_required:
            raise self._again()
        return ()

    def expand(self, values: Values) -> Any:
        raise self._again()

    def _again(self) -> Failure:
        again = Failure(self._failure.rule, self._failure.message, self._failure.place)
        again.chain = list(self._failure.chain)
        return again


class Text:
    """A string with variables."""

    __slots__ = ("_allow_empty", "_format", "needs")

    def __init__(self, text: Format, allow_empty: bool) -> None:
        self._format = text
        self._allow_empty = allow_empty
        self.needs = text.needs

    def required(self) -> Iterable[str]:
        if self._format.error is not None:
            raise Failure(self._format.error.rule, self._format.error.message)
        return self._format.required

    def expand(self, values: Values) -> Any:
        return self._format.format(values, self._allow_empty)


class Remembering:
    """Keeps what came out for which values, as long as that pays."""

    __slots__ = ("_hits", "_kept", "_misses", "needs")

    def __init__(self, needs: tuple[str, ...] | None) -> None:
        self.needs = needs
        self._kept: dict[tuple[Any, ...], tuple[Any, Any]] | None = (
            None if needs is None or len(needs) > 16 else {}
        )
        self._hits = self._misses = 0

    def expand(self, values: Values) -> Any:
        """The expanded value; an object that was kept is marked as shared."""
        kept = self._kept
        if kept is None:
            return self._expand(values)
        held = [values.get(name, _ABSENT) for name in self.needs or ()]
        # Equal strings are the same; of the rest only the very same object is (1 == True).
        key = tuple([item if type(item) is str else id(item) for item in held])
        found = kept.get(key)
        if found is not None:
            self._hits += 1
            value = found[0]
            value.shared = True
            return value
        value = self._expand(values)
        self._misses += 1
        if self._misses >= _TRIALS and self._hits < self._misses >> 3:
            self._kept = None
        else:
            if len(kept) >= _KEPT:
                kept.clear()
            kept[key] = (value, held)
        return value

    def _expand(self, values: Values) -> Any:
        raise NotImplementedError


class Mapped(Remembering):
    """A mapping of which something changes from job to job."""

    __slots__ = ("_base", "_items", "_raw", "_same_keys")

    def __init__(self, raw: Map, items: list[tuple[Any, Node, Any, Node]]) -> None:
        super().__init__(united([node for _, key, _, value in items for node in (key, value)]))
        self._raw = raw
        self._items = items
        self._same_keys = all(type(key) is Constant for _, key, _, _ in items)
        self._base = {
            key.expand({}): value.value if type(value) is Constant else None
            for _, key, _, value in items
            if type(key) is Constant
        }

    def required(self) -> Iterable[str]:
        for raw, key, _, value in self._items:
            try:
                yield from key.required()
                yield from value.required()
            except Failure as failure:
                raise failure.at(self._raw.place_of_value(raw)) from None

    def _expand(self, values: Values) -> Any:
        raw_map = self._raw
        made = Map(self._base) if self._same_keys else Map()
        made.source, made.mark, made.shared = raw_map.source, raw_map.mark, False
        made.marks = raw_map.marks
        if not self._same_keys:
            made.marks = {}
        for raw, key_node, _, value_node in self._items:
            try:
                if self._same_keys:
                    if type(value_node) is not Constant:
                        made[key_node.value] = value_node.expand(values)  # type: ignore[attr-defined]
                    continue
                key = key_node.expand(values)
                made[key] = value_node.expand(values)
                made.marks[key] = raw_map.marks.get(raw, (None, None))
            except Failure as failure:
                raise failure.at(raw_map.place_of_value(raw)) from None
            except TypeError:
                raise Failure(
                    "wrong-type",
                    f"{raw!r} does not give a string to be a key",
                    raw_map.place_of_key(raw),
                ) from None
        return made


class Listed(Remembering):
    """A list of which something changes from job to job."""

    __slots__ = ("_base", "_changing", "_items", "_raw")

    def __init__(self, raw: Seq, items: list[Node]) -> None:
        super().__init__(united(items))
        self._raw = raw
        self._items = items
        self._base = [item.value if type(item) is Constant else None for item in items]
        self._changing = [
            (index, item) for index, item in enumerate(items) if type(item) is not Constant
        ]

    def required(self) -> Iterable[str]:
        for index, item in enumerate(self._items):
            try:
                yield from item.required()
            except Failure as failure:
                raise failure.at(self._raw.place_of_item(index)) from None

    def _expand(self, values: Values) -> Any:
        raw = self._raw
        made = Seq(self._base)
        made.source, made.mark, made.marks, made.shared = raw.source, raw.mark, raw.marks, False
        for index, node in self._changing:
            try:
                made[index] = node.expand(values)
            except Failure as failure:
                raise failure.at(raw.place_of_item(index)) from None
        return made


class Tupled:
    """A tuple, which Python's own YAML tags can make."""

    __slots__ = ("_items", "needs")

    def __init__(self, items: list[Node]) -> None:
        self._items = items
        self.needs = united(items)

    def required(self) -> Iterable[str]:
        for item in self._items:
            yield from item.required()

    def expand(self, values: Values) -> Any:
        return tuple([item.expand(values) for item in self._items])


def united(nodes: Iterable[Node]) -> tuple[str, ...] | None:
    """What all of these need together."""
    names: dict[str, None] = {}
    for node in nodes:
        if node.needs is None:
            return None
        names.update(dict.fromkeys(node.needs))
    return tuple(names)


def constant_map(raw: Map, items: list[tuple[Any, Node, Any, Node]]) -> Constant:
    """A mapping that is the same in every job."""
    made = new_map(raw.source, raw.mark)
    made.shared = True
    for old, key, _, value in items:
        new = key.expand({})
        made[new] = value.expand({})
        made.marks[new] = raw.marks.get(old, (None, None))
    return Constant(made)


def constant_seq(raw: Seq, items: list[Node]) -> Constant:
    """A list that is the same in every job."""
    made = new_seq(raw.source, raw.mark)
    made.shared = True
    made.extend(item.expand({}) for item in items)
    made.marks = raw.marks
    return Constant(made)


def place_in(raw: Any) -> Place | None:
    """Where a collection begins, if it is one."""
    return raw.place() if isinstance(raw, Map | Seq) else None


Compile = Callable[[Any], Node]
__all__ = ["Node", "Undefined", "Values", "place_in"]
