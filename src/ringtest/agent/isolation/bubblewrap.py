"""bubblewrap: namespaces of its own, a system that can only be read, no network unless asked for.

Commands see the programs of the machine, the little of /etc that programs need, their own work
folder and components. /tmp and the home folder are the run's, and last as long as it does.
"""

import asyncio
import re
import shlex
import shutil
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path

from ringtest.agent.attempt import remove_tree
from ringtest.agent.control import StageFailed
from ringtest.agent.isolation.programs import printed
from ringtest.agent.isolation.sandbox import Sandbox, Wrapped

_SYSTEM = ("/usr", "/bin", "/sbin", "/lib", "/lib32", "/lib64", "/opt")
_ETC = (
    "alternatives", "bash.bashrc", "ca-certificates", "crypto-policies", "debian_version",
    "environment", "fonts", "gitconfig", "group", "host.conf", "hosts", "ld.so.cache",
    "ld.so.conf", "ld.so.conf.d", "locale.conf", "localtime", "magic", "mime.types",
    "nsswitch.conf", "os-release", "passwd", "pki/ca-trust", "pki/tls/certs", "pki/tls/cert.pem",
    "profile", "protocols", "redhat-release", "resolv.conf", "rpc", "services", "shells",
    "ssl/certs", "ssl/openssl.cnf", "timezone", "xdg",
)  # fmt: skip
"""What is shown of /etc: nothing that only root may read."""
_KERNEL = tuple(f"/proc/{name}" for name in ("sys", "sysrq-trigger", "irq", "bus", "fs", "scsi"))


class Bubblewrap(Sandbox):
    """A sandbox per command, all on the same folders."""

    _newer = False

    async def open(self) -> None:
        """Find out what the installed one can do, and whether it may work at all here."""
        program = shutil.which("bwrap")
        if program is None:
            raise StageFailed("bubblewrap is not installed: there is no program bwrap")
        numbers = re.findall(r"\d+", (await printed("bwrap", "--version"))[1])
        self._newer = [int(one) for one in numbers[:2]] >= [0, 8]
        self.home.mkdir(parents=True, exist_ok=True)
        self.temporary.mkdir(parents=True, exist_ok=True)
        code, text = await printed(*self._arguments(self.around.work, {}), "true")
        if code:
            raise StageFailed(f"bubblewrap cannot work on this machine: {text.strip()}")

    @property
    def home(self) -> Path:
        """The home folder inside, by the same path."""
        return self.around.folder / "home"

    @property
    def temporary(self) -> Path:
        """What is /tmp inside."""
        return self.around.folder / "tmp"

    def wrap(self, argv: Sequence[str], cwd: Path, env: Mapping[str, str]) -> Wrapped:
        """The guard's rlimits and groups reach everything inside as well."""
        inside = {**env, "HOME": str(self.home), "TMPDIR": "/tmp"}
        wrapped = [*self._arguments(cwd, inside), *argv]
        return Wrapped(wrapped, self.around.work, inside, self.bounds)

    def _arguments(self, cwd: Path, env: Mapping[str, str]) -> list[str]:
        wanted, around = self.wanted, self.around
        options = ["--unshare-user", "--unshare-pid", "--unshare-ipc", "--unshare-uts"]
        options += ["--unshare-cgroup-try", "--hostname", "ringtest", "--cap-drop", "ALL"]
        if not wanted.network:
            options.append("--unshare-net")
        if self._newer:
            options.append("--disable-userns")
        options += _system()
        options += ["--proc", "/proc", "--dev", "/dev", "--tmpfs", "/run", "--dir", "/var"]
        for path in _KERNEL:  # they belong to root, and inside root's number is root's
            options += ["--ro-bind-try", path, path]
        options += ["--bind", str(self.temporary), "/tmp", "--symlink", "/tmp", "/var/tmp"]
        for path in (*_interpreter(), *wanted.readable, *map(str, around.read)):
            options += ["--ro-bind-try", path, path]
        for own in (self.home, around.work, *around.written):  # some come later, or never
            options += ["--bind-try", str(own), str(own)]
        return ["bwrap", *options, "--remount-ro", "/", "--chdir", str(cwd), "--"]

    async def close(self) -> list[str]:
        """Its namespaces went with their last process; the folders go here."""
        left = []
        for folder in (self.temporary, self.home):
            try:
                if folder.exists():
                    await asyncio.to_thread(remove_tree, folder)
            except OSError as error:
                left.append(f"folder {folder}: {error}")
        return left

    def enter(self) -> str:
        """A shell in the same sandbox."""
        home = f"HOME={self.home}"
        return shlex.join(["env", home, *self._arguments(self.around.work, {}), "/bin/sh"])


def _system() -> list[str]:
    options = []
    for name in _SYSTEM:
        path = Path(name)
        if path.is_symlink():
            options += ["--symlink", str(path.readlink()), name]
        elif path.is_dir():
            options += ["--ro-bind", name, name]
    for name in _ETC:
        options += ["--ro-bind-try", f"/etc/{name}", f"/etc/{name}"]
    return options


def _interpreter() -> list[str]:
    """The agent's own Python, where that is not the system's."""
    return [one for one in {sys.prefix, sys.base_prefix} if not one.startswith("/usr")]
