"""SSH to the machine under test: folders are shipped there, commands run there, results come back.

One connection lasts as long as the run; over it goes a sign of life. The far side ends everything
that carries the run's mark and removes its folder when it is told so, when the connection ends,
or when nothing was heard for `LEASE_SECONDS`: also after a cut that nobody noticed.
"""

import asyncio
import contextlib
import os
import shlex
import shutil
from collections.abc import Mapping, Sequence
from pathlib import Path

from ringtest.agent.control import StageFailed
from ringtest.agent.isolation.far_side import KILL, MARK, WATCH, command_script
from ringtest.agent.isolation.limits import Bounds
from ringtest.agent.isolation.programs import printed
from ringtest.agent.isolation.sandbox import Sandbox, Wrapped, own_variables

LEASE_SECONDS = 60.0
_CONNECT_SECONDS = 30.0
_SHIP_SECONDS = 3600.0
_NOTICE_SECONDS = 2.0


class Ssh(Sandbox):
    """Commands on another machine, by OpenSSH's client, with no settings but those given here."""

    lease_seconds = LEASE_SECONDS
    _watch: asyncio.subprocess.Process | None = None
    _beating: "asyncio.Task[None] | None" = None
    _private: Path | None = None
    base = ""
    """The run's folder on the far side."""
    _number = 0

    async def open(self) -> None:
        """Connect, and ship the work folder."""
        self._make_private()
        self._shipped: dict[Path, tuple[int, float]] = {}
        self._scripts.mkdir(parents=True, exist_ok=True)
        await self._connect()
        await self._ship(self.around.work)

    def _make_private(self) -> None:
        for program in ("ssh", "tar"):
            if shutil.which(program) is None:
                raise StageFailed(f"there is no program {program} in this lab")
        self._private = self.around.short
        self._private.mkdir(mode=0o700)
        if self.wanted.host_key:
            wanted = self.wanted
            name = wanted.host if wanted.port == 22 else f"[{wanted.host}]:{wanted.port}"
            self._known_hosts.write_text(f"{name} {wanted.host_key}\n", encoding="utf-8")

    @property
    def _scripts(self) -> Path:
        return self.around.folder / "far"

    @property
    def _known_hosts(self) -> Path:
        assert self._private
        return self._private / "known_hosts"

    @property
    def _address(self) -> str:
        return f"{self.wanted.user}@{self.wanted.host}" if self.wanted.user else self.wanted.host

    def _options(self) -> list[str]:
        wanted = self.wanted
        options = {
            "BatchMode": "yes",
            "StrictHostKeyChecking": "yes",
            "ConnectTimeout": "15",
            "ServerAliveInterval": "15",
            "ServerAliveCountMax": "4",
            "ForwardAgent": "no",
            "LogLevel": "ERROR",
        }
        if wanted.host_key:
            options |= {
                "UserKnownHostsFile": str(self._known_hosts),
                "GlobalKnownHostsFile": "none",
            }
        if wanted.identity:
            options |= {"IdentitiesOnly": "yes", "IdentityFile": wanted.identity}
        pairs = [part for key, value in options.items() for part in ("-o", f"{key}={value}")]
        return ["-F", "none", "-p", str(wanted.port), *pairs]

    def _ssh(self, script: str, *more: str) -> list[str]:
        """A command for the far side's /bin/sh."""
        control = ["-S", f"{self._private}/control", "-T"]
        return ["ssh", *self._options(), *control, *more, self._address, _sh(script)]

    async def _connect(self) -> None:
        script = shlex.join(["set", "--", self.around.cookie, f"{self.lease_seconds:g}"])
        self._watch = await asyncio.create_subprocess_exec(
            *self._ssh(f"{script}\n{WATCH}", "-M"),
            stdin=asyncio.subprocess.PIPE,
            stdout=asyncio.subprocess.PIPE,
            stderr=asyncio.subprocess.STDOUT,
            start_new_session=True,
        )
        line = ""
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(_CONNECT_SECONDS):
                line = await self._read()
        if not line.startswith("ready "):
            raise StageFailed(f"{self._address} cannot be reached: {line or 'no answer'}")
        self.base = line.removeprefix("ready ")
        self._beating = asyncio.create_task(self._beat())

    async def _read(self) -> str:
        assert self._watch and self._watch.stdout
        return (await self._watch.stdout.readline()).decode(errors="replace").strip()

    def _tell(self, text: str) -> None:
        if self._watch and self._watch.stdin and self._watch.returncode is None:
            self._watch.stdin.write(f"{text}\n".encode())

    async def _beat(self) -> None:
        number = 0
        while True:
            number += 1
            self._tell(str(number))
            await asyncio.sleep(self.lease_seconds / 4)

    @property
    def _places(self) -> dict[str, str]:
        """Paths here, and what they are there; longer ones first."""
        shipped = (self.around.work, self._scripts, *self.around.written, *self.around.read)
        pairs = {str(path): f"{self.base}/{_name(path, self.around.work)}" for path in shipped}
        return dict(sorted(pairs.items(), key=lambda one: -len(one[0])))

    def _there(self, text: str) -> str:
        for here, there in self._places.items():
            text = text.replace(here, there)
        return text

    def wrap(self, argv: Sequence[str], cwd: Path, env: Mapping[str, str]) -> Wrapped:
        """The command goes there as a script, so that no value is seen in a process table."""
        self._number += 1
        script = self._scripts / f"command-{self._number}.sh"
        variables = {name: self._there(value) for name, value in own_variables(env).items()}
        text = command_script(
            [self._there(one) for one in argv],
            cwd=self._there(str(cwd)),
            env={**variables, MARK: self.around.cookie},
            wanted=self.wanted,
        )
        script.touch(mode=0o600)
        script.write_text(text, encoding="utf-8")
        command = self._ssh(f"exec /bin/sh {shlex.quote(self._there(str(script)))}")
        return Wrapped(command, self.around.folder, env, Bounds())

    async def before(self) -> None:
        """What the agent wrote since, and components, go there."""
        for folder in (self._scripts, *self.around.read, *self.around.written):
            if folder.is_dir() and self._shipped.get(folder) != (state := _state(folder)):
                await self._ship(folder)
                self._shipped[folder] = state

    async def after(self) -> None:
        """What runners wrote comes back; StageFailed when the connection is gone."""
        for folder in self.around.written:
            if folder.is_dir():
                await self._fetch(folder)
                self._shipped[folder] = _state(folder)

    async def bring_back(self) -> None:
        """The whole work folder."""
        if self.base:
            await self._fetch(self.around.work)

    async def _ship(self, folder: Path) -> None:
        there = f"{self.base}/{_name(folder, self.around.work)}"
        pack = ["tar", "-C", str(folder)]
        if folder == self.around.work and self.around.folder.is_relative_to(folder):
            pack.append(f"--exclude=./{self.around.folder.relative_to(folder)}")
        unpack = self._ssh(f"mkdir -p {shlex.quote(there)} && tar -C {shlex.quote(there)} -xf -")
        await self._pipe([*pack, "-cf", "-", "."], unpack, f"{folder} to {self._address}")

    async def _fetch(self, folder: Path) -> None:
        """tar refuses names that lead out, and makes links last."""
        there = f"{self.base}/{_name(folder, self.around.work)}"
        pack = self._ssh(f"tar -C {shlex.quote(there)} -cf - .")
        unpack = ["tar", "-C", str(folder), "--no-same-owner", "-xf", "-"]
        await self._pipe(pack, unpack, f"{folder} from {self._address}")

    async def _pipe(self, source: Sequence[str], target: Sequence[str], what: str) -> None:
        line = f"set -o pipefail; {shlex.join(source)} | {shlex.join(target)}"
        code, text = await printed("bash", "-c", line, seconds=_SHIP_SECONDS)
        if code:
            if await self._is_cut():
                raise StageFailed(f"the connection to {self._address} was cut: its processes end")
            raise StageFailed(f"{what}: {text.strip()[-500:]}")

    async def _is_cut(self) -> bool:
        """Whether the connection is gone; the one that dies now is waited for."""
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(_NOTICE_SECONDS):
                if self._watch:
                    await self._watch.wait()
                return True
        return False

    async def kill(self) -> None:
        """End what carries the mark on the far side."""
        if self.base:
            mark = shlex.quote(f"{MARK}={self.around.cookie}")
            await printed(*self._ssh(f"mark={mark}\n{KILL}"), seconds=_CONNECT_SECONDS)

    async def close(self) -> list[str]:
        """Everything there ends; what may be left when it cannot be asked."""
        return await self._end("end")

    async def keep(self) -> None:
        """Processes end, the folder there stays."""
        await self._end("keep")

    async def dispose(self, far: str) -> list[str]:
        """By a connection of its own."""
        self.base = far
        self._make_private()
        left = [] if not far or await self._swept("end") else [f"{far} on {self._address}"]
        await self._hang_up()
        return left

    async def _end(self, word: str) -> list[str]:
        if self._beating:
            self._beating.cancel()
        left: list[str] = []
        if self.base and not (await self._asked(word) or await self._swept(word)):
            left = [f"perhaps {self.base} on {self._address}: it cannot be reached"]
        await self._hang_up()
        await asyncio.to_thread(shutil.rmtree, self._scripts, ignore_errors=True)
        return left

    async def _asked(self, word: str) -> bool:
        with contextlib.suppress(TimeoutError, OSError):
            async with asyncio.timeout(_CONNECT_SECONDS):
                self._tell(word)
                return await self._read() == "done"
        return False

    async def _swept(self, word: str) -> bool:
        """By another connection, where the first one is gone."""
        base, mark = shlex.quote(self.base), shlex.quote(f"{MARK}={self.around.cookie}")
        remove = "" if word == "keep" else f"rm -rf {base}"
        script = f"mark={mark}\n{KILL}\n{remove}\necho swept"
        code, text = await printed(*self._ssh(script), seconds=_CONNECT_SECONDS)
        return not code and "swept" in text

    async def _hang_up(self) -> None:
        if self._watch:
            if self._watch.stdin:
                self._watch.stdin.close()
            try:
                async with asyncio.timeout(5):
                    await self._watch.wait()
            except TimeoutError:
                self._watch.kill()
                await self._watch.wait()
        if self._private:
            shutil.rmtree(self._private, ignore_errors=True)

    def enter(self) -> str:
        """A shell in the work folder there."""
        wanted = self.wanted
        key = ["-i", wanted.identity] if wanted.identity else []
        there = f"cd {self.base}/work && exec sh"
        return shlex.join(["ssh", "-p", str(wanted.port), *key, "-t", self._address, there])


def _sh(script: str) -> str:
    """For whatever login shell there is."""
    return f"exec /bin/sh -c {shlex.quote(script)}"


def _name(path: Path, work: Path) -> str:
    return "work" if path == work else path.name


def _state(folder: Path) -> tuple[int, float]:
    """Number of files and when the youngest was changed: enough to see that some were written."""
    count, youngest = 0, 0.0
    for parent, _, names in os.walk(folder):
        for name in names:
            count += 1
            with contextlib.suppress(OSError):
                youngest = max(youngest, Path(parent, name).lstat().st_mtime)
    return count, youngest
