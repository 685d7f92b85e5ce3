"""Definitions by name, and who asked for which.

A table may know a definition by name and file alone, and read the file when somebody asks.
What a project asks for is written down, so that a later run can tell whether anything that
it came from has changed.
"""

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from typing import Any, Generic, TypeVar

from ringtest.language.places import Place

Value = TypeVar("Value")
Use = tuple[str, Any]


@dataclass(slots=True)
class Uses:
    """What is being made asks for these: (table, name)."""

    current: set[Use] | None = None

    def saw(self, table: str, name: Any) -> None:
        """Writes down that somebody asked."""
        if self.current is not None:
            self.current.add((table, name))


@dataclass(slots=True)
class _Entry(Generic[Value]):
    place: Place | None
    file: str | None
    value: Value | None
    load: Callable[[], None] | None


@dataclass(slots=True)
class Table(Generic[Value]):
    """Definitions of one kind. `name` says of which, such as "macro builder"."""

    name: str
    uses: Uses
    _entries: dict[Any, _Entry[Value]] = field(default_factory=dict)

    def put(self, name: Any, value: Value, place: Place | None, file: str | None) -> Place | None:
        """Adds a definition; returns the place of one that it hides."""
        before = self._entries.get(name)
        self._entries[name] = _Entry(place, file, value, None)
        return before.place if before is not None else None

    def fill(self, name: Any, value: Value, place: Place | None, file: str | None) -> None:
        """The definition that was announced, if it is the one that counts."""
        entry = self._entries.get(name)
        if entry is not None and entry.load is not None and entry.file == file:
            entry.value, entry.load = value, None

    def announce(
        self, name: Any, place: Place | None, file: str, load: Callable[[], None]
    ) -> Place | None:
        """A definition whose file is read by `load` when it is asked for."""
        before = self._entries.get(name)
        self._entries[name] = _Entry(place, file, None, load)
        return before.place if before is not None else None

    def find(self, name: Any) -> Value | None:
        """The definition of that name, None when there is none. TypeError for lists."""
        self.uses.saw(self.name, name)
        entry = self._entries.get(name)
        if entry is None:
            return None
        if entry.load is not None:
            entry.load()
        return entry.value

    def file_of(self, name: Any) -> str | None:
        """The file that defines it, None when nothing does."""
        entry = self._entries.get(name)
        return entry.file if entry is not None else None

    def names(self) -> list[Any]:
        """All names, in the order of their definitions."""
        return list(self._entries)

    def __iter__(self) -> Iterator[Value]:
        """All definitions."""
        for entry in list(self._entries.values()):
            if entry.load is not None:
                entry.load()
            if entry.value is not None:
                yield entry.value

    def __contains__(self, name: object) -> bool:
        self.uses.saw(self.name, name)
        return name in self._entries
