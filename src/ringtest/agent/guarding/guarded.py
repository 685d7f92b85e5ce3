"""Tests of a runner, and steps, with the state of the machine watched around each."""

import dataclasses
from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import asynccontextmanager
from typing import Any, cast

import msgspec

from ringtest.agent.control import StageFailed
from ringtest.agent.guarding.guard import Guard, Left
from ringtest.agent.runners.runner import BAD, Case, Runner, Task


class Guarded:
    """A runner whose tests run one by one, each with a look at the machine before and after.

    A program that cannot tell which tests there are runs as one piece.
    """

    def __init__(self, runner: Runner, guard: Guard) -> None:
        self._runner = runner
        self._guard = guard
        self.name = runner.name
        self.summary = runner.summary
        self.options: Any = runner.options
        self._runs = 0

    async def tests(self, task: Task) -> Sequence[str] | None:
        """See `Runner`."""
        return await self._runner.tests(task)

    def identity(self, test: str) -> tuple[str, str]:
        """See `Runner`."""
        return self._runner.identity(test)

    async def run(
        self, task: Task, tests: Sequence[str], attempt: int, tell: Callable[[Case], None]
    ) -> None:
        """See `Runner`."""
        if not tests:
            async with around(self._guard, self.name):
                await self._runner.run(task, tests, attempt, tell)
            return
        for test in tests:
            self._runs += 1
            alone = dataclasses.replace(task, scratch=task.scratch / f"alone-{self._runs:05}")
            alone.scratch.mkdir(parents=True, exist_ok=True)
            await self._one(alone, test, attempt, tell)

    async def _one(self, task: Task, test: str, attempt: int, tell: Callable[[Case], None]) -> None:
        cases: list[Case] = []
        await self._guard.begin()
        left = Left(test, [])
        try:
            await self._runner.run(task, [test], attempt, cases.append)
        finally:
            try:
                left = await self._guard.end(test)
            finally:
                for case in cases:
                    tell(judged(case, left, fail=self._guard.wanted.fail))


def guarded(runner: Runner, guard: Guard) -> Runner:
    """The same runner under a guard."""
    return cast("Runner", Guarded(runner, guard))  # its names are those of one made runner


@asynccontextmanager
async def around(guard: Guard | None, by: str) -> AsyncIterator[None]:
    """A piece of work that has no cases; StageFailed when what it left is a failure."""
    if guard is None:
        yield
        return
    await guard.begin()
    try:
        yield
    except BaseException:
        await guard.end(by)
        raise
    left = await guard.end(by)
    if left.changes and guard.wanted.fail:
        raise StageFailed(f"it left the machine otherwise: {left.changes[0].line}", 1)


def judged(case: Case, left: Left, *, fail: bool) -> Case:
    """A case with what it left; errored by that, if that is wanted and nothing else was wrong."""
    if not left.changes:
        return case
    case = msgspec.structs.replace(case, stdout=f"{case.stdout}\n{left.text}".lstrip("\n"))
    if not fail or case.outcome in BAD:
        return case
    first = f"it left the machine otherwise: {left.changes[0].line}"
    return msgspec.structs.replace(case, outcome="errored", message=first, detail=left.text)
