"""Robot Framework: one process for all tests, told of by a listener as they end."""

from collections.abc import Sequence
from typing import ClassVar

import msgspec

from ringtest.agent.control import StageFailed
from ringtest.agent.runners.runner import Task
from ringtest.agent.runners.selection import RunnerOptions
from ringtest.agent.runners.watching import (
    TellingRunner,
    ToldFile,
    Until,
    place_plugin,
    write_names,
)

_PLUGIN = "ringtest_robot"
_WRONG_DATA = 252
"""Exit codes from here on: wrong data, stopped, broken. Below: how many tests failed."""


class Options(RunnerOptions, frozen=True, omit_defaults=True, kw_only=True):
    """`with` of a step."""

    paths: list[str] = msgspec.field(default_factory=lambda: ["."])
    """Suites: files and folders."""
    arguments: list[str] = msgspec.field(default_factory=list)
    """More of robot's own, such as `--variable HOST:lab1`, `--include smoke`."""
    python: str = "python"
    """Interpreter that has robot."""


class Robot(TellingRunner[Options]):
    """Tests of Robot Framework, by their long names."""

    name: ClassVar[str] = "robot"
    summary: ClassVar[str] = "tests of Robot Framework"
    options: ClassVar[type[Options]] = Options

    async def tests(self, task: Task) -> Sequence[str]:
        """Long names; StageFailed when robot cannot read the suites."""
        listed = task.scratch / "listed"
        listed.unlink(missing_ok=True)
        own = ["--dryrun", "--prerunmodifier", f"{_PLUGIN}.Lister", "--output", "NONE"]
        own += ["--log", "NONE", "--report", "NONE", "--console", "quiet"]
        code = await self._robot(task, own, RINGTEST_LISTED=str(listed))
        if code >= _WRONG_DATA or not listed.exists():
            raise StageFailed(f"robot cannot read the suites, exit code {code}", code)
        return task.read(listed).splitlines()

    def identity(self, test: str) -> tuple[str, str]:
        """Suite and name.

        >>> Robot(Options()).identity("Top.Login.Wrong password")
        ('Top.Login', 'Wrong password')
        """
        suite, _, name = test.rpartition(".")
        return suite, name

    async def _start(self, task: Task, told: ToldFile, tests: Sequence[str], until: Until) -> int:
        chosen = write_names(task, tests)
        own = ["--prerunmodifier", f"{_PLUGIN}.Chooser", "--listener", f"{_PLUGIN}.Teller"]
        own += ["--outputdir", str(task.scratch / f"robot-{told.attempt:03}"), "--timestampoutputs"]
        variables = {"RINGTEST_CASES": str(told.path), "RINGTEST_CHOSEN": str(chosen)}
        return await self._robot(task, own, until=until, **variables)

    async def _robot(
        self, task: Task, own: list[str], until: Until | None = None, **variables: str
    ) -> int:
        _, env = place_plugin(task, "robot_cases.py", _PLUGIN)
        options = self._options
        argv = [options.python, "-m", "robot", *own, *options.arguments, *options.paths]
        return await task.command(argv, env={**env, **variables}, until=until)
