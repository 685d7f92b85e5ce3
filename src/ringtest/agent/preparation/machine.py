"""What handlers work with: commands on the machine, in the job's log and under its limits."""

import shutil
from collections.abc import Awaitable, Callable, Mapping, Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass
from pathlib import Path

from ringtest.agent.control import StageFailed
from ringtest.agent.processes import describe_exit

SYSTEM = Path("/")


@dataclass(frozen=True, slots=True)
class Machine:
    """The machine that is prepared. Relative paths are meant from `work`."""

    work: Path
    scratch: Path
    variables: Mapping[str, str]
    command: Callable[[Sequence[str], Mapping[str, str]], Awaitable[int]]
    copying: Callable[[Path], AbstractContextManager[None]]
    say: Callable[[str], None]
    root: Path = SYSTEM
    """The tree whose packages and repositories are meant: the machine's own, or one that
    tests run in."""

    async def run(self, *argv: str, **more: str) -> None:
        """A command that must exit with 0; `more` are variables. StageFailed otherwise."""
        code = await self.command(argv, {**self.variables, **more})
        if code:
            raise StageFailed(f"{' '.join(argv)[:200]}: {describe_exit(code)}", max(code, 1))

    async def succeeds(self, *argv: str) -> bool:
        """Whether a command exits with 0."""
        return not await self.command(argv, self.variables)

    async def read(self, *argv: str) -> tuple[int, str]:
        """The exit code of a command, and what it printed."""
        path = self.scratch / "printed.txt"
        with self.copying(path):
            code = await self.command(argv, self.variables)
        return code, path.read_text(encoding="utf-8", errors="replace")

    async def fetch(self, url: str, target: Path) -> None:
        """Download a file; what an earlier try has left of it is gone on from."""
        await self.run(
            "curl", "-fsSL", "--retry", "3", "--connect-timeout", "30",
            "--speed-limit", "1", "--speed-time", "120", "-C", "-", "-o", str(target), url,
        )  # fmt: skip

    def path(self, name: str) -> Path:
        """A path that somebody wrote; `~` is the home folder."""
        return self.work / Path(name).expanduser()

    def has(self, program: str) -> bool:
        """Whether there is a program of that name."""
        return shutil.which(program, path=self.variables.get("PATH")) is not None
