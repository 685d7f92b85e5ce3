"""Brings a machine from what is on record to what is wanted, step by step."""

import dataclasses
import hashlib
import os
import time
from collections.abc import AsyncIterator, Callable, Mapping, Sequence
from pathlib import Path
from typing import Any, cast

import msgspec

from ringtest.agent.attempt import write_durably
from ringtest.agent.control import StageFailed
from ringtest.agent.preparation.handlers import Contain, Handler, Handlers, Record, Require, Said
from ringtest.agent.preparation.machine import Machine
from ringtest.agent.preparation.recorded import Tree, fresh, from_json, plain, refresh, to_json
from ringtest.agent.preparation.wishes import resolve

_PLACES = "places"
"""On record beside the keys: where they took effect."""
_BOUND: Mapping[str, Sequence[tuple[str, str]]] = {
    # place: keys, or parts of them, that are not there in another place
    "root": (
        ("repositories", ""),
        ("packages", "system"),
        ("packages", "dnf"),
        ("packages", "apt"),
    ),
    "python": (("framework", ""), ("packages", "pip")),
}
_MOST_STEPS = 1000
"""Handlers that require each other again and again are stopped."""


class Memory:
    """What is on record for one machine, in a file."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self.known: dict[str, Tree] = {}
        try:
            data = msgspec.json.decode(path.read_bytes())
            self.known = {key: from_json(one) for key, one in data.items()}
        except (OSError, msgspec.DecodeError, TypeError, KeyError, AttributeError):
            self.known = {}  # nothing on record: everything is done anew

    def keep(self) -> None:
        """Write it, whole or not at all; StageFailed when it cannot be written."""
        data = {key: to_json(one) for key, one in self.known.items()}
        try:
            self._path.parent.mkdir(parents=True, exist_ok=True)
            write_durably(self._path, msgspec.json.encode(data))
        except OSError as error:
            raise StageFailed(
                f"what is on record cannot be kept in {self._path.parent}: {error.strerror}"
            ) from None

    def forget(self, expire: Mapping[str, float], now: float) -> None:
        """Drop what is older than the seconds that its key may last."""
        for key, seconds in expire.items():
            left = fresh(self.known.pop(key, None), now - seconds)
            if left is not None:
                self.known[key] = left

    def settle(self, places: Mapping[str, str]) -> None:
        """Drop what was brought about elsewhere: another tree, another virtual environment."""
        before = plain(self.known.get(_PLACES)) or {}
        for place, keys in _BOUND.items():
            if before.get(place, places[place]) != places[place]:
                for key, part in keys:
                    self._drop(key, part)
        now = self.known.get(_PLACES)
        self.known[_PLACES] = refresh(now, dict(places), 0.0)

    def _drop(self, key: str, part: str) -> None:
        tree = self.known.get(key)
        if part and isinstance(tree, dict):
            self.known[key] = {name: one for name, one in tree.items() if name != part}
        elif not part:
            self.known.pop(key, None)

    @property
    def values(self) -> dict[str, Any]:
        """What is on record, by key, without its times."""
        return {key: plain(tree) for key, tree in self.known.items() if key != _PLACES}


def memory_path(cache: Path, work: Path) -> Path:
    """Where the record of the machine is, for runs without a server in a folder."""
    name = hashlib.sha256(os.fsencode(work)).hexdigest()[:32]
    return cache / "prepared" / f"{name}.json"


def planned(handlers: Handlers, memory: Memory, wanted: Mapping[str, Any]) -> list[str]:
    """The steps there would be, those that steps ask for themselves left aside.

    What is only taken back is taken back in the opposite order."""
    steps = handlers.due(memory.values, wanted)
    taken_back = all(value is None for value in wanted.values())
    return steps[::-1] if taken_back else steps


def all_back(memory: Memory) -> dict[str, None]:
    """The wishes that take back whatever is on record."""
    return dict.fromkeys(memory.values)


async def bring_about(
    handlers: Handlers, memory: Memory, wanted: Mapping[str, Any], machine: Machine
) -> None:
    """A definition's environment; StageFailed says what could not be done."""
    wishes = resolve(wanted, machine.variables, machine.work)
    memory.forget(wishes.expire, time.time())
    memory.settle(wishes.places)
    machine = dataclasses.replace(machine, root=wishes.root)
    preparation = Preparation(handlers, memory, wishes.values, machine, say=machine.say)
    try:
        done = await preparation.run()
    except ValueError as error:
        raise StageFailed(f"environment: {error}") from None
    machine.say(f"environment: {len(done)} steps" if done else "environment: nothing has changed")


class Preparation:
    """One change of one machine. `machine` is what handlers work with."""

    def __init__(
        self,
        handlers: Handlers,
        memory: Memory,
        wanted: Mapping[str, Any],
        machine: Any,
        *,
        say: Callable[[str], None],
        now: Callable[[], float] = time.time,
    ) -> None:
        self._handlers = handlers
        self._memory = memory
        self._wanted = wanted
        self._machine = machine
        self._say = say
        self._now = now
        self._left: list[str] = []
        self._running: list[str] = []
        self._done: set[str] = set()
        self._steps = 0

    async def run(self) -> list[str]:
        """Do what is due; the names of what was done. What fails leaves what was good on
        record, and its own key as it was."""
        self._left = planned(self._handlers, self._memory, self._wanted)
        done: list[str] = []
        while self._left:
            name = self._left.pop(0)
            await self._step(self._handlers[name], done)
        return done

    async def _step(self, handler: Handler, done: list[str]) -> None:
        self._steps += 1
        if self._steps > _MOST_STEPS or handler.name in self._running:
            circle = " → ".join([*self._running, handler.name])
            raise ValueError(f"handlers that require each other: {circle}")
        self._running.append(handler.name)
        self._say(f"{handler.name}")
        old = plain(self._memory.known.get(handler.key)) if handler.key else None
        value = self._wanted.get(handler.key) if handler.key else None
        work = handler.work(self._machine, old, value)
        if hasattr(work, "__aiter__"):
            async for said in cast("AsyncIterator[Said]", work):
                value = said.value if isinstance(said, Record) else value
                await self._obey(said, done)
        else:
            said = await work
            value = said.value if isinstance(said, Record) else value
        self._running.pop()
        self._done.add(handler.name)
        done.append(handler.name)
        if handler.key:
            before = self._memory.known.pop(handler.key, None)
            if value is not None:
                self._memory.known[handler.key] = refresh(before, value, self._now())
            self._memory.keep()

    async def _obey(self, said: Said, done: list[str]) -> None:
        if isinstance(said, Contain):
            self._left = [name for name in self._left if name != said.name]
        elif isinstance(said, Require) and (said.rerun or said.name not in self._done):
            self._left = [name for name in self._left if name != said.name]
            if said.immediately:
                await self._step(self._handlers[said.name], done)
            else:
                self._left = self._handlers.ordered({*self._left, said.name})
