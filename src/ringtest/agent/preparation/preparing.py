"""Brings a machine from what is on record to what is wanted, step by step."""

import time
from collections.abc import AsyncIterator, Callable, Mapping
from pathlib import Path
from typing import Any, cast

import msgspec

from ringtest.agent.attempt import write_durably
from ringtest.agent.control import StageFailed
from ringtest.agent.preparation.handlers import Contain, Handler, Handlers, Record, Require, Said
from ringtest.agent.preparation.machine import Machine
from ringtest.agent.preparation.recorded import Tree, fresh, from_json, plain, refresh, to_json

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
        """Write it, whole or not at all."""
        self._path.parent.mkdir(parents=True, exist_ok=True)
        data = {key: to_json(one) for key, one in self.known.items()}
        write_durably(self._path, msgspec.json.encode(data))

    def forget(self, expire: Mapping[str, float], now: float) -> None:
        """Drop what is older than the seconds that its key may last."""
        for key, seconds in expire.items():
            left = fresh(self.known.pop(key, None), now - seconds)
            if left is not None:
                self.known[key] = left


def planned(handlers: Handlers, memory: Memory, wanted: Mapping[str, Any]) -> list[str]:
    """The steps there would be, those that steps ask for themselves left aside."""
    return handlers.due(_values(memory), wanted)


async def bring_about(
    handlers: Handlers, memory: Memory, wanted: Mapping[str, Any], machine: Machine
) -> None:
    """A definition's environment; StageFailed says what could not be done."""
    now = time.time()
    expire = wanted.get("expire_seconds") or {}
    if not isinstance(expire, Mapping) or not all(
        isinstance(seconds, int | float) for seconds in expire.values()
    ):
        raise StageFailed("expire_seconds: seconds for each key of the environment")
    memory.forget(expire, now)
    wishes = {key: value for key, value in wanted.items() if key != "expire_seconds"}
    preparation = Preparation(handlers, memory, wishes, machine, say=machine.say)
    try:
        done = await preparation.run()
    except ValueError as error:
        raise StageFailed(f"environment: {error}") from None
    machine.say(f"environment: {len(done)} steps" if done else "environment: nothing has changed")


def _values(memory: Memory) -> dict[str, Any]:
    return {key: plain(tree) for key, tree in memory.known.items()}


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
            before = self._memory.known.get(handler.key)
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
