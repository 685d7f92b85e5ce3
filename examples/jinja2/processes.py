"""Child processes of the demo: started, watched, started again when they die, ended together.

Every child leads a process group of its own, so that Ctrl-C reaches the demo alone and a
child's whole family can be ended. Their output goes to one log file each.
"""

import asyncio
import contextlib
import ctypes
import os
import re
import signal
import sys
from asyncio.subprocess import Process
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

_ROOT = Path(__file__).parents[2]
_PR_SET_PDEATHSIG = 1
_GRACE_SECONDS = 10.0
_FIRST_PAUSE, _LONGEST_PAUSE = 0.5, 10.0
_LIBC = ctypes.CDLL(None, use_errno=True) if sys.platform == "linux" else None


@dataclass(slots=True)
class Child:
    """One program. `once`: exit code 0 means done, and it is not started again."""

    name: str
    command: Sequence[str]
    log: Path
    environment: Mapping[str, str] = field(default_factory=dict)
    once: bool = False
    state: str = "not started"
    restarts: int = 0
    process: Process | None = None
    log_start: int = 0
    """Where the log of the latest start begins."""


class Household:
    """The children of one run. `tell` gets a line for the person at each unexpected end."""

    def __init__(self, tell: Callable[[str], None]) -> None:
        self.children: list[Child] = []
        self._tell = tell
        self._watchers: list[asyncio.Task[None]] = []
        self._ending = False

    async def start(self, child: Child) -> None:
        """Start a child and keep it running until `end`."""
        self.children.append(child)
        await self._spawn(child)
        self._watchers.append(asyncio.create_task(self._watch(child)))

    async def end(self) -> None:
        """End all children, the first started last; SIGKILL for those that take too long."""
        self._ending = True
        for watcher in self._watchers:
            watcher.cancel()
        await asyncio.gather(*self._watchers, return_exceptions=True)
        first, others = self.children[:1], self.children[1:]
        await asyncio.gather(*(self._end_one(child) for child in others))
        for child in first:  # the server: whoever speaks to it has said its last word now
            await self._end_one(child)

    async def _spawn(self, child: Child) -> None:
        child.log.parent.mkdir(parents=True, exist_ok=True)
        with child.log.open("ab") as log:
            child.log_start = log.tell()
            child.process = await asyncio.create_subprocess_exec(
                *child.command,
                stdin=asyncio.subprocess.DEVNULL,
                stdout=log,
                stderr=log,
                cwd=_ROOT,
                env={**os.environ, **child.environment},
                start_new_session=True,
                preexec_fn=_die_with_parent,
            )
        child.state = "running"

    async def _watch(self, child: Child) -> None:
        pause = _FIRST_PAUSE
        while child.process and not self._ending:
            code = await child.process.wait()
            if child.once and code == 0:
                child.state = "done"
                return
            child.state = f"ended ({code})"
            self._tell(f"{child.name} ended with code {code}: starting it again ({child.log})")
            await asyncio.sleep(pause)
            pause = min(pause * 2, _LONGEST_PAUSE)
            child.restarts += 1
            await self._spawn(child)

    async def _end_one(self, child: Child) -> None:
        process = child.process
        if process and process.returncode is None:
            _signal_group(child, signal.SIGTERM)
            with contextlib.suppress(TimeoutError):
                await asyncio.wait_for(process.wait(), _GRACE_SECONDS)
        _signal_group(child, signal.SIGKILL)
        if process:
            await process.wait()
        child.state = "ended"


async def wait_for_line(child: Child, pattern: str, *, seconds: float) -> re.Match[str]:
    """The first match of `pattern` in what the child wrote since it was started.

    RuntimeError with the end of the log when the child ends, or says nothing for too long.
    """
    for _ in range(int(seconds * 10)):
        text = _read_from(child.log, child.log_start)
        if found := re.search(pattern, text):
            return found
        if child.process and child.process.returncode is not None:
            break
        await asyncio.sleep(0.1)
    last = "\n".join(_read_from(child.log, child.log_start).splitlines()[-15:])
    raise RuntimeError(f"{child.name} did not get ready ({child.log}):\n{last}")


def _read_from(path: Path, start: int) -> str:
    with path.open("rb") as file:
        file.seek(start)
        return file.read().decode(errors="replace")


def _signal_group(child: Child, number: signal.Signals) -> None:
    if child.process:
        with contextlib.suppress(ProcessLookupError, PermissionError):
            os.killpg(child.process.pid, number)


def _die_with_parent() -> None:
    """In the new process: when the demo itself is killed, its children end too (Linux)."""
    if _LIBC:
        _LIBC.prctl(_PR_SET_PDEATHSIG, signal.SIGTERM)
