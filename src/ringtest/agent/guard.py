"""The guard: a small process between the agent and the commands of one job.

All descendants of the commands stay below it (it is their subreaper), also those that
fork twice or open a session of their own, so that it can end every one of them: when
the agent asks, and by itself as soon as the agent is gone, however that died.

It reads requests from standard input and writes answers to standard output, a JSON
object per line: `{"run": argv, "cwd": …, "env": {…}, "bounds": {…}}` → `{"started": pid}`, later
`{"exit": code}`; `{"kill": "step" | "all", "grace": seconds}` → `{"killed": bool}`.
The end of standard input means that the agent is gone.
"""

import contextlib
import ctypes
import json
import os
import resource
import select
import signal
import sys
import time
from collections.abc import Callable
from typing import Any

from ringtest.agent.proc import descendants, tree

_PR_SET_PDEATHSIG = 1
_PR_SET_CHILD_SUBREAPER = 36
_ORPHANED_GRACE = 2.0
_GIVE_UP_AFTER = 10.0  # a process that survives SIGKILL for so long hangs in the kernel
_LOOK_AGAIN = 0.02


def _prctl(option: int, value: int) -> None:
    with contextlib.suppress(OSError, AttributeError):
        ctypes.CDLL(None).prctl(option, value, 0, 0, 0)


class Guard:
    """One job's processes."""

    def __init__(self, output: int) -> None:
        self._output = output
        os.set_inheritable(output, False)
        self._requests = b""
        self._step = 0
        self._targets: Callable[[], set[int]] | None = None  # while killing: whom
        self._deadly_at = 0.0
        self._orphaned = False
        self._wake, wake = os.pipe2(os.O_NONBLOCK | os.O_CLOEXEC)
        signal.set_wakeup_fd(wake, warn_on_full_buffer=False)
        signal.signal(signal.SIGCHLD, lambda *_: None)
        for ignored in (signal.SIGTERM, signal.SIGINT, signal.SIGHUP):
            signal.signal(ignored, signal.SIG_IGN)  # the agent decides when a job ends
        _prctl(_PR_SET_CHILD_SUBREAPER, 1)

    def serve(self) -> None:
        """Work until the agent is gone and nothing of the job is left."""
        while not (self._orphaned and self._targets is None):
            readable = [self._wake] if self._orphaned else [self._wake, 0]
            timeout = _LOOK_AGAIN if self._targets else None
            ready, _, _ = select.select(readable, [], [], timeout)
            if self._wake in ready:
                os.read(self._wake, 512)
            self._reap()
            if 0 in ready:
                self._read_requests()
            if self._targets:
                self._go_on_killing(self._targets())

    def _read_requests(self) -> None:
        chunk = os.read(0, 65536)
        if not chunk:
            self._orphaned = True
            self._begin_killing("all", _ORPHANED_GRACE)
            return
        *lines, self._requests = (self._requests + chunk).split(b"\n")
        for line in lines:
            request = json.loads(line)
            if "run" in request:
                self._start(request["run"], request["cwd"], request["env"], request["bounds"])
            else:
                self._begin_killing(request["kill"], request["grace"])

    def _start(
        self, argv: list[str], cwd: str, env: dict[str, str], bounds: dict[str, Any]
    ) -> None:
        pid = os.fork()
        if pid == 0:
            self._become(argv, cwd, env, bounds)
        self._step = pid
        self._answer(started=pid)

    def _become(
        self, argv: list[str], cwd: str, env: dict[str, str], bounds: dict[str, Any]
    ) -> None:
        try:
            os.setsid()
            _prctl(_PR_SET_PDEATHSIG, signal.SIGKILL)
            for changed in (signal.SIGTERM, signal.SIGINT, signal.SIGHUP, signal.SIGPIPE):
                signal.signal(changed, signal.SIG_DFL)
            os.dup2(os.open(os.devnull, os.O_RDONLY), 0)
            os.dup2(self._output, 1)
            os.dup2(self._output, 2)
            os.chdir(cwd)
            _bind(bounds)
            os.execvpe(argv[0], argv, env)
        except (OSError, ValueError) as error:
            os.write(self._output, f"cannot start {argv[0]}: {error}\n".encode())
        finally:
            os._exit(127)

    def _reap(self) -> None:
        with contextlib.suppress(ChildProcessError):
            while (ended := os.waitpid(-1, os.WNOHANG))[0]:
                if ended[0] == self._step:
                    self._step = 0
                    self._answer(exit=os.waitstatus_to_exitcode(ended[1]))

    def _begin_killing(self, scope: str, grace: float) -> None:
        if scope == "step":
            session, doomed = self._step, dict[int, int]()
            self._targets = lambda: self._step_processes(session, doomed)
        else:
            self._targets = self._all_processes
        self._deadly_at = time.monotonic() + grace
        _send(signal.SIGTERM, self._targets())

    def _go_on_killing(self, left: set[int]) -> None:
        now = time.monotonic()
        if left and now < self._deadly_at + _GIVE_UP_AFTER:
            if now >= self._deadly_at:
                _send(signal.SIGKILL, left)
            return
        self._targets = None
        self._answer(killed=not left)

    def _step_processes(self, session: int, doomed: dict[int, int]) -> set[int]:
        """Whom a step has begun. `doomed` are those of the looks before: when their parents have
        ended nothing else tells whose they are."""
        if not session:
            return set()
        found = tree(session, doomed)  # a sandbox's init is in the session without a parent
        doomed.update(found)
        return found.keys() | ({session} if self._step == session else set())

    def _all_processes(self) -> set[int]:
        return descendants(os.getpid()) or ({self._step} if self._step else set())

    def _answer(self, **answer: Any) -> None:
        with contextlib.suppress(OSError):  # the agent may be gone
            os.write(1, json.dumps(answer).encode() + b"\n")


def _bind(bounds: dict[str, Any]) -> None:
    """Take on the limits of a command; OSError or ValueError: it must not run without them."""
    for entrance in bounds.get("cgroups", ()):
        fd = os.open(entrance, os.O_WRONLY)
        os.write(fd, b"0")
        os.close(fd)
    if bounds.get("cpus"):
        os.sched_setaffinity(0, bounds["cpus"])
    for number, amount in bounds.get("rlimits", ()):
        resource.setrlimit(number, (amount, amount))


def _send(number: int, pids: set[int]) -> None:
    for pid in pids:
        with contextlib.suppress(ProcessLookupError, PermissionError):
            os.kill(pid, number)


def main() -> None:
    """Guard a job; the one argument is the file descriptor for the commands' output."""
    Guard(int(sys.argv[1])).serve()
