"""One server process: database, loops, HTTP, started in order and stopped in reverse."""

import asyncio
import contextlib
import logging
import signal
import socket
from collections.abc import AsyncIterator, Callable, Generator
from contextlib import AsyncExitStack, asynccontextmanager
from typing import Literal

import uvicorn
import uvloop

from ringtest.control import registry
from ringtest.control.accounts import service as accounts
from ringtest.control.app import Parts, all_loops, create_app
from ringtest.control.db.launcher import Postgres
from ringtest.control.db.loops import LoopRunner
from ringtest.control.db.migrate import migrate
from ringtest.control.db.notify import Notifications
from ringtest.control.db.pool import Database
from ringtest.control.kernel.clock import Clock, SystemClock
from ringtest.control.kernel.settings import Settings
from ringtest.control.kernel.tenant import SYSTEM

log = logging.getLogger(__name__)

Role = Literal["api", "loops", "both"]
_GRACE_SECONDS = 5


@asynccontextmanager
async def open_parts(settings: Settings, *, clock: Clock | None = None) -> AsyncIterator[Parts]:
    """A database brought up to date and everything around it; closed in reverse order."""
    async with AsyncExitStack() as stack:
        settings.data.mkdir(parents=True, exist_ok=True)
        postgres = Postgres(settings.data, dsn=settings.database_url, source=settings.postgres)
        dsn = await postgres.start()
        stack.push_async_callback(postgres.stop)
        for name in await migrate(dsn):
            log.info("migration.applied %s", name)
        db = await Database.connect(dsn, clock=clock or SystemClock())
        stack.push_async_callback(db.close)
        notifications = Notifications(dsn)
        await notifications.start()
        stack.push_async_callback(notifications.stop)
        yield Parts(
            settings=settings,
            db=db,
            notifications=notifications,
            objects=registry.object_store(settings),
            secrets=registry.secret_box(settings),
            parsers=registry.result_parsers(),
            notifiers=registry.notifiers(settings),
        )


async def first_start(parts: Parts, tell: Callable[[str], None]) -> None:
    """Create the role teams and the user `admin` once; a random password is told once."""
    async with parts.db.transaction(SYSTEM) as tx:
        password = await accounts.ensure_first_start(tx, settings=parts.settings)
    if password is not None and not parts.settings.admin_password:
        tell(f"created user admin with password {password} (shown only now)")


class _Server(uvicorn.Server):
    """uvicorn that says when it serves and leaves signals to us."""

    def __init__(self, config: uvicorn.Config, on_ready: Callable[[str], None]) -> None:
        super().__init__(config)
        self._on_ready = on_ready

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        await super().startup(sockets)
        if self.started:
            host, port = self.servers[0].sockets[0].getsockname()[:2]
            shown = f"[{host}]" if ":" in host else host
            self._on_ready(f"http://{shown}:{port}")

    @contextlib.contextmanager
    def capture_signals(self) -> Generator[None, None, None]:
        yield


async def run(
    settings: Settings, *, host: str, port: int, role: Role, tell: Callable[[str], None]
) -> None:
    """Serve until SIGTERM or SIGINT, then end streams, requests and loops, in this order."""
    stopping = asyncio.Event()
    loop = asyncio.get_running_loop()
    for number in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(number, stopping.set)
    async with open_parts(settings) as parts:
        await first_start(parts, tell)
        runner = LoopRunner(
            all_loops(parts) if role != "api" else [], parts.notifications, parts.db.clock
        )
        await runner.start()
        try:
            if role == "loops":
                tell("ready (loops only)")
                await stopping.wait()
            else:
                await _serve_http(parts, host, port, stopping, tell)
        finally:
            await runner.stop(_GRACE_SECONDS)


async def _serve_http(
    parts: Parts, host: str, port: int, stopping: asyncio.Event, tell: Callable[[str], None]
) -> None:
    server = _Server(
        uvicorn.Config(
            create_app(parts),
            host=host,
            port=port,
            log_level="warning",
            access_log=False,
            server_header=False,
            timeout_graceful_shutdown=_GRACE_SECONDS,
            timeout_keep_alive=75,
        ),
        lambda address: tell(f"ready {address}"),
    )
    serving = asyncio.create_task(server.serve())
    stop = asyncio.create_task(stopping.wait())
    await asyncio.wait({serving, stop}, return_when=asyncio.FIRST_COMPLETED)
    parts.closing.set()  # streams end themselves; the rest is uvicorn's
    server.should_exit = True
    await serving


def serve(*, settings: Settings, host: str, port: int, role: Role = "both") -> None:
    """Run a server in this process until it is told to stop (`ringtest up`)."""
    logging.basicConfig(level=logging.INFO, format="%(asctime)s %(levelname)s %(name)s %(message)s")
    with asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner:
        runner.run(run(settings, host=host, port=port, role=role, tell=_say))


def _say(line: str) -> None:
    print(line, flush=True)
