"""Time as a dependency: naive UTC everywhere, because the wire format is."""

import asyncio
import heapq
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Protocol


class Clock(Protocol):
    """Where the server takes its time from."""

    def now(self) -> datetime:
        """The present as naive UTC."""
        ...

    async def sleep(self, seconds: float) -> None:
        """Return when `seconds` have passed on this clock."""
        ...


class SystemClock:
    """The machine's clock."""

    def now(self) -> datetime:
        return datetime.now(UTC).replace(tzinfo=None)

    async def sleep(self, seconds: float) -> None:
        await asyncio.sleep(seconds)


class VirtualClock:
    """A clock that stands until a test turns it.

    >>> clock = VirtualClock(datetime(2026, 1, 1))
    >>> clock.advance(90)
    >>> clock.now()
    datetime.datetime(2026, 1, 1, 0, 1, 30)
    """

    def __init__(self, start: datetime) -> None:
        self._now = start
        self._sleepers: list[tuple[datetime, int, Callable[[], None]]] = []
        self._count = 0

    def now(self) -> datetime:
        return self._now

    async def sleep(self, seconds: float) -> None:
        woken = asyncio.get_running_loop().create_future()
        self._count += 1
        due = self._now + timedelta(seconds=seconds)
        heapq.heappush(
            self._sleepers,
            (due, self._count, lambda: None if woken.done() else woken.set_result(None)),
        )
        await woken

    def advance(self, seconds: float) -> None:
        """Move the present and wake whoever slept until then, in order."""
        self._now += timedelta(seconds=seconds)
        while self._sleepers and self._sleepers[0][0] <= self._now:
            heapq.heappop(self._sleepers)[2]()
