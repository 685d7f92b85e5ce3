"""podman on a root filesystem that the lab has: a container per command, all on the same folders.

No images are pulled and nothing is kept in the lab's own store: podman works in a folder of the
run, which goes with it.
"""

import asyncio
import resource
import shlex
import shutil
from collections.abc import Mapping, Sequence
from pathlib import Path

from ringtest.agent.attempt import remove_tree
from ringtest.agent.control import StageFailed
from ringtest.agent.isolation.limits import Bounds, amounts
from ringtest.agent.isolation.programs import printed
from ringtest.agent.isolation.sandbox import Sandbox, Wrapped, own_variables

_PODMANS_OWN = 32768
"""podman lowers its own limits to this; containers cannot get more from it."""


class Podman(Sandbox):
    """Commands in containers. The root filesystem is read only unless `writable` is said."""

    _number = 0

    async def open(self) -> None:
        """Check that a container starts at all."""
        if shutil.which("podman") is None:
            raise StageFailed("podman is not installed: there is no program podman")
        if not await asyncio.to_thread(Path(self.wanted.rootfs).is_dir):
            raise StageFailed(f"rootfs: there is no folder {self.wanted.rootfs} in this lab")
        for folder in (self.temporary, self._store):
            folder.mkdir(parents=True, exist_ok=True)
        self.around.short.mkdir(mode=0o700)
        code, text = await printed(*self._run("true", {}), "/bin/sh", "-c", "exit 0", seconds=60)
        if code:
            raise StageFailed(f"podman cannot start containers here: {text.strip()[-1000:]}")

    @property
    def temporary(self) -> Path:
        """What is /tmp inside."""
        return self.around.folder / "tmp"

    @property
    def _store(self) -> Path:
        return self.around.folder / "podman"

    def wrap(self, argv: Sequence[str], cwd: Path, env: Mapping[str, str]) -> Wrapped:
        """Values of variables stay off the command line: podman takes them from its own."""
        self._number += 1
        inside = own_variables(env)
        command = [*self._run(str(self._number), inside, cwd), *argv]
        return Wrapped(command, self.around.folder, env, Bounds())

    def _podman(self) -> list[str]:
        runtime = ["--runtime", "runc"] if shutil.which("runc") else []
        return [
            *("podman", "--root", str(self._store), "--runroot", f"{self.around.short}/run"),
            *("--storage-driver", "vfs", "--cgroup-manager", "cgroupfs", *runtime),
        ]

    def _run(self, name: str, inside: Mapping[str, str], cwd: Path | None = None) -> list[str]:
        wanted, around = self.wanted, self.around
        options = ["--rm", "--log-driver", "none", "--security-opt", "label=disable"]
        options += ["--security-opt", "no-new-privileges", "--hostname", "ringtest"]
        options += ["--name", f"ringtest-{around.cookie[:12]}-{name}"]
        options += ["--network", "host" if wanted.network else "none"]
        if not wanted.writable:
            options += ["--read-only", "--cap-drop", "all"]
        options += self._limits()
        binds = [(self.temporary, "/tmp", "rw")]
        binds += [(Path(one), one, "ro") for one in (*wanted.readable, *map(str, around.read))]
        binds += [(one, str(one), "rw") for one in (around.work, *around.written)]
        for outside, path, how in binds:
            if outside.exists():
                options += ["--volume", f"{outside}:{path}:{how}"]
        for variable in inside:
            options += ["--env", variable]
        options += ["--env", "HOME=/tmp", "--workdir", str(cwd or around.work)]
        return [*self._podman(), "run", *options, "--rootfs", wanted.rootfs]

    def _limits(self) -> list[str]:
        """Control groups where the agent may make some, rlimits for the rest; of those never
        more than the agent itself may have."""
        whole = amounts(self.wanted)
        options, limits = [], {}
        for key, option, limit in (
            ("memory", "--memory", "as"),
            ("cpus", "--cpus", ""),
            ("processes", "--pids-limit", ""),
            ("open_files", "", "nofile"),
            ("file_size", "", "fsize"),
        ):
            amount = whole[key]
            if amount is not None and option and key in self.grouped:
                options += [option, f"{amount:g}" if key == "cpus" else f"{amount:.0f}"]
            elif amount is not None and limit:
                limits[limit] = int(amount)
        for limit, number in (("nofile", resource.RLIMIT_NOFILE), ("nproc", resource.RLIMIT_NPROC)):
            hard = resource.getrlimit(number)[1]
            most = _PODMANS_OWN if hard == resource.RLIM_INFINITY else min(hard, _PODMANS_OWN)
            limits[limit] = min(limits.get(limit, most), most)
        for limit, amount in limits.items():
            options += ["--ulimit", f"{limit}={amount}:{amount}"]
        return options

    async def kill(self) -> None:
        """Containers outlive the program that started them."""
        await self._remove_containers()

    async def close(self) -> list[str]:
        """Remove containers and the run's own store."""
        left = await self._remove_containers()
        for folder in (self.temporary, self._store, self.around.short):
            try:
                if folder.exists():
                    await asyncio.to_thread(remove_tree, folder)
            except OSError as error:
                left.append(f"folder {folder}: {error}")
        return left

    async def _remove_containers(self) -> list[str]:
        if not self._store.exists():
            return []
        await printed(*self._podman(), "rm", "--all", "--force", "--time", "0", seconds=60)
        _, text = await printed(*self._podman(), "ps", "--all", "--quiet", seconds=60)
        return [f"container {one}" for one in text.split()]

    async def keep(self) -> None:
        """Containers end, folders stay."""
        await self._remove_containers()
        await asyncio.to_thread(shutil.rmtree, self.around.short, ignore_errors=True)

    def enter(self) -> str:
        """A shell in a container like those of the commands."""
        run = self._run("shell", {})
        place = run.index("run") + 1
        return shlex.join([*run[:place], "--interactive", "--tty", *run[place:], "/bin/sh"])
