"""The processes of one job, seen from the agent: start, wait, kill, and find again."""

import asyncio
import json
import os
import shutil
import signal
import sys
import tempfile
import time
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, Literal
from uuid import uuid4

import ringtest
from ringtest.agent import proc

COOKIE = "RINGTEST_RUN"
"""Variable that marks every process of an attempt, also those that left its tree."""

_ROOT = Path(ringtest.__file__).parent.parent
_START = (
    "import sys; root = sys.argv.pop(1); sys.path.insert(0, root); "
    "from ringtest.agent.guard import main; main()"
)
_GUARD_ENDS_WITHIN = 15.0


class GuardLost(Exception):
    """The guard died: the processes below it are being killed too."""


class JobProcesses:
    """A guard and, one at a time, the commands it runs. Their output goes to `output`."""

    def __init__(self, guard: asyncio.subprocess.Process, cookie: str) -> None:
        self._guard = guard
        self._cookie = cookie
        self._exit: asyncio.Future[int] | None = None
        self._killed: asyncio.Future[bool] | None = None
        self._closed = False
        self._reader = asyncio.create_task(self._read_answers())

    @classmethod
    async def start(cls, record: Path, output: int) -> "JobProcesses":
        """Start the guard and write to `record` what a later agent needs to find it."""
        cookie = uuid4().hex
        guard = await asyncio.create_subprocess_exec(
            *(sys.executable, "-I", "-S", "-c", _START, str(_ROOT), str(output)),
            stdin=asyncio.subprocess.PIPE,
            stdout=asyncio.subprocess.PIPE,
            pass_fds=[output],
            start_new_session=True,
            env={COOKIE: cookie},
            cwd="/",
        )
        _write_record(record, guard.pid, cookie)
        return cls(guard, cookie)

    @property
    def cookie(self) -> str:
        """What marks the processes of this attempt."""
        return self._cookie

    async def run(
        self,
        argv: Sequence[str],
        *,
        cwd: Path,
        env: Mapping[str, str],
        bounds: Mapping[str, Any] | None = None,
    ) -> int:
        """Run to the end; the exit code, negative for a signal. GuardLost when that died.

        `bounds`: limits that the guard sets before the command is there.
        """
        self._exit = asyncio.get_running_loop().create_future()
        marked = {**env, COOKIE: self._cookie}
        self._ask(run=list(argv), cwd=str(cwd), env=marked, bounds=bounds or {})
        return await self._exit

    async def kill(self, scope: Literal["step", "all"], *, grace: float) -> bool:
        """End the current command's processes or all of the job's; True when none is left."""
        self._killed = asyncio.get_running_loop().create_future()
        try:
            self._ask(kill=scope, grace=grace)
            return await self._killed
        except GuardLost:
            await asyncio.to_thread(kill_marked, self._cookie)
            return True

    async def close(self, *, grace: float) -> None:
        """End everything, the guard too. Doing it again does nothing."""
        if self._closed:
            return
        self._closed = True
        await self.kill("all", grace=grace)
        if self._guard.stdin:
            self._guard.stdin.close()
        await self._guard.wait()
        await self._reader

    def _ask(self, **request: Any) -> None:
        if self._reader.done() or not self._guard.stdin:
            raise GuardLost
        self._guard.stdin.write(json.dumps(request).encode() + b"\n")

    async def _read_answers(self) -> None:
        stdout = self._guard.stdout
        while stdout and (line := await stdout.readline()):
            answer = json.loads(line)
            if "exit" in answer:
                _resolve(self._exit, answer["exit"])
            elif "killed" in answer:
                _resolve(self._killed, answer["killed"])
        for waiting in (self._exit, self._killed):
            if waiting and not waiting.done():
                waiting.set_exception(GuardLost())


def _resolve(future: "asyncio.Future[Any] | None", value: object) -> None:
    if future and not future.done():
        future.set_result(value)


def _write_record(record: Path, pid: int, cookie: str) -> None:
    guard = proc.process(pid)
    started = guard.started if guard else 0
    known = {"pid": pid, "started": started, "boot": proc.boot_id(), "cookie": cookie}
    record.write_text(json.dumps(known), encoding="utf-8")


def kill_leftovers(record: Path) -> int:
    """Make sure that nothing of an attempt of a dead agent runs; how many were killed.

    Blocks for seconds at most. A guard that still lives is given the time it takes to
    end its processes properly, then everything that carries the cookie is killed.
    """
    try:
        known = json.loads(record.read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return 0
    shutil.rmtree(short_folder(known["cookie"]), ignore_errors=True)
    if known["boot"] != proc.boot_id():
        return 0
    give_up = time.monotonic() + _GUARD_ENDS_WITHIN
    while time.monotonic() < give_up:
        guard = proc.process(known["pid"])
        if guard is None or guard.started != known["started"]:
            break
        time.sleep(0.05)
    return kill_marked(known["cookie"])


def short_folder(cookie: str) -> Path:
    """Where an attempt may keep sockets: the path is short, whatever the agent's folder is."""
    return Path(tempfile.gettempdir(), f"ringtest-{cookie[:12]}")


def kill_marked(cookie: str) -> int:
    """Kill every process that carries the cookie, until there is none; how many there were."""
    killed: set[int] = set()
    give_up = time.monotonic() + 5.0
    while (found := proc.with_variable(COOKIE, cookie)) and time.monotonic() < give_up:
        for pid in found:
            try:
                os.kill(pid, signal.SIGKILL)
            except ProcessLookupError:
                continue
            except PermissionError:
                return len(killed)
            killed.add(pid)
        time.sleep(0.02)
    return len(killed)


def describe_exit(code: int) -> str:
    """An exit code in words.

    >>> describe_exit(2), describe_exit(-9)
    ('exit code 2', 'killed by SIGKILL')
    """
    if code >= 0:
        return f"exit code {code}"
    try:
        return f"killed by {signal.Signals(-code).name}"
    except ValueError:
        return f"killed by signal {-code}"
