"""pytest: one process for all tests; a test that hangs is killed with its tree, the rest go on."""

from collections.abc import Sequence
from typing import ClassVar

import msgspec

from ringtest.agent.runners.runner import Task
from ringtest.agent.runners.selection import RunnerOptions
from ringtest.agent.runners.watching import (
    TellingRunner,
    ToldFile,
    Until,
    cannot_list,
    place_plugin,
    write_names,
)

_PLUGIN = "ringtest_cases"
_NO_TESTS = 5


class Options(RunnerOptions, frozen=True, omit_defaults=True, kw_only=True):
    """`with` of a step."""

    paths: list[str] = msgspec.field(default_factory=list)
    """Files and folders; none: where pytest looks by itself."""
    arguments: list[str] = msgspec.field(default_factory=list)
    """More of pytest's own, such as `-m smoke`."""
    python: str = "python"
    """Interpreter that has pytest."""


class Pytest(TellingRunner[Options]):
    """Tests of pytest, by node id."""

    name: ClassVar[str] = "pytest"
    summary: ClassVar[str] = "tests of pytest; each may have a time limit and be tried again"
    options: ClassVar[type[Options]] = Options

    async def tests(self, task: Task) -> Sequence[str]:
        """Node ids; StageFailed when pytest cannot collect them."""
        listed = task.scratch / "listed"
        listed.unlink(missing_ok=True)
        with task.copying(task.scratch / "collected.txt"):
            code = await self._pytest(task, ["--collect-only", "-q"], RINGTEST_LISTED=str(listed))
        if code not in (0, _NO_TESTS) or not listed.exists():
            raise cannot_list("pytest", code, task.scratch / "collected.txt", task)
        return task.read(listed).splitlines()

    def identity(self, test: str) -> tuple[str, str]:
        """Module and name, as pytest's own JUnit has them."""
        path, _, inside = test.partition("::")
        *classes, name = inside.split("::")
        return ".".join([path.removesuffix(".py").replace("/", "."), *classes]), name

    async def _start(self, task: Task, told: ToldFile, tests: Sequence[str], until: Until) -> int:
        chosen = write_names(task, tests)
        variables = {"RINGTEST_CASES": str(told.path), "RINGTEST_CHOSEN": str(chosen)}
        return await self._pytest(task, [], until=until, **variables)

    async def _pytest(
        self, task: Task, more: list[str], until: Until | None = None, **variables: str
    ) -> int:
        _, env = place_plugin(task, "pytest_cases.py", _PLUGIN)
        options = self._options
        argv = [options.python, "-m", "pytest", "-p", _PLUGIN, *more]
        return await task.command(
            [*argv, *options.arguments, *options.paths], env={**env, **variables}, until=until
        )
