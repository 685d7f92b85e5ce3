"""How a running job is stopped from outside: two degrees.

Ended early (cancelled, out of time): the current stage stops, what was made is collected
and the job finishes. Abandoned (agent stops, job lost, disk full): everything stops and
nothing more is done for this attempt.
"""

import asyncio
from collections.abc import Coroutine
from enum import StrEnum
from typing import Any, TypeVar

T = TypeVar("T")


class Early(StrEnum):
    """Why a job ends before its stages do."""

    CANCELLED = "cancelled"
    TIMED_OUT = "timed_out"


class Abandoned(StrEnum):
    """Why an attempt is given up."""

    SHUTDOWN = "shutdown"
    LOST = "lost"
    BROKEN = "broken"


class StageFailed(Exception):
    """A stage cannot go on; the message is for its record."""

    def __init__(self, message: str, exit_code: int | None = None) -> None:
        super().__init__(message)
        self.message = message
        self.exit_code = exit_code


class LabFailed(StageFailed):
    """What the lab should have is not there: nothing is said of the product, and the job is
    errored whichever stage it was in."""


class Interrupted(Exception):
    """The work at hand was stopped; `Control` knows why."""


class Control:
    """One attempt's stop switches. The first reason of each degree counts."""

    def __init__(self) -> None:
        self.early: Early | None = None
        self.abandoned: Abandoned | None = None
        self.detail = ""
        self._early = asyncio.Event()
        self._abandoned = asyncio.Event()

    def end_early(self, why: Early) -> None:
        """Stop the stages, then collect and finish."""
        if self.early is None and self.abandoned is None:
            self.early = why
            self._early.set()

    def abandon(self, why: Abandoned, detail: str) -> None:
        """Stop everything."""
        if self.abandoned is None:
            self.abandoned = why
            self.detail = detail
            self._abandoned.set()
            self._early.set()

    async def stopped(self, *, collecting: bool) -> None:
        """Return when the work must stop; collecting stops for abandonment only."""
        await (self._abandoned if collecting else self._early).wait()

    async def unless_stopped(self, work: Coroutine[Any, Any, T], *, collecting: bool = False) -> T:
        """The result of `work`, which is cancelled, and Interrupted raised, on a stop."""
        task = asyncio.ensure_future(work)
        stop = asyncio.ensure_future(self.stopped(collecting=collecting))
        try:
            await asyncio.wait({task, stop}, return_when=asyncio.FIRST_COMPLETED)
            if task.done():
                return task.result()
            raise Interrupted
        finally:
            task.cancel()
            stop.cancel()
            await asyncio.gather(task, stop, return_exceptions=True)
