"""Watches a piece of work: what of the machine it left otherwise, put back and written down."""

import os
from collections.abc import Callable, Sequence
from pathlib import Path

import msgspec
from msgspec import Struct

from ringtest.agent.attempt import Attempt
from ringtest.agent.guarding.files import Files
from ringtest.agent.guarding.libvirt import Libvirt
from ringtest.agent.guarding.services import Services
from ringtest.agent.guarding.things import (
    Change,
    Problem,
    State,
    Watcher,
    differences,
)
from ringtest.language.state_guard import StateGuard

RECORD = "state.jsonl"
"""File beside the results, with a line for each piece of work that left something otherwise."""


class Left(Struct, frozen=True, omit_defaults=True):
    """What a test or a step left otherwise than it was."""

    by: str
    changes: list[Change]

    @property
    def text(self) -> str:
        """One line for each change."""
        return "\n".join(f"state: {change.line}" for change in self.changes)


class Guard:
    """The state of one machine over one run. `results` is the folder of its record."""

    def __init__(
        self, wanted: StateGuard, *, work: Path, results: Path, say: Callable[[str], None]
    ) -> None:
        self.wanted = wanted
        self._results = results
        self._say = say
        self._own: list[Watcher] = [Files(wanted.files, work), Services(wanted.services)]
        libvirts = [Libvirt(address) for address in wanted.addresses]
        self._watchers: list[Watcher] = [*self._own, *libvirts]
        self._state: State | None = None

    async def begin(self) -> None:
        """Remember how the machine is, unless that is known from the last look.

        StageFailed when it cannot be seen."""
        if self._state is None:
            self._state = await self._read()

    async def end(self, by: str) -> Left:
        """What is otherwise since `begin`, told, put back where that is wanted, and on record."""
        assert self._state is not None, "begin comes first"
        before, self._state = self._state, None
        revived = await self._revive(before)
        after = await self._read()
        changes = differences(before, after, self.wanted.permit)
        self._state = after
        if changes and self.wanted.restore:
            changes = await self._put_back(changes, before, after)
        left = Left(by, changes := revived + changes)
        if changes:
            self._say(left.text)
            self._write(left)
        return left

    async def _revive(self, before: State) -> list[Change]:
        """Files and services are put back ahead of libvirt, which needs them to answer."""
        own = {key: thing for key, thing in before.items() if not thing.where}
        after = await self._read(self._own)
        changes = differences(own, after, self.wanted.permit)
        if not changes or not self.wanted.restore or not self.wanted.addresses:
            return []
        return await self._put_back(changes, own, after, self._own)

    async def _read(self, watchers: Sequence[Watcher] | None = None) -> State:
        chosen = self._watchers if watchers is None else watchers
        things = [thing for watcher in chosen for thing in await watcher.read()]
        return {thing.key: thing for thing in things}

    async def _put_back(
        self,
        changes: Sequence[Change],
        before: State,
        after: State,
        watchers: Sequence[Watcher] | None = None,
    ) -> list[Change]:
        """The same changes, with what came of it: a second look says whether it is as it was.

        What came goes first, in the opposite order in which things need each other."""
        problems: dict[tuple[str, str, str], str] = {}
        for appeared in (True, False):
            for change in self._in_order(changes, appeared=appeared):
                key = (change.where, change.kind, change.name)
                try:
                    await self._of(change).restore(before.get(key), after.get(key))
                except Problem as problem:
                    problems[key] = str(problem)
        now = await self._read(watchers)
        self._state = now if watchers is None else None
        still = {(one.where, one.kind, one.name): one.line for one in differences(before, now)}
        return [
            msgspec.structs.replace(
                change,
                restored=key not in still,
                problem=problems.get(key, still[key]) if key in still else "",
            )
            for change in changes
            for key in [(change.where, change.kind, change.name)]
        ]

    def _in_order(self, changes: Sequence[Change], *, appeared: bool) -> list[Change]:
        kinds = [kind for watcher in self._watchers for kind in watcher.kinds]
        chosen = [one for one in changes if (one.how == "appeared") is appeared]
        return sorted(chosen, key=lambda one: kinds.index(one.kind), reverse=appeared)

    def _of(self, change: Change) -> Watcher:
        if change.where:
            return self._watchers[len(self._own) + self.wanted.addresses.index(change.where)]
        return self._own[0 if change.kind == "file" else 1]

    def _write(self, left: Left) -> None:
        self._results.mkdir(parents=True, exist_ok=True)
        flags = os.O_WRONLY | os.O_APPEND | os.O_CREAT | os.O_CLOEXEC
        file = os.open(self._results / RECORD, flags, 0o644)
        try:
            os.write(file, msgspec.json.encode(left) + b"\n")
        finally:
            os.close(file)


def make_guard(
    wanted: StateGuard | None, attempt: Attempt, say: Callable[[str], None]
) -> Guard | None:
    """The guard of an attempt, None when its definition wants none."""
    if wanted is None:
        return None
    return Guard(wanted, work=attempt.work, results=attempt.results, say=say)


def read_left(results: Path) -> list[Left]:
    """What is on record of a run; a line that was torn by a crash is left out."""
    try:
        data = (results / RECORD).read_bytes()
    except FileNotFoundError:
        return []
    whole = data[: data.rfind(b"\n") + 1]
    return [msgspec.json.decode(line, type=Left) for line in whole.splitlines()]
