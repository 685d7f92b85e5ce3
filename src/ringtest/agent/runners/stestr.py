"""stestr: its subunit stream is read while it runs, by a script below the Python that has it."""

import shlex
from collections.abc import Sequence
from typing import Annotated, ClassVar

import msgspec
from msgspec import Meta

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

_PLUGIN = "ringtest_subunit"


class Options(RunnerOptions, frozen=True, omit_defaults=True, kw_only=True):
    """`with` of a step."""

    arguments: list[str] = msgspec.field(default_factory=list)
    """stestr's own, in front of its commands: `--test-path tests`, `--config FILE`."""
    jobs: Annotated[int, Meta(ge=1, le=1024)] = 1
    """How many processes run tests."""
    python: str = "python"
    """Interpreter that has stestr."""


class Stestr(TellingRunner[Options]):
    """Tests of stestr, by id."""

    name: ClassVar[str] = "stestr"
    summary: ClassVar[str] = "unittest suites below stestr"
    options: ClassVar[type[Options]] = Options

    def _program(self, task: Task) -> list[str]:
        own = ["--repo-url", str(task.scratch / "stestr")]
        return [self._options.python, "-m", "stestr.cli", *own, *self._options.arguments]

    async def tests(self, task: Task) -> Sequence[str]:
        """Ids; StageFailed when stestr cannot list them."""
        listed = task.scratch / "listed.txt"
        if not (task.scratch / "stestr").exists():
            (task.scratch / "stestr").mkdir()
            await task.command([*self._program(task), "init"], env=task.variables)
        with task.copying(listed):
            # what tests print on import must not be taken for tests
            script = f"{shlex.join([*self._program(task), 'list'])} 2>/dev/null"
            code = await task.command(["/bin/sh", "-c", script], env=task.variables)
        if code:
            raise cannot_list("stestr", code, listed, task)
        lines = task.read(listed, errors="replace").splitlines()
        return [line for line in lines if line.strip()]

    def identity(self, test: str) -> tuple[str, str]:
        """Class and name.

        >>> Stestr(Options()).identity("pkg.test_it.Case.test_one(disk=a.b)")
        ('pkg.test_it.Case', 'test_one(disk=a.b)')
        """
        start = min((at for at in (test.find("["), test.find("(")) if at >= 0), default=len(test))
        classname, _, name = test[:start].rpartition(".")
        return classname, name + test[start:]

    async def _start(self, task: Task, told: ToldFile, tests: Sequence[str], until: Until) -> int:
        chosen = write_names(task, tests)
        folder, _ = place_plugin(task, "subunit_cases.py", _PLUGIN)
        jobs = self._options.jobs
        how = ["--serial"] if jobs == 1 else ["--concurrency", str(jobs)]
        run = shlex.join(
            [*self._program(task), "run", "--subunit", "--load-list", str(chosen), *how]
        )
        script = str(folder / f"{_PLUGIN}.py")
        read = shlex.join([self._options.python, script, str(told.path)])
        argv = ["/bin/sh", "-c", f"{run} | {read}"]
        return await task.command(argv, env=task.variables, until=until)
