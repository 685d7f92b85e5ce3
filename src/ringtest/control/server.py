"""One server process: database, loops, HTTP, started in order and stopped in reverse."""

import asyncio
import contextlib
import gc
import logging
import os
import signal
import socket
import sys
from collections.abc import AsyncIterator, Callable, Generator, Mapping
from contextlib import AsyncExitStack, asynccontextmanager
from typing import Any, Literal

import uvicorn
import uvloop

from ringtest.control import registry
from ringtest.control.accounts import service as accounts
from ringtest.control.app import Parts, all_loops, create_app, create_watch
from ringtest.control.db.launcher import Postgres
from ringtest.control.db.loops import LoopRunner
from ringtest.control.db.migrate import migrate
from ringtest.control.db.notify import Notifications
from ringtest.control.db.pool import Database
from ringtest.control.kernel.clock import Clock, SystemClock
from ringtest.control.kernel.errors import BadRequest, Unavailable
from ringtest.control.kernel.settings import Settings
from ringtest.control.kernel.tenant import SYSTEM
from ringtest.control.wire import traces
from ringtest.control.wire.watched import WatchedStore

log = logging.getLogger(__name__)

Role = Literal["api", "loops", "both"]
_BACKLOG = 2048
_FIRST_OF_SYSTEMD = 3


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
        db = await Database.connect(
            dsn, clock=clock or SystemClock(), connections=settings.connections
        )
        stack.push_async_callback(db.close)
        notifications = Notifications(dsn)
        await notifications.start()
        stack.push_async_callback(notifications.stop)
        backends = registry.ci_backends(settings)
        for backend in backends.values():
            stack.push_async_callback(backend.close)
        yield Parts(
            settings=settings,
            db=db,
            notifications=notifications,
            objects=WatchedStore(registry.object_store(settings)),
            secrets=registry.secret_box(settings),
            parsers=registry.result_parsers(),
            notifiers=registry.notifiers(settings),
            columnar=registry.columnar(settings),
            provider=registry.identity_provider(settings),
            certifications=registry.certification_desk(settings),
            backends=backends,
        )


async def first_start(parts: Parts, tell: Callable[[str], None]) -> None:
    """Create the role teams and the user `admin` once; a random password is told once."""
    async with parts.db.transaction(SYSTEM) as tx:
        password = await accounts.ensure_first_start(tx, settings=parts.settings)
    if password is not None and not parts.settings.admin_password:
        tell(f"created user admin with password {password} (shown only now)")


class _Server(uvicorn.Server):
    """uvicorn that says when it serves, leaves signals to us, and drains before it stops."""

    def __init__(self, config: uvicorn.Config, on_ready: Callable[[str], None]) -> None:
        super().__init__(config)
        self._on_ready = on_ready

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        await super().startup(sockets)
        if self.started:
            self._on_ready(address_of(self.servers[0].sockets[0]))

    async def drain(self, seconds: float) -> None:
        """Take no new connection, and give those that are open time to ask once more: the
        answer tells them to come back on another one. A shared socket stays open elsewhere."""
        for listener in self.servers:
            listener.close()
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(seconds):
                await self._left_alone()

    async def _left_alone(self) -> None:
        while self.server_state.connections:  # noqa: ASYNC110 (uvicorn tells nobody)
            await asyncio.sleep(0.02)

    @contextlib.contextmanager
    def capture_signals(self) -> Generator[None, None, None]:
        yield


def address_of(listener: socket.socket) -> str:
    """The URL of a listening socket."""
    host, port = listener.getsockname()[:2]
    return f"http://[{host}]:{port}" if ":" in host else f"http://{host}:{port}"


def listen(host: str, port: int, *, shared: bool = False) -> socket.socket:
    """A bound socket. `shared`: another process of ours may bind the same port."""
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    listener = socket.socket(family, socket.SOCK_STREAM)
    listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    if shared:
        listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEPORT, 1)
    try:
        listener.bind((host, port))
    except OSError as error:
        listener.close()
        raise Unavailable(f"cannot listen at {host}:{port}: {error.strerror}") from error
    listener.listen(_BACKLOG)
    return listener


def inherited(fd: int | None, environment: Mapping[str, str]) -> socket.socket | None:
    """The socket that whoever started us opened: of number `fd`, or the first that systemd
    passed to us (LISTEN_FDS), and not to who started us (LISTEN_PID)."""
    if fd is None and environment.get("LISTEN_PID") == str(os.getpid()):
        fd = _FIRST_OF_SYSTEMD if environment.get("LISTEN_FDS", "0") != "0" else None
    if fd is None:
        return None
    try:
        listener = socket.socket(fileno=fd)
    except OSError as error:
        raise Unavailable(f"{fd} is no socket to listen at: {error.strerror}") from error
    listener.set_inheritable(False)
    return listener


async def run(
    settings: Settings,
    *,
    host: str,
    port: int,
    role: Role,
    tell: Callable[[str], None],
    listener: socket.socket | None = None,
    parent: int | None = None,
) -> None:
    """Serve until SIGTERM or SIGINT, or until `parent` (a pipe) is closed: then end streams,
    requests and loops, in this order. `listener` is a socket that is bound already."""
    stopping = asyncio.Event()
    loop = asyncio.get_running_loop()
    for number in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(number, stopping.set)
    if parent is not None:
        _follow(parent, stopping)
    async with open_parts(settings) as parts:
        await first_start(parts, tell)
        runner = LoopRunner(
            all_loops(parts) if role != "api" else [], parts.notifications, parts.db.clock
        )
        await runner.start()
        try:
            async with _watched(parts):
                if role == "loops":
                    tell("ready (loops only)")
                    await stopping.wait()
                    parts.closing.set()
                else:
                    listener = listener or listen(host, port)
                    await _serve_http(parts, listener, stopping, tell)
        finally:
            await runner.stop(settings.grace_seconds)


def _follow(parent: int, stopping: asyncio.Event) -> None:
    """Stop when the other end of the pipe is closed: who held it is gone."""
    loop = asyncio.get_running_loop()

    def look() -> None:
        if not os.read(parent, 1):
            loop.remove_reader(parent)
            stopping.set()

    loop.add_reader(parent, look)


def _server(app: Any, settings: Settings, on_ready: Callable[[str], None]) -> _Server:
    return _Server(
        uvicorn.Config(
            app,
            log_level="warning",
            access_log=False,
            server_header=False,
            timeout_graceful_shutdown=settings.grace_seconds,
            timeout_keep_alive=75,
            backlog=_BACKLOG,
        ),
        on_ready,
    )


async def _serve_http(
    parts: Parts, listener: socket.socket, stopping: asyncio.Event, tell: Callable[[str], None]
) -> None:
    server = _server(create_app(parts), parts.settings, lambda address: tell(f"ready {address}"))
    _settle_memory()
    serving = asyncio.create_task(server.serve(sockets=[listener]))
    stop = asyncio.create_task(stopping.wait())
    await asyncio.wait({serving, stop}, return_when=asyncio.FIRST_COMPLETED)
    parts.closing.set()  # not ready any more; streams end; answers close their connection
    if server.started:
        await server.drain(parts.settings.drain_seconds)
    server.should_exit = True
    await serving


def _settle_memory() -> None:
    """What was imported and built stays: the collector need not look through it for garbage,
    which stopped an answer in a few for 100 ms."""
    gc.collect()
    gc.freeze()


@asynccontextmanager
async def _watched(parts: Parts) -> AsyncIterator[None]:
    """Answer /health and /metrics of this process alone, where the settings say so."""
    if not parts.settings.metrics_listen:
        yield
        return
    host, _, port = parts.settings.metrics_listen.rpartition(":")
    if not port.isdigit():
        raise BadRequest("RINGTEST_METRICS_LISTEN must be HOST:PORT")
    listener = listen(host.strip("[]"), int(port), shared=True)
    server = _server(create_watch(parts), parts.settings, lambda _: None)
    serving = asyncio.create_task(server.serve(sockets=[listener]))
    try:
        yield
    finally:
        server.should_exit = True
        await serving


def serve(
    *,
    settings: Settings,
    host: str,
    port: int,
    role: Role = "both",
    fd: int | None = None,
    parent: int | None = None,
) -> None:
    """Run a server in this process until it is told to stop (`ringtest up`)."""
    logging.basicConfig(level=logging.INFO, format="%(asctime)s %(levelname)s %(name)s %(message)s")
    if settings.access_log == "json":
        _log_requests()
    listener = inherited(fd, os.environ)
    with asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner:
        runner.run(
            run(
                settings, host=host, port=port, role=role, tell=say, listener=listener,
                parent=parent,
            )
        )  # fmt: skip


def _log_requests() -> None:
    """Lines of JSON on standard output, apart from what the server says of itself."""
    handler = logging.StreamHandler(sys.stdout)
    handler.setFormatter(logging.Formatter("%(message)s"))
    traces.log.addHandler(handler)
    traces.log.propagate = False


def say(line: str) -> None:
    """Tell whoever started us."""
    print(line, flush=True)
