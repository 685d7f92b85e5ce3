"""An attempt's isolation, from its first command to the look at what is left."""

import asyncio
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path

import msgspec

from ringtest.agent.attempt import Attempt, write_durably
from ringtest.agent.control import LabFailed, StageFailed
from ringtest.agent.definitions.isolated import Isolation
from ringtest.agent.isolation.bubblewrap import Bubblewrap
from ringtest.agent.isolation.cgroups import Group
from ringtest.agent.isolation.cleanup import Cleanup, look, remember_groups, see
from ringtest.agent.isolation.limits import Bounds, bound
from ringtest.agent.isolation.podman import Podman
from ringtest.agent.isolation.sandbox import Sandbox, Surroundings, Wrapped
from ringtest.agent.isolation.ssh import Ssh

KINDS: Mapping[str, type[Sandbox]] = {
    "none": Sandbox,
    "venv": Sandbox,
    "bubblewrap": Bubblewrap,
    "podman": Podman,
    "ssh": Ssh,
}
CLEANUP = "cleanup.json"
GROUPS = "groups.json"


class Box:
    """Opened by the first command. A box that cannot be opened refuses every one."""

    def __init__(
        self,
        wanted: Isolation,
        attempt: Attempt,
        *,
        cookie: str,
        say: Callable[[str], None],
        shown: Sequence[Path] = (),
    ) -> None:
        """`shown` is what a virtual environment in a sandbox needs, if there is one."""
        self.wanted = wanted
        self._attempt = attempt
        self._say = say
        self._around = Surroundings(
            folder=attempt.folder,
            work=attempt.work,
            written=(attempt.steps, attempt.progress, *([attempt.venv] if shown else [])),
            read=(attempt.components, attempt.plugins, *shown),
            cookie=cookie,
            say=say,
        )
        self._groups: list[Group] = []
        self._bounds = Bounds()
        self._sandbox: Sandbox | None = None
        self._failed: StageFailed | None = None
        self._before = see()

    async def enter(self, argv: Sequence[str], cwd: Path, env: Mapping[str, str]) -> Wrapped:
        """A command as it is to be started, everything that it needs in its place."""
        sandbox = await self._open()
        wrapped = sandbox.wrap(argv, cwd, env)
        await sandbox.before()
        return wrapped

    async def after(self) -> None:
        """A command is over."""
        await (await self._open()).after()

    async def kill(self) -> None:
        """The agent killed a command."""
        if self._sandbox:
            await self._sandbox.kill()

    async def bring_back(self) -> None:
        """What commands left in the work folder is here afterwards."""
        if self._sandbox:
            await self._sandbox.bring_back()

    async def _open(self) -> Sandbox:
        if self._failed:
            raise self._failed
        if self._sandbox is None:
            sandbox = await self._make()
            try:
                await sandbox.open()
            except BaseException as error:  # a cancelled one too leaves nothing
                await sandbox.close()
                if isinstance(error, StageFailed):
                    self._failed = LabFailed(error.message, error.exit_code)
                    raise self._failed from None
                raise
            self._sandbox = sandbox
        return self._sandbox

    async def _make(self) -> Sandbox:
        folder, wanted = self._attempt.folder, self.wanted
        for path in (self._around.written[0], *self._around.read):
            path.mkdir(parents=True, exist_ok=True)
        self._around.written[1].touch()
        kind = KINDS[wanted.kind]
        if kind is Ssh:  # limits are those of the machine under test
            return kind(wanted, self._around, Bounds())
        name = f"ringtest-{self._around.cookie[:16]}"
        if not self._groups:
            self._bounds, self._groups = bound(wanted, name, self._say)
        remember_groups(folder / GROUPS, self._groups)
        grouped = [key for one in self._groups for key in one.keeps]
        return kind(wanted, self._around, self._bounds, grouped)

    async def leave(self, *, keep: bool) -> Cleanup:
        """End it once its processes have ended; what is left, also in the log and in a file."""
        left: list[str] = []
        kept: list[str] = []
        if self._sandbox and keep:
            await self._sandbox.keep()
            kept = [str(self._attempt.folder), str(self._attempt.work)]
        elif self._sandbox:
            left = await self._sandbox.close()
        report = await asyncio.to_thread(
            look,
            self._before,
            folder=self._attempt.folder,
            work=self._attempt.work,
            cookie=self._around.cookie,
            groups=self._groups,
            outside=self.wanted.kind in ("none", "venv"),
            left=left,
            kept=kept,
        )
        await asyncio.to_thread(
            write_durably, self._attempt.folder / CLEANUP, msgspec.json.encode(report)
        )
        for one in report.left:
            self._say(f"left behind: {one}")
        what = f"{len(report.left)} left behind" if report.left else "nothing is left"
        self._say(f"cleanup: looked at {', '.join(report.looked)}: {what}")
        return report

    async def dispose(self, far: str) -> list[str]:
        """Remove what `leave` kept, perhaps in another process; what could not be removed."""
        sandbox = KINDS[self.wanted.kind](self.wanted, self._around, Bounds())
        return await sandbox.dispose(far)

    @property
    def way_in(self) -> str:
        """The shell command that brings a person inside."""
        return self._sandbox.enter() if self._sandbox else f"cd {self._attempt.work}"

    @property
    def cookie(self) -> str:
        """What marks the processes of the attempt."""
        return self._around.cookie

    @property
    def far(self) -> str:
        """Folder of the run on a machine under test."""
        return self._sandbox.base if isinstance(self._sandbox, Ssh) else ""
