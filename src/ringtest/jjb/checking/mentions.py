"""Which variables a raw value names, and which files."""

from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

from ringtest.jjb.expansion.compiling import Compiler
from ringtest.jjb.expansion.formats import compiled
from ringtest.jjb.loading.values import Map, Seq, Tagged
from ringtest.jjb.problems import Failure


@dataclass(slots=True)
class Names:
    """Variables of a value.

    needed: those without a default of their own; optional: the others, and those of files.
    open: whether it may name others that cannot be known before it is expanded.
    """

    needed: set[str] = field(default_factory=set)
    optional: set[str] = field(default_factory=set)
    open: bool = False

    def all(self) -> set[str]:
        """Every one of them."""
        return self.needed | self.optional

    def add(self, other: "Names") -> None:
        """Those of another value as well."""
        self.needed |= other.needed
        self.optional |= other.optional
        self.open = self.open or other.open


class Mentions:
    """Names of raw values; each value is looked at once."""

    def __init__(self, compiler: Compiler) -> None:
        self._compiler = compiler
        self._known: dict[int, tuple[Any, Names]] = {}
        self._texts: dict[str, Names] = {}

    def of(self, raw: Any) -> Names:
        """The variables that it names."""
        if type(raw) is str:
            if raw not in self._texts:
                self._texts[raw] = _of_text(raw)
            return self._texts[raw]
        if not isinstance(raw, Map | Seq | Tagged | dict | list | tuple):
            return Names()
        found = self._known.get(id(raw))
        if found is None:
            names = Names()
            # What holds itself meets these; the raw value is held, so that its id stays its own.
            self._known[id(raw)] = found = (raw, names)
            for part in _parts(raw):
                names.add(self.of(part))
            if isinstance(raw, Tagged):
                names.add(self._of_tag(raw))
        return found[1]

    def _of_tag(self, raw: Tagged) -> Names:
        try:
            needs = self._compiler.node(raw).needs
        except Failure:
            needs = None
        return Names(optional=set(needs or ()), open=needs is None)


def _of_text(text: str) -> Names:
    form = compiled(text)
    if form.needs is None:
        return Names(open=True)
    optional = {name for name, _ in form.defaults}
    names = Names(set(form.needs) - optional, optional)
    for _, default in form.defaults:
        names.add(_of_text(default))
    return names


def _parts(raw: Any) -> Iterator[Any]:
    if isinstance(raw, dict):
        for key, value in raw.items():
            yield key
            yield value
    elif isinstance(raw, list | tuple):
        yield from raw


def tags(raw: Any, seen: set[int]) -> Iterator[Tagged]:
    """All tags inside of a raw value. seen: ids of values that were looked at before."""
    if isinstance(raw, Tagged):
        yield raw
    elif isinstance(raw, dict | list | tuple) and id(raw) not in seen:
        seen.add(id(raw))
        for part in _parts(raw):
            yield from tags(part, seen)
