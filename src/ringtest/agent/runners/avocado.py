"""avocado and its plug-ins, avocado-vt among them: one job for all tests, told of as they end."""

import json
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
)

_PLUGIN = "ringtest_avocado"


class Options(RunnerOptions, frozen=True, omit_defaults=True, kw_only=True):
    """`with` of a step."""

    paths: list[str] = msgspec.field(default_factory=list)
    """References of tests: files, names, whatever a resolver knows."""
    arguments: list[str] = msgspec.field(default_factory=list)
    """For `avocado list` and `avocado run`: `--vt-type`, `--vt-only-filter`, `--config` …"""
    run_arguments: list[str] = msgspec.field(default_factory=list)
    """For `avocado run` only."""
    jobs: Annotated[int, Meta(ge=1, le=1024)] = 1
    """How many tests run at a time."""
    sysinfo: bool = False
    """Whether avocado collects facts of the machine, which may take a minute."""
    program: str = "avocado"


class Avocado(TellingRunner[Options]):
    """Tests of avocado, by the names that it lists."""

    name: ClassVar[str] = "avocado"
    summary: ClassVar[str] = "tests of avocado and avocado-vt"
    options: ClassVar[type[Options]] = Options

    async def tests(self, task: Task) -> Sequence[str]:
        """Names; StageFailed when avocado cannot list them."""
        listed = task.scratch / "listed.json"
        listed.unlink(missing_ok=True)
        options = self._options
        more = [*options.arguments, "--json", str(listed), *options.paths]
        with task.copying(task.scratch / "listed.txt"):
            code = await task.command([options.program, "list", *more], env=task.variables)
        if code or not listed.exists():
            raise cannot_list("avocado", code, task.scratch / "listed.txt", task)
        rows = json.loads(task.read(listed))
        return list(dict.fromkeys(str(row["Test"]) for row in rows))

    def identity(self, test: str) -> tuple[str, str]:
        """What is in front of the first colon, and what is behind it.

        >>> Avocado(Options()).identity("t.py:A.test"), Avocado(Options()).identity("/bin/true")
        (('t.py', 'A.test'), ('', '/bin/true'))
        """
        path, _, name = test.partition(":")
        return (path, name) if name else ("", test)

    async def _start(self, task: Task, told: ToldFile, tests: Sequence[str], until: Until) -> int:
        folder, env = place_plugin(task, "avocado_cases.py", _PLUGIN)
        # avocado finds plug-ins by the entry points of what is installed
        about = folder / f"{_PLUGIN}-0.dist-info"
        about.mkdir(exist_ok=True)
        task.write(about / "METADATA", f"Metadata-Version: 2.1\nName: {_PLUGIN}\nVersion: 0\n")
        entry = f"[avocado.plugins.result_events]\nringtest = {_PLUGIN}:Teller\n"
        task.write(about / "entry_points.txt", entry)
        options = self._options
        own = ["--job-results-dir", str(task.scratch / "avocado")]
        own += ["--max-parallel-tasks", str(options.jobs)]
        own += [] if options.sysinfo else ["--disable-sysinfo"]
        argv = [options.program, "run", *own, *options.arguments, *options.run_arguments, *tests]
        env = {**env, "RINGTEST_CASES": str(told.path)}
        return await task.command(argv, env=env, until=until)
