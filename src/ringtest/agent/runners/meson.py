"""`meson test`: it prints a line per test as soon as it is over; a wrapper tells which began."""

import json
import os
import re
import shlex
from collections.abc import Callable, Collection, Mapping, Sequence
from functools import partial
from pathlib import Path
from typing import Annotated, Any, ClassVar

import msgspec
from msgspec import Meta

from ringtest.agent.control import StageFailed
from ringtest.agent.inside import open_inside
from ringtest.agent.runners.report import MOST_TEXT, Told
from ringtest.agent.runners.runner import Case, Outcome, Task
from ringtest.agent.runners.selection import RunnerOptions
from ringtest.agent.runners.watching import Until, cannot_list, run_watched

_OUTCOMES: Mapping[str, Outcome] = {
    "OK": "passed",
    "FAIL": "failed",
    "SKIP": "skipped",
    "IGNORED": "skipped",
    "EXPECTEDFAIL": "xfailed",
    "UNEXPECTEDPASS": "xpassed",
}
_LINE = re.compile(
    rb"\s*\d+/\d+ +(?P<name>.+?) +(?P<result>[A-Z]{2,}) +(?P<seconds>[\d.]+)s(?: +(?P<why>.*))?"
)
# The command's words and where its output goes are told before it starts. What ends by a signal
# must end by it for meson too.
_WRAPPER = r"""#!/bin/sh
out=$(mktemp -d "$RINGTEST_BEGUN.XXXXXX") || exit 99
{ printf '%s\0' "$out" "$@"; printf '\n\0'; } >> "$RINGTEST_BEGUN"
"$@" > "$out/out" 2> "$out/err"
code=$?
cat "$out/out"
cat "$out/err" >&2
[ "$code" -gt 128 ] && [ "$code" -lt 160 ] && kill -$((code - 128)) $$
exit $code
"""


class Options(RunnerOptions, frozen=True, omit_defaults=True, kw_only=True):
    """`with` of a step."""

    build: str = "build"
    """The build folder, set up already."""
    arguments: list[str] = msgspec.field(default_factory=list)
    """More of `meson test`'s own, such as `--setup valgrind`."""
    jobs: Annotated[int, Meta(ge=1, le=1024)] = 1
    """How many tests run at a time."""
    rebuild: bool = True
    """Whether what has changed is built before tests run."""
    wrapper: bool = True
    """Whether tests run below a wrapper that tells when they begin. Without it, which meson needs
    where a setup has one of its own, neither time limits nor crashes can be told of a test."""
    program: str = "meson"


class Meson:
    """Tests of a meson project, by `project:test`."""

    name: ClassVar[str] = "meson"
    summary: ClassVar[str] = "tests of a meson project"
    options: ClassVar[type[Options]] = Options

    def __init__(self, options: Options) -> None:
        self._options = options
        self._commands: dict[str, list[str]] = {}
        self._shown: dict[str, str] = {}

    async def tests(self, task: Task) -> Sequence[str]:
        """Names; StageFailed when the folder is none of meson's."""
        listed = task.scratch / "listed.json"
        argv = [self._options.program, "introspect", self._options.build, "--tests"]
        with task.copying(listed):
            code = await task.command(argv, env=task.variables)
        if code:
            raise cannot_list("meson", code, listed, task)
        try:
            tests = json.loads(task.read(listed))
        except ValueError:
            raise StageFailed("meson cannot list the tests: it printed no JSON") from None
        for one in tests:
            self._take(one)
        return list(self._commands)

    def identity(self, test: str) -> tuple[str, str]:
        """Project and name.

        >>> Meson(Options()).identity("libvirt:virnetmsgtest")
        ('libvirt', 'virnetmsgtest')
        """
        project, _, name = test.partition(":")
        return project, name

    async def run(
        self, task: Task, tests: Sequence[str], attempt: int, tell: Callable[[Case], None]
    ) -> None:
        """See `Runner`."""
        source = _Printed(task, attempt, self._case, self._test_of, self._named)
        await run_watched(
            tests,
            attempt=attempt,
            limit=self._options.timeout_seconds,
            source=source,
            start=partial(self._start, task, source),
            identity=self.identity,
            tell=tell,
        )

    async def _start(
        self, task: Task, source: "_Printed", tests: Sequence[str], until: Until
    ) -> int:
        options = self._options
        argv = [options.program, "test", "-C", options.build, "--num-processes", str(options.jobs)]
        argv += [] if options.rebuild else ["--no-rebuild"]
        if options.wrapper:
            wrapper = task.scratch / "wrapper.sh"
            task.write(wrapper, _WRAPPER)
            argv += ["--wrapper", shlex.join(["/bin/sh", str(wrapper)])]
        source.begin()
        env = {**task.variables, "RINGTEST_BEGUN": str(source.begun)}
        with task.copying(source.printed):
            argv += [*options.arguments, *tests]
            return await task.command(argv, env=env, until=until)

    def _take(self, one: Mapping[str, Any]) -> None:
        suites = [str(suite).partition(":") for suite in one["suite"]] or [("", "", "")]
        project, name = suites[0][0], str(one["name"])
        test = f"{project}:{name}"
        self._commands[test] = [str(part) for part in one["cmd"]]
        joined = "+".join(suite for _, _, suite in suites if suite)
        # how meson's versions show it: with suites, with the project, or bare where that is clear
        for shown in (f"{joined} - {test}", f"{project}:{joined} / {name}", test, name):
            self._shown.setdefault(shown, test)
        self._shown[f"{joined} - {test}"] = test

    def _named(self, shown: str) -> str:
        return self._shown.get(shown, shown)

    def _test_of(self, command: Sequence[str], running: Collection[str]) -> str | None:
        """Which test is run by a command that begins."""
        for test, own in self._commands.items():
            if own and test not in running and _holds(command, own):
                return test
        return None

    def _case(self, line: "re.Match[bytes]", text: str) -> Case | None:
        """None of what was killed, with meson or by it: that tells nothing of the test."""
        shown, result = line["name"].decode(errors="replace"), line["result"].decode()
        if result == "INTERRUPT":
            return None
        test = self._named(shown)
        outcome = _OUTCOMES.get(result, "errored")
        message = ""
        if outcome not in ("passed", "xpassed"):
            message = ", ".join(
                filter(None, [result, (line["why"] or b"").decode(errors="replace")])
            )
        seconds = float(line["seconds"].strip(b".") or 0)
        return Case(test, *self.identity(test), outcome, seconds, message, "", text)


def _holds(command: Sequence[str], own: Sequence[str]) -> bool:
    """Whether a command is this one, perhaps behind an emulator and before more arguments."""
    size = len(own)
    return any(list(command[at : at + size]) == list(own) for at in range(len(command) - size + 1))


class _Printed:
    """What meson prints and the wrapper writes, read as it grows. Meson's own log of results is
    written when it ends, which it may not live to see."""

    def __init__(
        self,
        task: Task,
        attempt: int,
        case: Callable[["re.Match[bytes]", str], Case | None],
        test_of: Callable[[Sequence[str], Collection[str]], str | None],
        shown: Callable[[str], str],
    ) -> None:
        self._case = case
        self._test_of = test_of
        self._shown = shown
        self.begun = task.scratch / f"begun-{attempt:03}"
        self.printed = task.scratch / "printed.txt"
        self._folders = task.folders
        self._running: dict[str, Path] = {}
        self._at: dict[Path, int] = {}

    def begin(self) -> None:
        """Meson starts (again)."""
        self.begun.unlink(missing_ok=True)
        self._running, self._at = {}, {}

    def __call__(self) -> Sequence[Told]:
        """Tests that began, then those that are over."""
        found = []
        for record in self._fresh(self.begun, b"\n\0"):
            out, *command = (part.decode(errors="replace") for part in record.split(b"\0")[:-1])
            test = self._test_of(command, self._running)
            if test is not None:
                self._running[test] = Path(out)
                found.append(Told(begins=test))
        for line in self._fresh(self.printed, b"\n"):
            match = _LINE.fullmatch(line)
            if match:
                folder = self._running.pop(
                    self._shown(match["name"].decode(errors="replace")), None
                )
                case = self._case(match, _output(folder, self._folders))
                if case:
                    found.append(Told(case=case))
        return found

    def _fresh(self, path: Path, end: bytes) -> list[bytes]:
        try:
            with open_inside(path, self._folders) as file:
                file.seek(self._at.get(path, 0))
                data = file.read()
        except OSError:
            return []
        whole = data[: data.rfind(end) + len(end)] if end in data else b""
        self._at[path] = self._at.get(path, 0) + len(whole)
        return whole.split(end)[:-1]


def _output(folder: Path | None, folders: Sequence[Path]) -> str:
    """The last part of what a test printed."""
    texts: list[str] = []
    if folder is None:
        return ""
    for name in ("out", "err"):
        try:
            with open_inside(folder / name, folders) as file:
                file.seek(max(0, file.seek(0, os.SEEK_END) - MOST_TEXT))
                texts.append(file.read().decode("utf-8", "replace"))
        except OSError:
            continue
    return "".join(texts)
