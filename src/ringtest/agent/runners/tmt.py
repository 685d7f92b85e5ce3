"""tmt: tests of its metadata; results.yaml, which it writes after every test, is watched."""

import re
import shutil
import tempfile
from collections.abc import Callable, Mapping, Sequence
from functools import partial
from pathlib import Path
from typing import Any, ClassVar

import msgspec

from ringtest.agent.control import StageFailed
from ringtest.agent.inside import read_inside
from ringtest.agent.runners.report import Told
from ringtest.agent.runners.runner import Case, Outcome, Task
from ringtest.agent.runners.selection import RunnerOptions
from ringtest.agent.runners.watching import Until, run_watched

_OUTCOMES: Mapping[str, Outcome] = {
    "pass": "passed",
    "info": "passed",
    "warn": "passed",
    "fail": "failed",
    "skip": "skipped",
    "error": "errored",
}
_WORST: Sequence[Outcome] = ("errored", "failed", "passed", "skipped")
_PENDING = "pending"


class Options(RunnerOptions, frozen=True, omit_defaults=True, kw_only=True):
    """`with` of a step."""

    root: str = "."
    """Folder with the metadata tree."""
    plan: str = ""
    """Name of one plan; none: all tests of the tree, on this machine."""
    provision: str = "local"
    """How the guest comes about; empty: as the plan says."""
    prepare: bool = False
    """Whether the plan's `prepare` is done: the environment of the definition does it else."""
    arguments: list[str] = msgspec.field(default_factory=list)
    """tmt's own, in front of its commands: `--context arch=x86_64`."""
    program: str = "tmt"


class Tmt:
    """Tests of tmt, by name."""

    name: ClassVar[str] = "tmt"
    summary: ClassVar[str] = "tests of tmt, on this machine or a guest"
    options: ClassVar[type[Options]] = Options

    def __init__(self, options: Options) -> None:
        self._options = options
        self._runs = 0
        self._outside = ""

    async def tests(self, task: Task) -> Sequence[str]:
        """Names, in the order of the plan; StageFailed when tmt cannot discover them."""
        folder = self._folder(task, "discovered")
        if self._outside and await task.command(["test", "-d", self._outside], env=task.variables):
            self._keep(task)
            raise StageFailed(
                "tmt copies its tree, and in the sandbox there is no folder outside of it: "
                "run it with a folder for the result that is not inside the tree"
            )
        code = await task.command(
            self._argv(task, folder, [*self._discover(), *self._plan()]), env=task.variables
        )
        found = sorted(folder.glob("**/discover/tests.yaml"))
        if len(found) > 1:
            plans = [str(one.parent.parent.relative_to(folder)) for one in found]
            raise StageFailed(f"tmt: name one of the plans: {', '.join(plans)}")
        if not found:
            raise StageFailed(f"tmt cannot discover the tests, exit code {code}", code)
        tests = _read_yaml(found[0], self._folders(task)) or []
        return [str(one["name"]) for one in tests if one.get("enabled", True)]

    def identity(self, test: str) -> tuple[str, str]:
        """No class, and the whole name, as tmt's own JUnit has it."""
        return "", test

    async def run(
        self, task: Task, tests: Sequence[str], attempt: int, tell: Callable[[Case], None]
    ) -> None:
        """See `Runner`."""
        source = _Results(self.identity)
        try:
            await run_watched(
                tests,
                attempt=attempt,
                limit=self._options.timeout_seconds,
                source=source,
                start=partial(self._start, task, source),
                identity=self.identity,
                tell=tell,
            )
        finally:
            self._keep(task)

    async def _start(
        self, task: Task, source: "_Results", tests: Sequence[str], until: Until
    ) -> int:
        self._runs += 1
        folder = self._folder(task, f"run-{self._runs:03}")
        source.begin(folder, self._folders(task))
        options = self._options
        names = "|".join(re.escape(test) for test in tests)
        own = [*self._discover(), "provision"]
        own += ["--how", options.provision] if options.provision else []
        own += ["prepare"] if options.prepare else []
        own += ["execute", *([] if options.plan else ["--how", "tmt"])]
        own += ["finish", *self._plan(), "tests", "--name", f"^({names})$"]
        return await task.command(self._argv(task, folder, own), env=task.variables, until=until)

    def _folder(self, task: Task, name: str) -> Path:
        """Where a run of tmt keeps its files: it refuses folders inside the metadata tree."""
        root = (task.work / self._options.root).resolve()
        if not task.scratch.resolve().is_relative_to(root):
            return task.scratch / name
        if not self._outside:
            self._outside = tempfile.mkdtemp(prefix="ringtest-tmt-")
        return Path(self._outside) / name

    def _folders(self, task: Task) -> Sequence[Path]:
        return (*task.folders, Path(self._outside)) if self._outside else task.folders

    def _keep(self, task: Task) -> None:
        """Bring what was kept outside to the rest of the step."""
        if self._outside:
            shutil.copytree(
                self._outside, task.scratch / "tmt", symlinks=True, dirs_exist_ok=True,
                ignore=shutil.ignore_patterns("tree", "source", "scripts"),
            )  # fmt: skip
            shutil.rmtree(self._outside, ignore_errors=True)
            self._outside = ""

    def _discover(self) -> list[str]:
        return ["discover", *([] if self._options.plan else ["--how", "fmf"])]

    def _plan(self) -> list[str]:
        plan = self._options.plan
        return ["plans", "--name", f"^{re.escape(plan)}$"] if plan else ["plans", "--default"]

    def _argv(self, task: Task, folder: Path, more: list[str]) -> list[str]:
        options = self._options
        # without --feeling-safe tmt does not run tests on the machine that it runs on
        own = ["--feeling-safe", "--root", str(task.work / options.root), *options.arguments]
        return [options.program, *own, "run", "--id", str(folder), "--scratch", *more]


class _Results:
    """results.yaml of one run after the other."""

    def __init__(self, identity: Callable[[str], tuple[str, str]]) -> None:
        self._identity = identity
        self._folder = Path()
        self._folders: Sequence[Path] = ()
        self._seen: tuple[int, int] = (0, 0)
        self._told: set[str] = set()
        self._begun: set[str] = set()

    def begin(self, folder: Path, folders: Sequence[Path]) -> None:
        """A run starts in a folder; what it leaves counts in one of `folders`."""
        self._folder, self._seen, self._begun = folder, (0, 0), set()
        self._folders = folders

    def __call__(self) -> Sequence[Told]:
        """Tests that have a result, and the first one that has none: they run in order."""
        files = list(self._folder.glob("**/execute/results.yaml"))
        if not files:
            return []
        about = files[0].stat()
        if (about.st_mtime_ns, about.st_size) == self._seen:
            return []
        self._seen = (about.st_mtime_ns, about.st_size)
        try:
            results = _read_yaml(files[0], self._folders) or []
        except (OSError, msgspec.DecodeError):  # it is being written
            self._seen = (0, 0)
            return []
        found = []
        by_serial: dict[int, list[Mapping[str, Any]]] = {}
        for one in results:
            by_serial.setdefault(int(one.get("serial-number", 0)), []).append(one)
        for _, group in sorted(by_serial.items()):
            test = str((group[0].get("fmf-id") or {}).get("name") or group[0]["name"])
            if any(one.get("result") == _PENDING for one in group):
                if test not in self._begun:
                    self._begun.add(test)
                    found.append(Told(begins=test))
                break
            if test not in self._told:
                self._told.add(test)
                found.append(Told(case=self._case(test, group, files[0].parent)))
        return found

    def _case(self, test: str, group: Sequence[Mapping[str, Any]], folder: Path) -> Case:
        outcomes: list[Outcome] = [
            _OUTCOMES.get(str(one.get("result")), "errored") for one in group
        ]
        outcome = min(outcomes, key=_WORST.index)
        notes = [str(note) for one in group for note in one.get("note") or []]
        message = ", ".join(notes) or ("" if outcome == "passed" else str(group[0].get("result")))
        detail = ""
        if len(group) > 1:  # a test that reports results of its own
            detail = "\n".join(f"{one['name']}: {one.get('result')}" for one in group)
        logs = [folder / str(log) for one in group[:1] for log in one.get("log") or []]
        output = next((log for log in logs if log.name == "output.txt"), None)
        text = _text(output, self._folders) if output else ""
        seconds = sum(_seconds(str(one.get("duration") or "")) for one in group)
        return Case(test, *self._identity(test), outcome, seconds, message, detail, text)


def _read_yaml(path: Path, folders: Sequence[Path]) -> Any:
    return msgspec.yaml.decode(read_inside(path, folders, errors="replace"))


def _text(path: Path, folders: Sequence[Path]) -> str:
    try:
        return read_inside(path, folders, errors="replace")
    except OSError:
        return ""


def _seconds(text: str) -> float:
    """
    >>> _seconds("01:00:02"), _seconds("")
    (3602.0, 0.0)
    """
    parts = text.split(":")
    if len(parts) != 3 or not all(part.isdigit() for part in parts):
        return 0.0
    hours, minutes, seconds = (int(part) for part in parts)
    return float(hours * 3600 + minutes * 60 + seconds)
