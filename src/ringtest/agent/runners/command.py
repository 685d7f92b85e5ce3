"""Any command: one for all tests, of whose result files the cases are read, or one per test."""

import shlex
import time
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import ClassVar, Literal
from xml.etree import ElementTree

import msgspec

from ringtest.agent.control import StageFailed
from ringtest.agent.inside import require_inside
from ringtest.agent.processes import describe_exit
from ringtest.agent.runners.junit import read_junit
from ringtest.agent.runners.report import Told, read_told
from ringtest.agent.runners.runner import BAD, Case, Outcome, Task, TimedOut
from ringtest.agent.runners.selection import RunnerOptions
from ringtest.agent.runners.step_log import StepLog
from ringtest.agent.runners.tap import read_tap
from ringtest.agent.runners.watching import Until, Watch, place_plugin

_SHELL = ("/bin/sh", "-e", "-c")
_SKIPPED = 77
_LOOK_SECONDS = 2.0
"""How often it is looked for result files while the command runs."""
_PLUGIN = "ringtest_subunit"


class Options(RunnerOptions, frozen=True, omit_defaults=True, kw_only=True):
    """`with` of a step. Either `run` or `each`."""

    run: str = ""
    """A shell command for all tests; the names of those that are chosen are in the file
    `$RINGTEST_CHOSEN`, one per line. `timeout_seconds` is for the whole of it, but for steps."""
    each: str = ""
    """A shell command for one test, `$RINGTEST_TEST`: exit code 0 passed, 77 skipped, others
    failed, a signal errored."""
    listing: str = ""
    """A shell command that prints the names of all tests, one per line. Without it, and with
    `run`, there is nothing to choose from."""
    results: list[str] = msgspec.field(default_factory=list)
    """Patterns of the files that `run` leaves, below the work folder; none: its output."""
    format: Literal["junit", "tap", "subunit", "steps"] = "junit"
    """What they are; `tap` means KTAP as well. `steps`: what is printed has lines where steps
    begin and end, which are tests, each with the time limit."""
    step_begins: str = ""
    """A regular expression with the group `name`."""
    step_ends: str = ""
    """A regular expression with the group `result`: OK, PASS, FAIL, SKIP … and perhaps `name`."""
    python: str = "python"
    """Interpreter that has `subunit`, for files of that format."""


class Command:
    """Tests of a command, by the names that it gives them."""

    name: ClassVar[str] = "command"
    summary: ClassVar[str] = (
        "any command that leaves JUnit, TAP, KTAP, subunit or steps; or one each"
    )
    options: ClassVar[type[Options]] = Options

    def __init__(self, options: Options) -> None:
        self._options = options

    async def tests(self, task: Task) -> Sequence[str] | None:
        """What `listing` prints; None without one."""
        options = self._options
        if bool(options.run) == bool(options.each):
            raise StageFailed("command: either run, for all tests, or each, for one")
        if not options.listing:
            if options.each:
                raise StageFailed("command: each needs listing, which prints the names of tests")
            return None
        listed = task.scratch / "listed.txt"
        with task.copying(listed):
            code = await task.command([*_SHELL, options.listing], env=task.variables)
        if code:
            raise StageFailed(f"the tests cannot be listed, {describe_exit(code)}", code)
        lines = task.read(listed, errors="replace").splitlines()
        return list(dict.fromkeys(line.strip() for line in lines if line.strip()))

    def identity(self, test: str) -> tuple[str, str]:
        """Class and name: what is in front of the last dot, and what is behind it."""
        classname, _, name = test.rpartition(".") if self._options.run else ("", "", test)
        return classname, name

    async def run(
        self, task: Task, tests: Sequence[str], attempt: int, tell: Callable[[Case], None]
    ) -> None:
        """See `Runner`."""
        if self._options.each:
            for test in tests:
                tell(await self._one(task, test, attempt))
        else:
            await self._all(task, tests, attempt, tell)

    async def _one(self, task: Task, test: str, attempt: int) -> Case:
        printed, limit = task.scratch / "printed.txt", self._options.timeout_seconds
        env = {**task.variables, "RINGTEST_TEST": test}
        began, message = time.monotonic(), ""
        outcome: Outcome = "passed"
        try:
            with task.copying(printed):
                code = await task.command([*_SHELL, self._options.each], env=env, seconds=limit)
            if code:
                message = describe_exit(code)
                outcome = "errored" if code < 0 else "skipped" if code == _SKIPPED else "failed"
        except TimedOut:
            outcome, message = "errored", f"not done after {limit:g} s, killed"
        text = task.read(printed, errors="replace")
        seconds = time.monotonic() - began
        names = self.identity(test)
        return Case(test, *names, outcome, seconds, message, "", text, attempt)

    async def _all(
        self, task: Task, tests: Sequence[str], attempt: int, tell: Callable[[Case], None]
    ) -> None:
        chosen, printed = task.scratch / "chosen", task.scratch / "printed.txt"
        task.write(chosen, "".join(f"{one}\n" for one in tests))
        require_inside(printed.parent, task.folders)
        printed.unlink(missing_ok=True)
        options, limit = self._options, self._options.timeout_seconds
        results = _Results(task, options, printed)
        steps = self._steps(printed)
        bad: list[str] = []

        def take(case: Case) -> None:
            bad.extend([case.test] if case.outcome in BAD else [])
            tell(msgspec.structs.replace(case, attempt=attempt))

        watch = Watch(steps or results, take, limit if steps else None)
        until: Until = watch
        env = {**task.variables, "RINGTEST_CHOSEN": str(chosen)}
        why = ""
        try:
            with task.copying(printed):
                seconds = None if steps else limit
                argv = [*_SHELL, options.run]
                code = await task.command(argv, env=env, seconds=seconds, until=until)
            why = describe_exit(code) if code else ""
        except TimedOut:
            why = f"not done after {limit:g} s, killed"
            watch.end_late(why, self.identity)
        if options.format == "subunit":
            await results.convert_subunit()
        results.everything = True
        watch.read()
        for test in list(watch.running):
            _errored(watch, test, self.identity(test), f"it has no end: {why or 'exit code 0'}")
        for test in tests:
            if test not in watch.over:
                why_not = f"it left no result: {why or 'exit code 0'}"
                _errored(watch, test, self.identity(test), why_not)
        for name in results.unread:
            _errored(watch, name, ("", name), "the file cannot be read")
        if why and not tests and not bad:
            _errored(watch, "the whole command", ("", "the whole command"), why)

    def _steps(self, printed: Path) -> StepLog | None:
        options = self._options
        if options.format != "steps":
            return None
        try:
            return StepLog(printed, options.step_begins, options.step_ends)
        except ValueError as error:
            raise StageFailed(f"step_begins and step_ends: {error}") from None


def _errored(watch: Watch, test: str, identity: tuple[str, str], message: str) -> None:
    watch.end(Case(test, *identity, "errored", message=message))


class _Results:
    """Result files as they come: a JUnit file once it is whole, others when all is over."""

    def __init__(self, task: Task, options: Options, printed: Path) -> None:
        self._task = task
        self._options = options
        self._printed = printed
        self._old = {path: _stamp(path) for path in self._files()} if options.results else {}
        self._looked = time.monotonic()
        self.everything = False
        self.unread: list[str] = []

    def __call__(self) -> Sequence[Told]:
        """Cases of files that were not there as they are."""
        junit = self._options.format == "junit"
        if not self.everything:
            if not junit or time.monotonic() < self._looked + _LOOK_SECONDS:
                return []
            self._looked = time.monotonic()
        found: list[Told] = []
        for path in self._files() if self._options.results else [self._printed]:
            stamp = _stamp(path)
            if self._old.get(path) == stamp:
                continue
            try:
                cases = list(self._read(path))
            except (OSError, ElementTree.ParseError):
                if self.everything and self._options.results:
                    self.unread.append(path.name)
                continue
            self._old[path] = stamp
            found += [Told(case=case) for case in cases]
        return found

    def _read(self, path: Path) -> Sequence[Case]:
        if self._options.format == "junit":
            return list(read_junit(path, self._task.folders))
        if self._options.format == "tap":
            return list(read_tap(self._task.read(path, errors="replace")))
        told, _ = read_told(self._told(path), 0, self._task.folders)
        return [line.case for line in told if line.case]

    async def convert_subunit(self) -> None:
        """Let the interpreter that knows the format read what is there."""
        folder, _ = place_plugin(self._task, "subunit_cases.py", _PLUGIN)
        for path in self._files() if self._options.results else [self._printed]:
            if self._old.get(path) == _stamp(path):
                continue
            target = self._told(path)
            target.unlink(missing_ok=True)
            read = [self._options.python, str(folder / f"{_PLUGIN}.py"), str(target)]
            script = f"{shlex.join(read)} < {shlex.quote(str(path))} > /dev/null"
            await self._task.command([*_SHELL, script], env=self._task.variables)

    def _told(self, path: Path) -> Path:
        return self._task.scratch / f"{path.name}.jsonl"

    def _files(self) -> list[Path]:
        found: dict[Path, None] = {}
        for pattern in self._options.results:
            if pattern.startswith("/") or ".." in pattern.split("/"):
                raise StageFailed(f"results: {pattern} leads out of the work folder")
            found |= dict.fromkeys(sorted(self._task.work.glob(pattern)))
        return [path for path in found if path.is_file()]


def _stamp(path: Path) -> tuple[int, int, int]:
    try:
        about = path.stat()
    except OSError:
        return (0, 0, 0)
    return (about.st_mtime_ns, about.st_size, about.st_ino)
