"""A demo as a person runs it: a process of its own, asked over HTTP only."""

import contextlib
import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, TypeVar

import httpx

from examples.jinja2.demo_state import DemoState
from ringtest.client import Client, Connection, Retries, Unreachable

T = TypeVar("T")
ROOT = Path(__file__).parents[2]
END_SECONDS = 30
STORY_SECONDS = 400
"""Generous: the machine may be busy with other tests. The story itself takes about one minute."""


class RunningDemo:
    """Handles of one demo process and of the programs that it started."""

    def __init__(self, process: subprocess.Popen[str] | None, data: Path) -> None:
        self._process = process
        self.data = data

    @property
    def process(self) -> subprocess.Popen[str]:
        """The demo itself."""
        assert self._process, "this demo is not ours"
        return self._process

    @property
    def state(self) -> DemoState:
        """Passwords, keys and ports of this demo."""
        return DemoState.of(self.data)

    @property
    def url(self) -> str:
        """The server's address."""
        return f"http://127.0.0.1:{self.state.ports['server']}"

    @property
    def sink(self) -> str:
        """The address of the receiver of reports."""
        return f"http://127.0.0.1:{self.state.ports['sink']}"

    def admin(self) -> Client:
        """The API as super admin; patient, because the server may be starting."""
        connection = Connection.for_user(self.url, "admin", self.state.admin_password)
        return Client(connection, retries=Retries(attempts=8))

    def messages(self) -> list[dict[str, Any]]:
        """What the sink has kept, straight from its folder."""
        return [json.loads(path.read_text()) for path in (self.data / "sink").glob("*.json")]

    def pid_of(self, name: str) -> int:
        """Process id of a child of the demo, by a word of its command line."""
        for child in children_of(self.process.pid):
            with contextlib.suppress(OSError):
                command = Path(f"/proc/{child}/cmdline").read_bytes().replace(b"\0", b" ")
                if name.encode() in command:
                    return child
        raise AssertionError(f"the demo has no child {name}")

    def end(self) -> float:
        """Ctrl-C; returns how long it took to end."""
        before = time.monotonic()
        self.process.send_signal(signal.SIGINT)
        self.process.wait(END_SECONDS)
        return time.monotonic() - before


@contextmanager
def run_demo(data: Path, *options: str) -> Iterator[RunningDemo]:
    """Start a demo on a data folder; killed with all its children if the test leaves it so."""
    log = data / "demo.log"
    with log.open("a") as output:
        process = subprocess.Popen(
            [sys.executable, "-m", "examples.jinja2.demo", "--data", str(data), *options],
            cwd=ROOT,
            stdout=output,
            stderr=subprocess.STDOUT,
            stdin=subprocess.DEVNULL,
            text=True,
            env={**os.environ, "COLUMNS": "160"},
        )
    try:
        yield RunningDemo(process, data)
    finally:
        if process.poll() is None:
            process.send_signal(signal.SIGINT)
            with contextlib.suppress(subprocess.TimeoutExpired):
                process.wait(END_SECONDS)
        if process.poll() is None:
            process.kill()
            process.wait()


def until(look: Callable[[], T | None], *, seconds: float = 120, what: str = "") -> T:
    """The first true answer of `look`, asked ten times a second."""
    end = time.monotonic() + seconds
    while time.monotonic() < end:
        with contextlib.suppress(Unreachable, httpx.TransportError, OSError):
            if answer := look():
                return answer
        time.sleep(0.1)
    raise AssertionError(f"waited {seconds} s in vain: {what or look}")


def children_of(pid: int) -> list[int]:
    """Ids of the direct children of a process."""
    found: list[int] = []
    for tasks in Path(f"/proc/{pid}/task").glob("*/children"):
        found += map(int, tasks.read_text().split())
    return found


def descendants_of(pid: int) -> list[int]:
    """Ids of all that descend from a process and still name it as their forebear."""
    found = children_of(pid)
    for child in list(found):
        with contextlib.suppress(OSError):
            found += descendants_of(child)
    return found


def is_alive(pid: int) -> bool:
    """True for a process that runs."""
    with contextlib.suppress(OSError):
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] != "Z"
    return False
