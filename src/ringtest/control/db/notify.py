"""LISTEN on one connection of its own, reconnecting for ever; fans out to listeners."""

import asyncio
import logging
from collections.abc import Callable

import asyncpg

log = logging.getLogger(__name__)

EVENTS = "ringtest_events"
"""Channel of the outbox: payload `<type> <id> <consumers that have it in their queue>`."""
LIVE = "ringtest_live"
"""Channel of what moves fast and is not worth an event: payload `<kind> <job id> …`."""
CHANGES = "ringtest_changes"
"""Channel of changed tables (db.changes): payload `<table>` or `<table>+`."""

_PROOF_SECONDS = 5
"""How often the connection is asked whether it is still there. One that is gone without a
word would let processes remember what changed long ago."""

Listener = Callable[[str, str], None]
"""Called with (channel, payload); must not block. A reconnect is told as (channel, "")."""


class Notifications:
    """Wake-ups from PostgreSQL. Losing one costs time, never work."""

    def __init__(self, dsn: str) -> None:
        self._dsn = dsn
        self._listeners: set[Listener] = set()
        self._task: asyncio.Task[None] | None = None
        self.connected = asyncio.Event()

    def subscribe(self, listener: Listener) -> Callable[[], None]:
        """Hear everything from now on; call the result to stop."""
        self._listeners.add(listener)
        return lambda: self._listeners.discard(listener)

    async def start(self) -> None:
        """Returns when the first LISTEN is in place."""
        self._task = asyncio.create_task(self._run())
        await self.connected.wait()

    async def stop(self) -> None:
        if self._task:
            self._task.cancel()
            await asyncio.gather(self._task, return_exceptions=True)

    def tell(self, channel: str, payload: str) -> None:
        """Fan out; also how tests lose, double or invent a wake-up."""
        for listener in tuple(self._listeners):
            listener(channel, payload)

    async def _run(self) -> None:
        while True:
            try:
                connection: asyncpg.Connection = await asyncpg.connect(self._dsn)
            except (OSError, asyncpg.PostgresError):
                await asyncio.sleep(0.5)
                continue
            try:
                await self._listen(connection)
                log.warning("notify.lost reconnecting")
            except (OSError, TimeoutError, asyncpg.PostgresError, asyncpg.InterfaceError):
                self.connected.clear()
                await asyncio.sleep(0.5)
            finally:
                self.connected.clear()
                if not connection.is_closed():
                    connection.terminate()

    async def _listen(self, connection: asyncpg.Connection) -> None:
        lost = asyncio.Event()
        connection.add_termination_listener(lambda _: lost.set())
        for channel in (EVENTS, LIVE, CHANGES):
            await connection.add_listener(
                channel, lambda _c, _pid, name, payload: self.tell(name, payload)
            )
            self.tell(channel, "")  # something may have happened while nobody listened
        self.connected.set()
        while not lost.is_set():
            try:
                async with asyncio.timeout(_PROOF_SECONDS):
                    await lost.wait()
            except TimeoutError:
                await connection.execute(f"LISTEN {CHANGES}", timeout=_PROOF_SECONDS)
