"""A test program while it runs: which tests begin and end, which take too long, what is left."""

import os
import time
from abc import ABC, abstractmethod
from collections.abc import Awaitable, Callable, Sequence
from functools import partial
from pathlib import Path
from typing import Generic, TypeVar

import msgspec

from ringtest.agent.control import LabFailed, StageFailed
from ringtest.agent.inside import require_inside
from ringtest.agent.processes import describe_exit
from ringtest.agent.runners.report import Told, read_told, told_path
from ringtest.agent.runners.runner import Case, Task, TimedOut
from ringtest.agent.runners.selection import RunnerOptions

Source = Callable[[], Sequence[Told]]
"""What was told since it was asked the last time; it is asked five times a second."""
Until = Callable[[], float | None]
Start = Callable[[Sequence[str], Until], Awaitable[int]]
"""Runs the program with these tests to its end: the exit code, or TimedOut."""
OptionsT = TypeVar("OptionsT", bound=RunnerOptions)

_NO_PROGRAM = 127


class ToldFile:
    """The file that a plug-in in the program writes, line by line; `path` is not there yet."""

    def __init__(self, task: Task, attempt: int) -> None:
        self.attempt = attempt
        self.path = told_path(task.scratch, attempt)
        require_inside(self.path.parent, task.folders)
        self.path.unlink(missing_ok=True)
        self._folders, self._offset = task.folders, 0

    def __call__(self) -> Sequence[Told]:
        """The whole lines that were added."""
        lines, self._offset = read_told(self.path, self._offset, self._folders)
        return lines


def write_names(task: Task, tests: Sequence[str]) -> Path:
    """The file that names the chosen tests, one per line."""
    chosen = task.scratch / "chosen"
    task.write(chosen, "".join(f"{one}\n" for one in tests))
    return chosen


def place_plugin(task: Task, file: str, name: str) -> tuple[Path, dict[str, str]]:
    """Copy a file of this package to where the program's own Python finds it under `name`: its
    folder, and the variables of the task with that folder first in PYTHONPATH."""
    folder = task.scratch / "plugin"
    require_inside(folder, task.folders).mkdir(exist_ok=True)
    source = Path(__file__).with_name(file).read_text(encoding="utf-8")
    task.write(folder / f"{name}.py", source)
    paths = [str(folder), *filter(None, [task.variables.get("PYTHONPATH")])]
    return folder, {**task.variables, "PYTHONPATH": os.pathsep.join(paths)}


def cannot_list(program: str, code: int, printed: Path, task: Task) -> StageFailed:
    """Why there are no tests, with what to do where the program itself is not there."""
    try:
        text = task.read(printed, errors="replace")
    except OSError:
        text = ""
    missing = code == _NO_PROGRAM or f"No module named {program}" in text
    advice = (
        f": {program} is not installed where the job's commands run; list it in the definition, "
        f"environment: {{packages: {{pip: [{program}]}}}}, or say isolation: none to use the lab's"
    )
    why = f"{program} cannot list the tests, exit code {code}{advice if missing else ''}"
    return LabFailed(why, code) if missing else StageFailed(why, code)


class Watch:
    """What the program tells, read as it comes; asked for the moment when it is too late."""

    def __init__(self, source: Source, tell: Callable[[Case], None], limit: float | None) -> None:
        self._source = source
        self._tell = tell
        self._limit = limit
        self.running: dict[str, float] = {}
        """Tests that began, and when (monotonic seconds)."""
        self.over: set[str] = set()
        self._killed: set[str] = set()

    def __call__(self) -> float | None:
        """Until when the tests that run may take."""
        self.read()
        return min(self.running.values()) + self._limit if self.running and self._limit else None

    def read(self) -> None:
        """Take in what was told meanwhile."""
        for line in self._source():
            if line.begins is not None:
                self.running.setdefault(line.begins, time.monotonic())
            if line.case is not None and line.case.test not in self._killed:
                self.end(line.case)

    def end(self, case: Case) -> None:
        """A test is over."""
        self.running.pop(case.test, None)
        self.over.add(case.test)
        self._tell(case)

    def end_late(self, why: str, identity: Callable[[str], tuple[str, str]]) -> None:
        """Tests that took longer than they may were killed: what they still tell counts no more."""
        now = time.monotonic()
        for test, since in list(self.running.items()):
            if since + (self._limit or 0) <= now:
                self._killed.add(test)
                self.end(Case(test, *identity(test), "errored", message=why))


async def run_watched(
    tests: Sequence[str],
    *,
    attempt: int,
    limit: float | None,
    source: Source,
    start: Start,
    identity: Callable[[str], tuple[str, str]],
    tell: Callable[[Case], None],
) -> None:
    """Run all tests, in as many processes as are killed or die, and one more.

    A test that takes longer than `limit` seconds, or in which the program dies, is errored; those
    that ran beside one that was late are run again. StageFailed when a process ends no test.
    """
    watch = Watch(source, lambda case: tell(msgspec.structs.replace(case, attempt=attempt)), limit)
    left = list(tests)
    while left:
        before = len(watch.over)
        try:
            why = describe_exit(await start(left, watch))
            watch.read()
            for test in list(watch.running):
                watch.end(Case(test, *identity(test), "errored", message=why))
        except TimedOut:
            why = f"not done after {limit:g} s, killed"
            watch.end_late(why, identity)
        finally:
            watch.read()
        watch.running.clear()
        left = [one for one in left if one not in watch.over]
        if left and len(watch.over) == before:
            raise StageFailed(f"none of {len(left)} tests was run: {why}")


class TellingRunner(ABC, Generic[OptionsT]):
    """A runner of a program that runs many tests in one process, and tells of them in a file by a
    plug-in of ours: how it is begun is left to each."""

    def __init__(self, options: OptionsT) -> None:
        self._options = options

    @abstractmethod
    def identity(self, test: str) -> tuple[str, str]:
        """See `Runner`."""

    @abstractmethod
    async def _start(self, task: Task, told: ToldFile, tests: Sequence[str], until: Until) -> int:
        """Run these tests to their end, telling in `told.path`: the exit code, or TimedOut."""

    async def run(
        self, task: Task, tests: Sequence[str], attempt: int, tell: Callable[[Case], None]
    ) -> None:
        """See `Runner`."""
        told = ToldFile(task, attempt)
        await run_watched(
            tests,
            attempt=attempt,
            limit=self._options.timeout_seconds,
            source=told,
            start=partial(self._start, task, told),
            identity=self.identity,
            tell=tell,
        )
