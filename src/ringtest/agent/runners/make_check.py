"""`make check` of automake: each test leaves a .log and a .trs, which are watched."""

import os
import time
from collections.abc import Callable, Mapping, Sequence
from functools import partial
from pathlib import Path
from typing import Annotated, ClassVar, NamedTuple

import msgspec
from msgspec import Meta

from ringtest.agent.control import StageFailed
from ringtest.agent.inside import LeadsOut, open_inside, read_inside, require_inside
from ringtest.agent.runners.report import MOST_TEXT, Told
from ringtest.agent.runners.runner import Case, Outcome, Task
from ringtest.agent.runners.selection import RunnerOptions
from ringtest.agent.runners.watching import Until, run_watched

_OUTCOMES: Mapping[str, Outcome] = {
    "PASS": "passed",
    "FAIL": "failed",
    "SKIP": "skipped",
    "XFAIL": "xfailed",
    "XPASS": "xpassed",
    "ERROR": "errored",
}
_GLOBAL = ":global-test-result:"
_ASKED = "ringtest-asked:;@printf '%s\\n' $(SUBDIRS) -- $(TESTS) -- $(TEST_LOGS)"
_DEEPEST = 20


class _Test(NamedTuple):
    folder: str
    name: str
    log: str
    """Without its suffix, below the folder."""


class Options(RunnerOptions, frozen=True, omit_defaults=True, kw_only=True):
    """`with` of a step."""

    build: str = "."
    """Folder with the Makefile; its SUBDIRS are looked into."""
    prepare: str = "make check TESTS="
    """What builds the tests, in that folder; empty: they are built."""
    arguments: list[str] = msgspec.field(default_factory=list)
    """More for make, such as `VERBOSE=1`."""
    jobs: Annotated[int, Meta(ge=1, le=1024)] = 1
    """How many tests run at a time."""
    program: str = "make"


class MakeCheck:
    """Tests of automake, by folder and name."""

    name: ClassVar[str] = "make-check"
    summary: ClassVar[str] = "`make check` of automake, test by test"
    options: ClassVar[type[Options]] = Options

    def __init__(self, options: Options) -> None:
        self._options = options
        self._known: dict[str, _Test] = {}

    async def tests(self, task: Task) -> Sequence[str]:
        """Folder and name of each; StageFailed when they cannot be built, or not by automake."""
        options = self._options
        if options.prepare:
            script = f"cd {_quoted(options.build)} && {options.prepare}"
            code = await task.command(["/bin/sh", "-e", "-c", script], env=task.variables)
            if code:
                raise StageFailed(f"{options.prepare}: exit code {code}", code)
        await self._look_into(task, "", 0)
        return list(self._known)

    async def _look_into(self, task: Task, folder: str, depth: int) -> None:
        asked = task.scratch / "asked.txt"
        with task.copying(asked):
            code = await self._make(task, folder, ["-s", f"--eval={_ASKED}", "ringtest-asked"])
        lines = task.read(asked, errors="replace").splitlines()
        if code or lines.count("--") < 2:
            raise StageFailed(f"make cannot tell the tests of {folder or '.'}, exit code {code}")
        first = lines.index("--")
        second = lines.index("--", first + 1)
        names, logs = lines[first + 1 : second], lines[second + 1 :]
        for name, log in zip(names, logs, strict=False):
            test = _Test(folder, name, log.removesuffix(".log"))
            self._known[f"{folder}/{name}" if folder else name] = test
        for inner in lines[:first]:
            if inner not in (".", "") and depth < _DEEPEST:
                await self._look_into(task, f"{folder}/{inner}" if folder else inner, depth + 1)

    def identity(self, test: str) -> tuple[str, str]:
        """Folder and name.

        >>> MakeCheck(Options()).identity("tests/unit.sh")
        ('tests', 'unit.sh')
        """
        folder, _, name = test.rpartition("/")
        return folder, name

    async def run(
        self, task: Task, tests: Sequence[str], attempt: int, tell: Callable[[Case], None]
    ) -> None:
        """See `Runner`; a folder at a time."""
        for folder in dict.fromkeys(self._known[test].folder for test in tests):
            here = [test for test in tests if self._known[test].folder == folder]
            known = {test: self._known[test] for test in here}
            source = _Logs(self._place(task, folder), known, self.identity, task.folders)
            await run_watched(
                here,
                attempt=attempt,
                limit=self._options.timeout_seconds,
                source=source,
                start=partial(self._start, task, folder, source),
                identity=self.identity,
                tell=tell,
            )

    async def _start(
        self, task: Task, folder: str, source: "_Logs", tests: Sequence[str], until: Until
    ) -> int:
        source.begin(tests)
        names = " ".join(self._known[test].name for test in tests)
        more = [f"-j{self._options.jobs}", "check-TESTS", f"TESTS={names}"]
        return await self._make(task, folder, more, until)

    def _place(self, task: Task, folder: str) -> Path:
        place = task.work / self._options.build / folder
        try:
            return require_inside(place, (*task.folders, *task.readable))
        except LeadsOut as error:
            raise StageFailed(f"build: {error}") from None

    async def _make(
        self, task: Task, folder: str, more: list[str], until: Until | None = None
    ) -> int:
        where = str(self._place(task, folder))
        argv = [self._options.program, "--no-print-directory", "-C", where]
        return await task.command(
            [*argv, *more, *self._options.arguments], env=task.variables, until=until
        )


def _quoted(path: str) -> str:
    return "'" + path.replace("'", "'\\''") + "'"


class _Logs:
    """The files of a folder's tests. `seconds` of a test are as exact as they are looked at."""

    def __init__(
        self,
        folder: Path,
        tests: Mapping[str, _Test],
        identity: Callable[[str], tuple[str, str]],
        own: Sequence[Path],
    ) -> None:
        self._folder = folder
        self._folders = (*own, folder)
        self._tests = tests
        self._identity = identity
        self._waiting: list[str] = []
        self._begun: dict[str, float] = {}

    def begin(self, tests: Sequence[str]) -> None:
        """These are started: what is there of them is old."""
        self._waiting, self._begun = list(tests), {}
        for test in tests:
            for suffix in (".log", ".trs"):
                file = self._file(test, suffix)
                require_inside(file.parent, self._folders)
                file.unlink(missing_ok=True)

    def __call__(self) -> Sequence[Told]:
        """A log that is there: it began. A result that is there: it is over."""
        found = []
        for test in list(self._waiting):
            log = self._file(test, ".log")
            if test not in self._begun and log.exists():
                self._begun[test] = time.time()
                found.append(Told(begins=test))
            result = _result(self._file(test, ".trs"), self._folders)
            if result:
                self._waiting.remove(test)
                found.append(Told(case=self._case(test, result)))
        return found

    def _case(self, test: str, result: str) -> Case:
        ended = self._file(test, ".trs").stat().st_mtime
        seconds = max(0.0, ended - self._begun.get(test, ended))
        outcome = _OUTCOMES.get(result, "errored")
        text = _end_of(self._file(test, ".log"), self._folders)
        message = "" if outcome in ("passed", "xpassed") else result
        return Case(test, *self._identity(test), outcome, seconds, message, "", text)

    def _file(self, test: str, suffix: str) -> Path:
        return self._folder / (self._tests[test].log + suffix)


def _result(path: Path, folders: Sequence[Path]) -> str:
    """What a whole .trs file says, empty before it is whole."""
    try:
        text = read_inside(path, folders, errors="replace")
    except OSError:
        return ""
    for line in text.splitlines(keepends=True):
        if line.startswith(_GLOBAL) and line.endswith("\n") and ":copy-in-global-log:" in text:
            return line.removeprefix(_GLOBAL).split()[0] if line.split()[1:] else "ERROR"
    return ""


def _end_of(path: Path, folders: Sequence[Path]) -> str:
    try:
        with open_inside(path, folders) as file:
            file.seek(max(0, os.fstat(file.fileno()).st_size - MOST_TEXT))
            return file.read().decode("utf-8", "replace")
    except OSError:
        return ""
