"""What a kind of isolation is, and the one that does nothing."""

import os
from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from ringtest.agent.definitions.isolated import Isolation
from ringtest.agent.isolation.limits import Bounds
from ringtest.agent.processes import short_folder

_OF_THE_MACHINE = frozenset({"PATH", "HOME", "TMPDIR", "VIRTUAL_ENV", "LD_LIBRARY_PATH"})


@dataclass(frozen=True, slots=True)
class Surroundings:
    """Folders of an attempt, as its commands know them."""

    folder: Path
    """The attempt's own; holds what is not meant for commands too."""
    work: Path
    written: Sequence[Path]
    """Folders and files beside `work` that commands write to."""
    read: Sequence[Path]
    """Folders that commands only read."""
    cookie: str
    """Marks the processes of this attempt, in their environment."""
    say: Callable[[str], None]
    """A line in the job's log."""

    @property
    def short(self) -> Path:
        """A folder for sockets, whose paths must not be long; whoever needs it makes it."""
        return short_folder(self.cookie)


@dataclass(frozen=True, slots=True)
class Wrapped:
    """A command as the guard starts it."""

    argv: Sequence[str]
    cwd: Path
    env: Mapping[str, str]
    bounds: Bounds = field(default_factory=Bounds)


class Sandbox:
    """Commands on the machine itself, with limits: the kinds `none` and `venv`.

    Other kinds replace what differs. `open` once, then any number of commands, then `close`.
    """

    def __init__(
        self,
        wanted: Isolation,
        around: Surroundings,
        bounds: Bounds,
        grouped: Collection[str] = (),
    ) -> None:
        self.wanted = wanted
        self.around = around
        self.bounds = bounds
        self.grouped = grouped
        """Limits that control groups can keep on this machine."""

    async def open(self) -> None:
        """Make it ready; StageFailed says what is missing."""

    def wrap(self, argv: Sequence[str], cwd: Path, env: Mapping[str, str]) -> Wrapped:
        """A command as it is started inside. `cwd` is one of the folders of `around`."""
        return Wrapped(argv, cwd, env, self.bounds)

    async def before(self) -> None:
        """A command is about to be started."""

    async def after(self) -> None:
        """It is over."""

    async def kill(self) -> None:
        """The agent killed what it sees of a command: end the rest."""

    async def bring_back(self) -> None:
        """What commands left in `work` is on this machine when this returns."""

    async def close(self) -> list[str]:
        """End what is still inside, and remove what was made; what could not be removed."""
        return []

    async def keep(self) -> None:
        """Instead of `close`: processes end, folders stay for people to look at."""

    async def dispose(self, far: str) -> list[str]:
        """Remove what `keep` left, in a sandbox that was never opened. `far`: the folder on the
        machine under test."""
        return await self.close()

    def enter(self) -> str:
        """The shell command with which a person gets inside; works after the run too."""
        return f"cd {self.around.work}"


def own_variables(env: Mapping[str, str]) -> dict[str, str]:
    """Variables of the job alone, for places where those of this machine mean nothing."""
    return {
        name: value
        for name, value in env.items()
        if os.environ.get(name) != value and name not in _OF_THE_MACHINE
    }
