"""The steps of a stage, one after the other: shell commands and runners, tried again if need be."""

import asyncio
from collections.abc import Callable, Mapping, Sequence
from functools import partial
from pathlib import Path
from typing import Any

from ringtest.agent.attempt import safe_name
from ringtest.agent.commands import CommandRunner
from ringtest.agent.control import StageFailed
from ringtest.agent.definitions.model import StageName, Step
from ringtest.agent.guarding.guard import Guard
from ringtest.agent.guarding.guarded import around, guarded
from ringtest.agent.inside import LeadsOut, require_inside
from ringtest.agent.output import Output
from ringtest.agent.protocol import Progress
from ringtest.agent.runners.registry import make_runner
from ringtest.agent.runners.runner import Task
from ringtest.agent.runners.running import run_tests
from ringtest.language.expressions import Expression, ExpressionError


class Steps:
    """Runs the steps of one attempt in `work`; what runners keep goes below `scratch`, their
    JUnit files into `results`; options may name files of `readable`, folders of the lab."""

    def __init__(
        self,
        commands: CommandRunner,
        output: Output,
        *,
        work: Path,
        scratch: Path,
        results: Path,
        parameters: Mapping[str, Any],
        readable: Sequence[Path] = (),
        tell: Callable[[Progress], None],
        guard: Guard | None = None,
    ) -> None:
        self._guard = guard
        self._commands = commands
        self._output = output
        self._work = work
        self._scratch = scratch
        self._results = results
        self._parameters = parameters
        self._own = (work, scratch) if results.is_relative_to(work) else (work, scratch, results)
        self._readable = readable
        self._tell = tell
        self._suites: dict[str, str] = {}

    async def run(
        self, stage: StageName, steps: Sequence[Step], env: Mapping[str, str], *, collecting: bool
    ) -> None:
        """All steps of a stage; after one that failed only those that are `always` done.

        Raises the first failure once all is done, Interrupted on a stop.
        """
        failed: StageFailed | None = None
        for number, step in enumerate(steps):
            if failed and not step.always:
                continue
            try:
                await self._step(f"{stage}-{number + 1}", step, env, collecting)
            except StageFailed as error:
                told = type(error)(f"{step.title}: {error.message}", error.exit_code)
                failed = failed or told
                if any(later.always for later in steps[number + 1 :]):
                    self._say(f"{step.title}: {error.message}")
        if failed:
            raise failed

    async def _step(self, place: str, step: Step, env: Mapping[str, str], collecting: bool) -> None:
        if not self._is_wanted(step):
            self._say(f"- {step.title}: left out, {step.when} is false")
            return
        for left in range(step.retry, -1, -1):
            self._say(f"$ {step.title}")
            try:
                await self._once(place, step, env, collecting)
                return
            except StageFailed as error:
                if not left:
                    raise
                self._say(f"{error.message}; tried again, {left - 1} more after that")

    async def _once(self, place: str, step: Step, env: Mapping[str, str], collecting: bool) -> None:
        """One try; the machine is watched around a step of `test`, or around each of its tests."""
        guard = self._guard if place.startswith("test-") else None
        if step.runner and guard and guard.wanted.each == "test":
            await self._runner(place, step, env, collecting, guard)
            return
        async with around(guard, step.title):
            if step.runner:
                await self._runner(place, step, env, collecting)
                return
            await self._commands.shell(
                step.run,
                work=self._work,
                env=env,
                seconds=step.timeout_seconds,
                collecting=collecting,
            )

    def _is_wanted(self, step: Step) -> bool:
        if not step.when:
            return True
        try:
            return bool(Expression(step.when)(self._parameters))
        except ExpressionError as error:
            raise StageFailed(f"when: {error}") from None

    async def _runner(
        self,
        place: str,
        step: Step,
        env: Mapping[str, str],
        collecting: bool,
        guard: Guard | None = None,
    ) -> None:
        runner, options = make_runner(step.runner, step.options)
        runner = guarded(runner, guard) if guard else runner
        suite = self._suite(place, step)
        scratch = self._scratch / f"{place}-{suite}"
        task = Task(
            work=self._work,
            scratch=scratch,
            results=self._results,
            variables=env,
            command=partial(self._commands.run, work=self._work, collecting=collecting),
            say=self._say,
            copying=partial(self._output.copying, folders=self._own),
            parameters=self._parameters,
            stage=place.partition("-")[0],
            own=self._own,
            readable=self._readable,
        )
        limit = asyncio.timeout(step.timeout_seconds)
        try:
            require_inside(scratch, self._own).mkdir(parents=True, exist_ok=True)
            async with limit:
                await run_tests(runner, options, task, suite=suite, tell=self._tell)
        except LeadsOut as error:
            raise StageFailed(str(error)) from None
        except TimeoutError:
            if not limit.expired():
                raise
            raise StageFailed(f"not done after its {step.timeout_seconds:g} s, killed") from None

    def _suite(self, place: str, step: Step) -> str:
        """Name of a step's results: its title, and its place where another step has that; what a
        teardown leaves never replaces what was collected."""
        suite = safe_name(step.title)
        if self._suites.setdefault(suite, place) == place:
            return suite
        return f"{suite}.{place}"

    def _say(self, text: str) -> None:
        self._output.say(f"[ringtest] {text}")
