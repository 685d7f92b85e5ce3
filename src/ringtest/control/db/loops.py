"""The one loop runner: woken by an event or by its interval, always the same function."""

import asyncio
import logging
from collections.abc import Awaitable, Callable
from dataclasses import dataclass

from ringtest.control.db.notify import EVENTS, Notifications
from ringtest.control.kernel.clock import Clock
from ringtest.control.kernel.events import CONSUMERS, EventType
from ringtest.control.wire import measures

log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Loop:
    """What a room does by itself.

    `act` claims a batch of its rows, handles them and returns how many it did; it is
    called again at once while that is not 0. Several processes may run the same loop.
    """

    name: str
    act: Callable[[], Awaitable[int]]
    interval: float  # seconds on the server's clock
    wakes_on: frozenset[EventType] = frozenset()


def consumer_loop(name: str, act: Callable[[], Awaitable[int]], interval: float = 5.0) -> Loop:
    """A loop that consumes the events `kernel.events.CONSUMERS` gives it."""
    return Loop(name=name, act=act, interval=interval, wakes_on=CONSUMERS[name])


class LoopRunner:
    """Runs loops until stopped; a loop that raises rests for its interval and goes on."""

    def __init__(self, loops: list[Loop], notifications: Notifications, clock: Clock) -> None:
        self._loops = loops
        self._notifications = notifications
        self._clock = clock
        self._wake = {loop.name: asyncio.Event() for loop in loops}
        self._stopping = asyncio.Event()
        self._tasks: list[asyncio.Task[None]] = []
        self._unsubscribe: Callable[[], None] = lambda: None

    async def start(self) -> None:
        self._unsubscribe = self._notifications.subscribe(self._on_notification)
        self._tasks = [asyncio.create_task(self._run(loop), name=loop.name) for loop in self._loops]

    async def stop(self, grace: float = 10.0) -> None:
        """Let running batches end; what does not end in `grace` seconds is rolled back."""
        self._unsubscribe()
        self._stopping.set()
        for event in self._wake.values():
            event.set()
        if self._tasks:
            _, late = await asyncio.wait(self._tasks, timeout=grace)
            for task in late:
                task.cancel()
            await asyncio.gather(*self._tasks, return_exceptions=True)

    def _on_notification(self, channel: str, payload: str) -> None:
        if channel != EVENTS:
            return
        name, _, rest = payload.partition(" ")
        _, said, queued = rest.partition(" ")
        waited = queued.split(",")
        for loop in self._loops:
            # an event that is not in a consumer's queue must not cost it a look
            if not name or (name in loop.wakes_on and (not said or loop.name in waited)):
                self._wake[loop.name].set()

    async def _run(self, loop: Loop) -> None:
        wake = self._wake[loop.name]
        while not self._stopping.is_set():
            wake.clear()
            try:
                while await loop.act() and not self._stopping.is_set():
                    pass
                measures.LOOP_SUCCESS.labels(loop.name).set_to_current_time()
            except Exception:
                measures.LOOP_FAILURES.labels(loop.name).inc()
                log.exception("loop.failed name=%s", loop.name)
            await self._rest(wake, loop.interval)

    async def _rest(self, wake: asyncio.Event, interval: float) -> None:
        waiting = [
            asyncio.create_task(wake.wait()),
            asyncio.create_task(self._clock.sleep(interval)),
        ]
        try:
            await asyncio.wait(waiting, return_when=asyncio.FIRST_COMPLETED)
        finally:
            for task in waiting:
                task.cancel()
