"""Real programs of a real installation, each of which a test may kill -9 and start again."""

import asyncio
import contextlib
import os
import signal
import sys
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from threading import Thread

from tests.scenario import forked


@dataclass(slots=True)
class Program:
    """One `ringtest …` process in its own process group, with a log file."""

    arguments: tuple[str, ...]
    environment: Mapping[str, str]
    log: Path
    ready: str = ""  # a word of the line that says it serves; empty: do not wait
    process: asyncio.subprocess.Process | forked.Forked | None = None
    address: str = ""
    prefix: tuple[str, ...] = ()  # words of a program that becomes it, such as `ip netns exec …`
    anew: bool = False  # a server of a Python of its own, not of one that has imported it

    async def start(self) -> None:
        environment, piped = os.environ | self.environment, bool(self.ready)
        with self.log.open("ab") as log:
            if self.arguments[0] == "up" and not self.anew:
                self.process = await forked.start(
                    self.arguments, environment, log=log.fileno(), piped=piped
                )
            else:
                self.process = await asyncio.create_subprocess_exec(
                    *self.prefix,
                    sys.executable,
                    "-m",
                    "ringtest.cli.main",
                    *self.arguments,
                    env=environment,
                    stdout=asyncio.subprocess.PIPE if piped else log,
                    stderr=log,
                    start_new_session=True,
                )
        if self.ready:
            assert self.process.stdout is not None
            async for line in self.process.stdout:
                if self.ready in line.decode():
                    self.address = line.decode().split()[-1]
                    return
            raise AssertionError(f"{self.arguments} ended: {self.log.read_text()[-2000:]}")

    async def kill(self) -> None:
        """kill -9: the process gets no chance to say anything."""
        assert self.process is not None
        with contextlib.suppress(ProcessLookupError):
            self.process.kill()
        await self.process.wait()

    async def stop(self) -> None:
        if self.process is not None and self.process.returncode is None:
            with contextlib.suppress(ProcessLookupError):
                self.process.send_signal(signal.SIGTERM)
            await self.process.wait()


@dataclass(slots=True)
class Sink:
    """Receives webhooks in a thread and remembers their ids, every copy."""

    ids: list[str] = field(default_factory=list)
    server: ThreadingHTTPServer | None = None

    def start(self) -> str:
        ids = self.ids

        class Handler(BaseHTTPRequestHandler):
            def do_POST(self) -> None:
                self.rfile.read(int(self.headers["content-length"]))
                ids.append(self.headers["webhook-id"])
                self.send_response(204)
                self.end_headers()

            def log_message(self, format: str, *args: object) -> None:
                pass

        self.server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        Thread(target=self.server.serve_forever, daemon=True).start()
        return f"http://127.0.0.1:{self.server.server_port}/"

    def stop(self) -> None:
        assert self.server is not None
        self.server.shutdown()
        self.server.server_close()


async def until(
    condition: Callable[[], Awaitable[bool]], what: str, *, seconds: float = 60.0
) -> None:
    """Return once `condition` holds; it is asked ten times a second, at most for `seconds`."""
    deadline = asyncio.get_running_loop().time() + seconds
    while not await condition():
        assert asyncio.get_running_loop().time() < deadline, f"{what} did not happen"
        await asyncio.sleep(0.1)
