"""What a runner is given, and what it tells."""

from collections.abc import Callable, Mapping, Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, ClassVar, Literal, Protocol

from msgspec import Struct

from ringtest.agent.inside import read_inside, write_inside

Outcome = Literal["passed", "failed", "errored", "skipped", "xfailed", "xpassed"]
BAD: frozenset[Outcome] = frozenset({"failed", "errored"})


class Case(Struct, frozen=True, omit_defaults=True):
    """One try at one test. `seconds` of its own work; texts as they were printed."""

    test: str
    """What its runner calls it, and finds it by."""
    classname: str
    name: str
    outcome: Outcome
    seconds: float = 0.0
    message: str = ""
    detail: str = ""
    stdout: str = ""
    attempt: int = 1


class TimedOut(Exception):
    """A command was not done in its time; its whole tree of processes is dead."""


class Commands(Protocol):
    """Runs commands below the job's guard, their output in the job's log."""

    async def __call__(
        self,
        argv: Sequence[str],
        *,
        env: Mapping[str, str],
        seconds: float | None = None,
        until: Callable[[], float | None] | None = None,
    ) -> int:
        """The exit code, negative for a signal.

        TimedOut after `seconds`, or once `until` says that the moment it gave (monotonic
        seconds; None: no limit for the time being) has passed.
        """
        ...


@dataclass(frozen=True, slots=True)
class Task:
    """A step for a runner."""

    work: Path
    """Where commands start."""
    scratch: Path
    """A folder of this step's own."""
    results: Path
    """Where the JUnit file goes."""
    variables: Mapping[str, str]
    command: Commands
    say: Callable[[str], None]
    """A line in the job's log."""
    copying: Callable[[Path], AbstractContextManager[None]]
    """While it lasts, what commands print goes to this file too."""
    parameters: Mapping[str, Any] = field(default_factory=dict)
    """Those of the run."""
    stage: str = "test"
    """Of which the step is."""
    own: Sequence[Path] = ()
    """The job's folders, which no command can move: what the agent writes is below them. Else
    `work`, `scratch` and `results`."""
    readable: Sequence[Path] = ()
    """Folders of the lab of which options may name files that the agent reads."""

    @property
    def folders(self) -> Sequence[Path]:
        """Below which the agent writes for the step."""
        return self.own or (self.work, self.scratch, self.results)

    def read(self, path: Path, *, errors: str = "strict") -> str:
        """The text of a file that commands left, or an option names; OSError when it is not
        there or leads elsewhere, UnicodeDecodeError."""
        return read_inside(path, (*self.folders, *self.readable), errors=errors)

    def write(self, path: Path, text: str) -> None:
        """A file for commands. OSError when a link leads elsewhere."""
        write_inside(path, text, self.folders)


class Runner(Protocol):
    """A test program. It is made with its options, which are of the type `options`."""

    name: ClassVar[str]
    summary: ClassVar[str]
    options: ClassVar[type[Any]]

    async def tests(self, task: Task) -> Sequence[str] | None:
        """All tests there are, in the order in which they would run.

        None: the program cannot tell; then `run` is given no names and runs everything.
        """
        ...

    def identity(self, test: str) -> tuple[str, str]:
        """Class and name under which a test is reported, before anything of it ran."""
        ...

    async def run(
        self, task: Task, tests: Sequence[str], attempt: int, tell: Callable[[Case], None]
    ) -> None:
        """Run these once and tell of each when it is over; StageFailed when that cannot be."""
        ...
