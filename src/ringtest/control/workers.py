"""Several server processes on one port: started, watched, replaced one after the other.

The port is opened here and handed to every worker, and none of them closes it for the
others: a connection that comes while one worker leaves waits for the next. Signals:
SIGTERM and SIGINT stop everything; SIGHUP replaces each worker in turn, the new one being
ready before the old one is asked to go. A worker that ends by itself is started again.
"""

import asyncio
import logging
import os
import signal
import socket
import sys
import time
from collections.abc import Callable
from contextlib import suppress

from ringtest.control.db.launcher import Postgres
from ringtest.control.kernel.errors import Unavailable
from ringtest.control.kernel.settings import Settings
from ringtest.control.server import Role, address_of, inherited, listen

log = logging.getLogger(__name__)

_RESTS = (0.0, 0.5, 1.0, 2.0, 5.0, 10.0)  # seconds between starts that fail; the last repeats
_STEADY_SECONDS = 30


class Worker:
    """One server process. It ends when we do: it reads a pipe that only we hold open."""

    def __init__(self, process: asyncio.subprocess.Process, tell: Callable[[str], None]) -> None:
        self.process = process
        self.ready = asyncio.Event()
        self._tell = tell
        self._reading = asyncio.create_task(self._read())

    async def _read(self) -> None:
        assert self.process.stdout is not None
        async for line in self.process.stdout:
            text = line.decode(errors="replace").rstrip()
            if text.startswith("ready"):
                self.ready.set()
                log.info("worker.ready pid=%d", self.process.pid)
            else:
                self._tell(text)

    async def is_ready(self) -> bool:
        """Wait until it serves; False when it ended before."""
        ready = asyncio.create_task(self.ready.wait())
        ended = asyncio.create_task(self.process.wait())
        await asyncio.wait({ready, ended}, return_when=asyncio.FIRST_COMPLETED)
        for task in (ready, ended):
            task.cancel()
        return self.ready.is_set() and self.process.returncode is None

    def ask_to_stop(self) -> None:
        """SIGTERM, unless it is gone."""
        with suppress(ProcessLookupError):
            self.process.terminate()

    async def ended(self) -> int:
        """Its exit code, when there is one."""
        code = await self.process.wait()
        await self._reading
        return code


class Workers:
    """`number` workers, numbered from 0."""

    def __init__(
        self,
        settings: Settings,
        environment: dict[str, str],
        listener: socket.socket,
        role: Role,
        number: int,
        tell: Callable[[str], None],
    ) -> None:
        self._settings = settings
        self._environment = environment
        self._listener = listener
        self._role = role
        self._number = number
        self._tell = tell
        self._now: dict[int, Worker] = {}
        self._leaving: set[Worker] = set()
        self._stopping = asyncio.Event()
        self._replace = asyncio.Event()

    async def run(self) -> None:
        """Until a signal says stop. Unavailable when the first workers do not start."""
        loop = asyncio.get_running_loop()
        for signal_number in (signal.SIGTERM, signal.SIGINT):
            loop.add_signal_handler(signal_number, self._stopping.set)
        loop.add_signal_handler(signal.SIGHUP, self._replace.set)
        tasks: list[asyncio.Task[None]] = []
        try:
            self._now[0] = await self._spawn(0)  # alone: it brings the database up to date
            await self._expect(self._now[0])
            for place in range(1, self._number):
                self._now[place] = await self._spawn(place)
            for worker in self._now.values():
                await self._expect(worker)
            tasks = [asyncio.create_task(self._keep(place)) for place in self._now]
            tasks.append(asyncio.create_task(self._replace_in_turn()))
            self._tell(f"ready {address_of(self._listener)}")
            await self._stopping.wait()
        finally:
            self._stopping.set()
            for task in tasks:
                task.cancel()
            await asyncio.gather(*tasks, return_exceptions=True)
            leaving = {*self._now.values(), *self._leaving}
            for worker in leaving:
                worker.ask_to_stop()
            await asyncio.gather(*(worker.ended() for worker in leaving))

    async def _expect(self, worker: Worker) -> None:
        ready = asyncio.create_task(worker.is_ready())
        stop = asyncio.create_task(self._stopping.wait())
        await asyncio.wait({ready, stop}, return_when=asyncio.FIRST_COMPLETED)
        stop.cancel()
        if not self._stopping.is_set() and not await ready:
            raise Unavailable("a server process ended before it was ready; its output says why")
        ready.cancel()

    async def _spawn(self, place: int) -> Worker:
        environment = dict(self._environment)
        if self._settings.metrics_listen:
            host, _, port = self._settings.metrics_listen.rpartition(":")
            environment["RINGTEST_METRICS_LISTEN"] = f"{host}:{int(port) + place}"
        fd = self._listener.fileno()
        command = (sys.executable, "-m", "ringtest.cli.main", "up", "--role", self._role)
        process = await asyncio.create_subprocess_exec(
            *command, "--fd", str(fd), "--worker",
            stdin=asyncio.subprocess.PIPE, stdout=asyncio.subprocess.PIPE,
            pass_fds=(fd,), env=environment, start_new_session=True,
        )  # fmt: skip
        log.info("worker.started place=%d pid=%d", place, process.pid)
        return Worker(process, self._tell)

    async def _keep(self, place: int) -> None:
        """Start the worker of a place again whenever it ends."""
        failures = 0
        while True:
            worker, began = self._now[place], time.monotonic()
            code = await worker.ended()
            if self._now[place] is not worker:
                continue  # it was replaced
            log.warning("worker.ended place=%d pid=%d code=%d", place, worker.process.pid, code)
            steady = code == 0 or time.monotonic() - began > _STEADY_SECONDS
            failures = 0 if steady else failures + 1
            await asyncio.sleep(_RESTS[min(failures, len(_RESTS) - 1)])
            self._now[place] = await self._spawn(place)

    async def _replace_in_turn(self) -> None:
        while True:
            await self._replace.wait()
            self._replace.clear()
            for place in sorted(self._now):
                fresh = await self._spawn(place)
                self._leaving.add(fresh)
                if not await fresh.is_ready():
                    log.error("worker.not_replaced place=%d: the new one does not start", place)
                    self._leaving.discard(fresh)
                    break
                self._leaving.discard(fresh)
                old, self._now[place] = self._now[place], fresh
                self._leaving.add(old)
                old.ask_to_stop()
                await old.ended()
                self._leaving.discard(old)
            else:
                log.info("workers.replaced")


def listener_at(host: str, port: int) -> socket.socket:
    """The socket that systemd opened for us, or else one of our own."""
    return inherited(None, os.environ) or listen(host, port)


async def _run(
    settings: Settings, *, host: str, port: int, role: Role, number: int,
    tell: Callable[[str], None],
) -> None:  # fmt: skip
    listener = listener_at(host, port)
    settings.data.mkdir(parents=True, exist_ok=True)
    postgres = Postgres(settings.data, dsn=settings.database_url, source=settings.postgres)
    dsn = await postgres.start()
    try:
        environment = {
            name: value for name, value in os.environ.items() if name != "RINGTEST_POSTGRES"
        }
        environment |= {
            "RINGTEST_DATA": str(settings.data.absolute()),
            "RINGTEST_DATABASE_URL": dsn,
        }
        await Workers(settings, environment, listener, role, number, tell).run()
    finally:
        listener.close()
        await postgres.stop()


def supervise(
    *, settings: Settings, host: str, port: int, role: Role, number: int,
    tell: Callable[[str], None],
) -> None:  # fmt: skip
    """Run `number` server processes until this one is told to stop (`ringtest up --workers`)."""
    logging.basicConfig(level=logging.INFO, format="%(asctime)s %(levelname)s %(name)s %(message)s")
    asyncio.run(_run(settings, host=host, port=port, role=role, number=number, tell=tell))
