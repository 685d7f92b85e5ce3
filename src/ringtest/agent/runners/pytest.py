"""pytest: one process for all tests; a test that hangs is killed with its tree, the rest go on."""

import os
import shutil
import time
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any, ClassVar

import msgspec

from ringtest.agent.control import StageFailed
from ringtest.agent.runners.report import Told, read_told, told_path
from ringtest.agent.runners.runner import Case, Task, TimedOut
from ringtest.agent.runners.selection import RunnerOptions

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


class _Watch:
    """What the plugin writes, read as it grows."""

    def __init__(self, path: Path, tell: Callable[[Case], None], limit: float | None) -> None:
        self._path = path
        self._tell = tell
        self._limit = limit
        self._offset = 0
        self._since = 0.0
        self.running = ""
        self.over: set[str] = set()

    def __call__(self) -> float | None:
        """Until when the test that runs may take."""
        self.read()
        return self._since + self._limit if self.running and self._limit else None

    def read(self) -> None:
        """Tell of what is over."""
        lines, self._offset = read_told(self._path, self._offset)
        for line in lines:
            self._take(line)

    def _take(self, line: Told) -> None:
        if line.begins is not None:
            self.running, self._since = line.begins, time.monotonic()
        if line.case is not None:
            self.running = ""
            self.over.add(line.case.test)
            self._tell(line.case)


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
            raise StageFailed(f"pytest cannot collect the tests, exit code {code}", code)
        return listed.read_text(encoding="utf-8").splitlines()

    async def run(
        self, task: Task, tests: Sequence[str], attempt: int, tell: Callable[[Case], None]
    ) -> None:
        """In as many processes as are killed, and one more."""
        left = list(tests)
        cases, chosen = told_path(task.scratch, attempt), task.scratch / "chosen"
        cases.unlink(missing_ok=True)
        watch = _Watch(
            cases,
            lambda case: tell(msgspec.structs.replace(case, attempt=attempt)),
            self._options.timeout_seconds,
        )
        while left:
            chosen.write_text("".join(f"{one}\n" for one in left), encoding="utf-8")
            before = len(watch.over)
            variables = {"RINGTEST_CASES": str(cases), "RINGTEST_CHOSEN": str(chosen)}
            why = await self._one_process(task, watch, variables)
            if watch.running:
                tell(_broken(watch.running, why, attempt))
                watch.over.add(watch.running)
                watch.running = ""
            left = [one for one in left if one not in watch.over]
            if left and len(watch.over) == before:
                raise StageFailed(f"pytest ran none of {len(left)} tests: {why}")

    async def _one_process(self, task: Task, watch: _Watch, variables: dict[str, str]) -> str:
        """Why it ended."""
        try:
            code = await self._pytest(task, [], until=watch, **variables)
            why = f"exit code {code}"
        except TimedOut:
            why = f"not done after {self._options.timeout_seconds:g} s, killed"
        watch.read()
        return why

    async def _pytest(
        self,
        task: Task,
        more: list[str],
        until: Callable[[], float | None] | None = None,
        **variables: str,
    ) -> int:
        plugin = task.scratch / "plugin" / f"{_PLUGIN}.py"
        plugin.parent.mkdir(exist_ok=True)
        shutil.copyfile(Path(__file__).with_name("pytest_cases.py"), plugin)
        paths = [str(plugin.parent), *filter(None, [task.variables.get("PYTHONPATH")])]
        env = {**task.variables, "PYTHONPATH": os.pathsep.join(paths), **variables}
        options = self._options
        argv = [options.python, "-m", "pytest", "-p", _PLUGIN, *more]
        return await task.command([*argv, *options.arguments, *options.paths], env=env, until=until)


def _broken(test: str, why: str, attempt: int) -> Case:
    path, _, name = test.partition("::")
    module = path.removesuffix(".py").replace("/", ".")
    words: dict[str, Any] = {"message": why, "attempt": attempt}
    return Case(test, module, name, "errored", **words)
