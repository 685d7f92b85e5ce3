"""Which handlers must run for a change, and in which order. Pure.

    handlers = Handlers()

    @handlers.add("packages", after=["repositories"])
    async def install(machine, old, new): ...

`old` and `new` are values of the handler's key, None where there is none. Names may be of handlers
that are added later.
"""

from collections.abc import (
    AsyncIterator,
    Awaitable,
    Callable,
    Collection,
    Iterable,
    Mapping,
    Sequence,
)
from dataclasses import dataclass
from enum import Enum
from typing import Any, TypeVar


class Trigger(Enum):
    """When a handler runs by itself."""

    ON_CHANGE = "when what is wanted is not what is on record"
    ALWAYS = "each time its key is wanted"
    NEVER = "only when another handler requires it"


@dataclass(frozen=True, slots=True)
class Require:
    """A running handler needs another one: before it goes on (`immediately`), or later on.

    What has run is not run again, unless `rerun`."""

    name: str
    rerun: bool = False
    immediately: bool = False


@dataclass(frozen=True, slots=True)
class Contain:
    """A running handler did what another one would do: that one is not needed."""

    name: str


@dataclass(frozen=True, slots=True)
class Record:
    """What is on record of a handler's key, when that is not simply what was wanted."""

    value: Any


Said = Require | Contain | Record
Work = Callable[[Any, Any, Any], Awaitable[Any] | AsyncIterator[Said]]
W = TypeVar("W", bound=Work)
Wanted = Callable[[Any, Any], bool]


@dataclass(frozen=True, slots=True)
class Handler:
    """A piece of work for one key, and what it says of its place."""

    name: str
    key: str | None
    work: Work
    trigger: Trigger | Wanted
    after: tuple[str, ...] = ()
    before: tuple[str, ...] = ()
    requires: tuple[str, ...] = ()
    contains: tuple[str, ...] = ()

    def is_due(self, old: Mapping[str, Any], new: Mapping[str, Any]) -> bool:
        """Whether the change asks for it."""
        if self.key is None or self.trigger is Trigger.NEVER:
            return False
        before, wanted = old.get(self.key), new.get(self.key)
        if self.trigger is Trigger.ALWAYS:
            return self.key in new
        if self.trigger is Trigger.ON_CHANGE:
            return self.key in new and before != wanted
        assert not isinstance(self.trigger, Trigger)
        return self.trigger(before, wanted)


class Circle(ValueError):
    """Handlers that each must run before the other."""


class Handlers:
    """All handlers, in the order in which they were added."""

    def __init__(self) -> None:
        self._known: dict[str, Handler] = {}

    def add(
        self,
        key: str | None = None,
        *,
        name: str = "",
        trigger: Trigger | Wanted = Trigger.ON_CHANGE,
        after: Iterable[str] = (),
        before: Iterable[str] = (),
        requires: Iterable[str] = (),
        contains: Iterable[str] = (),
    ) -> Callable[[W], W]:
        """Make a function a handler, under its own name unless `name` says another."""

        def register(work: W) -> W:
            called = name or getattr(work, "__name__", "")
            if called in self._known:
                raise ValueError(f"two handlers are called {called}")
            places = (tuple(after), tuple(before), tuple(requires), tuple(contains))
            self._known[called] = Handler(called, key, work, trigger, *places)
            return work

        return register

    def __getitem__(self, name: str) -> Handler:
        if name not in self._known:
            raise ValueError(f"there is no handler {name}; there are {', '.join(self._known)}")
        return self._known[name]

    def __iter__(self) -> "Any":
        return iter(self._known.values())

    def due(self, old: Mapping[str, Any], new: Mapping[str, Any]) -> list[str]:
        """The steps of a change: what it asks for and what that requires, without what is
        contained in another step, each after what it must come after."""
        asked = [one.name for one in self if one.is_due(old, new)]
        return self.ordered(self.without_contained(self.with_required(asked)))

    def with_required(self, names: Iterable[str]) -> list[str]:
        """And what these require, and what that requires."""
        found: dict[str, None] = {}
        left = list(names)
        while left:
            name = left.pop()
            if name not in found:
                found[name] = None
                left += self[name].requires
        return [one.name for one in self if one.name in found]

    def without_contained(self, names: Sequence[str]) -> list[str]:
        """Without those whose work another one does; of two that contain each other the first
        stays."""
        left = list(names)
        for name in names:
            if name in left:
                inside = set(self[name].contains) - {name}
                left = [one for one in left if one not in inside]
        return left

    def ordered(self, names: Collection[str]) -> list[str]:
        """In the order of their places, else as they were added; Circle when there is none."""
        ahead: dict[str, set[str]] = {one.name: set() for one in self if one.name in names}
        for name in ahead:
            handler = self[name]
            ahead[name] |= {one for one in (*handler.after, *handler.requires) if one in ahead}
            for later in handler.before:
                if later in ahead:
                    ahead[later].add(name)
        found: list[str] = []
        while ahead:
            ready = next((name for name, need in ahead.items() if not need), None)
            if ready is None:
                raise Circle(f"each of these must run before the other: {', '.join(ahead)}")
            found.append(ready)
            del ahead[ready]
            for need in ahead.values():
                need.discard(ready)
        return found
