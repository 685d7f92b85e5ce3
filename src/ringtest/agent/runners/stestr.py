"""stestr: its subunit stream is read while it runs, by a script below the Python that has it."""

import shlex
from collections.abc import Callable, Sequence
from functools import partial
from typing import Annotated, ClassVar

import msgspec
from msgspec import Meta

from ringtest.agent.runners.runner import Case, Task
from ringtest.agent.runners.selection import RunnerOptions
from ringtest.agent.runners.watching import ToldFile, Until, cannot_list, place_plugin, run_watched

_PLUGIN = "ringtest_subunit"


class Options(RunnerOptions, frozen=True, omit_defaults=True, kw_only=True):
    """`with` of a step."""

    arguments: list[str] = msgspec.field(default_factory=list)
    """stestr's own, in front of its commands: `--test-path tests`, `--config FILE`."""
    jobs: Annotated[int, Meta(ge=1, le=1024)] = 1
    """How many processes run tests."""
    python: str = "python"
    """Interpreter that has stestr."""


class Stestr:
    """Tests of stestr, by id."""

    name: ClassVar[str] = "stestr"
    summary: ClassVar[str] = "unittest suites below stestr"
    options: ClassVar[type[Options]] = Options

    def __init__(self, options: Options) -> None:
        self._options = options

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
        folder, _ = place_plugin(task, "subunit_cases.py", _PLUGIN)
        jobs = self._options.jobs
        how = ["--serial"] if jobs == 1 else ["--concurrency", str(jobs)]
        run = shlex.join(
            [*self._program(task), "run", "--subunit", "--load-list", str(chosen), *how]
        )
        script = str(folder / f"{_PLUGIN}.py")
        read = shlex.join([self._options.python, script, str(source.path)])
        argv = ["/bin/sh", "-c", f"{run} | {read}"]
        return await task.command(argv, env=task.variables, until=until)
