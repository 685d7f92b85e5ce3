"""pytest: one process for all tests; a test that hangs is killed with its tree, the rest go on."""

from collections.abc import Callable, Sequence
from functools import partial
from typing import ClassVar

import msgspec

from ringtest.agent.runners.runner import Case, Task
from ringtest.agent.runners.selection import RunnerOptions
from ringtest.agent.runners.watching import ToldFile, Until, cannot_list, place_plugin, run_watched

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


class Pytest:
    """Tests of pytest, by node id."""

    name: ClassVar[str] = "pytest"
    summary: ClassVar[str] = "tests of pytest; each may have a time limit and be tried again"
    options: ClassVar[type[Options]] = Options

    def __init__(self, options: Options) -> None:
        self._options = options

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

    async def run(
        self, task: Task, tests: Sequence[str], attempt: int, tell: Callable[[Case], None]
    ) -> None:
        """See `Runner`."""
        source = ToldFile(task, attempt)
        await run_watched(
            tests,
            attempt=attempt,
            limit=self._options.timeout_seconds,
            source=source,
            start=partial(self._start, task, source),
            identity=self.identity,
            tell=tell,
        )

    async def _start(self, task: Task, source: ToldFile, tests: Sequence[str], until: Until) -> int:
        chosen = task.scratch / "chosen"
        task.write(chosen, "".join(f"{one}\n" for one in tests))
        variables = {"RINGTEST_CASES": str(source.path), "RINGTEST_CHOSEN": str(chosen)}
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
