"""libvirt-test-API: case files from templates, and its log read step by step while it runs."""

import shlex
from collections.abc import Callable, Mapping, Sequence
from functools import partial
from pathlib import Path
from typing import Any, ClassVar

import msgspec
from msgspec import Struct

from ringtest.agent.control import LabFailed, StageFailed
from ringtest.agent.inside import require_inside
from ringtest.agent.runners.case_files import CaseStep, fill, read_steps
from ringtest.agent.runners.report import Told
from ringtest.agent.runners.runner import Case, Task
from ringtest.agent.runners.selection import RunnerOptions
from ringtest.agent.runners.step_log import StepLog
from ringtest.agent.runners.watching import Until, run_watched
from ringtest.language.expressions import Expression

_NO_PROGRAM = 127

Value = str | int | float | bool


class Override(Struct, frozen=True, forbid_unknown_fields=True):
    """Values that count where a condition over the run's parameters is true."""

    when: str
    values: dict[str, Value]


class Options(RunnerOptions, frozen=True, omit_defaults=True, kw_only=True):
    """`with` of a step."""

    cases: list[str]
    """Case files below the work folder, or patterns of them. `{{ name }}` in them is a place for
    one of `values`, else for a parameter of the run, else for a variable."""
    values: dict[str, Value] = msgspec.field(default_factory=dict)
    """What stands in the places."""
    overrides: list[Override] = msgspec.field(default_factory=list)
    """Other values under a condition (`when`); the last one that is true counts."""
    before: bool = False
    """Whether the steps in front of a chosen one in its file are run too, each time: as what it
    needs, not as tests."""
    arguments: list[str] = msgspec.field(default_factory=list)
    """More of the program's own."""
    program: str = "libvirt-test-api"
    """Words in front of `-c FILE`, such as `python3 main.py`."""
    log: str = ""
    """The file that has the steps, below the work folder; none: what is printed."""
    step_begins: str = r"^-+ (?P<name>[\w.]+:[\w.]+) -+\s*$"
    """Of the log: a regular expression with the group `name`."""
    step_ends: str = r"^\s*Result: *(?P<result>\w+)"
    """A regular expression with the group `result`."""


Step = tuple[str, CaseStep]
"""The file that a step stands in, and the step."""


class LibvirtTestApi:
    """Steps of case files, as `file:module:name`, with values in brackets where a step has
    several."""

    name: ClassVar[str] = "libvirt-test-api"
    summary: ClassVar[str] = "steps of libvirt-test-API's case files, each one a test"
    options: ClassVar[type[Options]] = Options

    def __init__(self, options: Options) -> None:
        self._options = options

    async def tests(self, task: Task) -> Sequence[str]:
        """Names of all steps; StageFailed for files that cannot be read."""
        return list(self._steps(task))

    def identity(self, test: str) -> tuple[str, str]:
        """File and module, and name.

        >>> LibvirtTestApi(Options(cases=[])).identity("cases/smoke:domain:start[guest=a:b]")
        ('cases.smoke.domain', 'start[guest=a:b]')
        """
        bracket = test.find("[") if "[" in test else len(test)
        front, _, name = test[:bracket].rpartition(":")
        return front.replace("/", ".").replace(":", "."), name + test[bracket:]

    async def run(
        self, task: Task, tests: Sequence[str], attempt: int, tell: Callable[[Case], None]
    ) -> None:
        """See `Runner`."""
        steps = self._steps(task)
        source = _Source(self._options, self.identity)
        await run_watched(
            tests,
            attempt=attempt,
            limit=self._options.timeout_seconds,
            source=source,
            start=partial(self._start, task, steps, source),
            identity=self.identity,
            tell=tell,
        )

    async def _start(
        self,
        task: Task,
        steps: Mapping[str, Step],
        source: "_Source",
        tests: Sequence[str],
        until: Until,
    ) -> int:
        options = self._options
        order = _with_those_before(tests, steps) if options.before else list(tests)
        case, printed = task.scratch / "cases.conf", task.scratch / "printed.txt"
        task.write(case, "\n".join(steps[test][1].text for test in order))
        log = task.work / options.log if options.log else printed
        require_inside(log, task.folders).unlink(missing_ok=True)
        source.begin(log, [(test, steps[test][1]) for test in order], set(tests))
        argv = [*shlex.split(options.program), "-c", str(case), *options.arguments]
        with task.copying(printed):
            code = await task.command(argv, env=task.variables, until=until)
        if code == _NO_PROGRAM and "cannot start" in task.read(printed, errors="replace"):
            why = f"{argv[0]} is not installed where the job's commands run"
            raise LabFailed(f"libvirt-test-api: {why}; `program` says how it is called", code)
        return code

    def _steps(self, task: Task) -> dict[str, Step]:
        """All steps by their tests' names, file by file."""
        values = {**task.variables, **task.parameters, **self._values(task.parameters)}
        found: dict[str, Step] = {}
        for path in self._files(task):
            file = path.relative_to(task.work).as_posix()
            try:
                steps = read_steps(fill(task.read(path), values))
            except (OSError, ValueError) as error:
                raise StageFailed(f"libvirt-test-api: {file}: {error}") from None
            stem = file.removesuffix(path.suffix)
            found |= {f"{stem}:{one.name}{one.variant}": (file, one) for one in steps}
        return found

    def _values(self, parameters: Mapping[str, Any]) -> dict[str, Value]:
        values = dict(self._options.values)
        for override in self._options.overrides:
            try:
                counts = Expression(override.when)(parameters)
            except ValueError as error:
                raise StageFailed(f"libvirt-test-api: when: {error}") from None
            values |= override.values if counts else {}
        return values

    def _files(self, task: Task) -> list[Path]:
        found: dict[Path, None] = {}
        for pattern in self._options.cases:
            if pattern.startswith("/") or ".." in pattern.split("/"):
                raise StageFailed(f"cases: {pattern} leads out of the work folder")
            files = [path for path in sorted(task.work.glob(pattern)) if path.is_file()]
            if not files:
                raise StageFailed(f"cases: there is no file {pattern}")
            found |= dict.fromkeys(files)
        return list(found)


def _with_those_before(tests: Sequence[str], steps: Mapping[str, Step]) -> list[str]:
    """The steps of each file up to its last chosen one."""
    wanted = set(tests)
    needed: dict[str, None] = {}
    waiting: dict[str, list[str]] = {}
    for test, (file, _) in steps.items():
        waiting.setdefault(file, []).append(test)
        if test in wanted:
            needed |= dict.fromkeys(waiting.pop(file))
    return list(needed)


class _Source:
    """The steps of a log under the names of the tests that they are, process by process."""

    def __init__(self, options: Options, identity: Callable[[str], tuple[str, str]]) -> None:
        self._options = options
        self._identity = identity
        self._log: StepLog | None = None
        self._tests: dict[str, str] = {}
        self._wanted: set[str] = set()

    def begin(self, log: Path, order: Sequence[tuple[str, CaseStep]], wanted: set[str]) -> None:
        """The next process runs these; those of them that are not wanted are no tests."""
        options = self._options
        try:
            self._log = StepLog(log, options.step_begins, options.step_ends)
        except ValueError as error:
            raise StageFailed(f"step_begins and step_ends: {error}") from None
        self._wanted = wanted
        self._tests = {}
        counts: dict[str, int] = {}
        for test, step in order:
            counts[step.name] = counts.get(step.name, 0) + 1
            number = f"#{counts[step.name]}" if counts[step.name] > 1 else ""
            self._tests[step.name + number] = test

    def __call__(self) -> Sequence[Told]:
        """Steps that began or ended."""
        return [] if self._log is None else [told for one in self._log() for told in self._as(one)]

    def _as(self, line: Told) -> list[Told]:
        step = line.case.test if line.case else line.begins or ""
        test = self._tests.get(step, step)  # a step that nobody asked for is shown as it is
        if step in self._tests and test not in self._wanted:
            return []
        if line.case is None:
            return [Told(begins=test)]
        classname, name = self._identity(test)
        case = msgspec.structs.replace(line.case, test=test, classname=classname, name=name)
        return [Told(case=case)]
