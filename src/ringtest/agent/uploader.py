"""Brings a journal to the server: in order, without gaps, without doubles, for ever.

The server tells with every answer how far it has the journal; that number alone decides
what is sent next, so lost requests, lost replies and restarts of either side are all the
same case. When there is nothing to send an empty request keeps the lease.
"""

import asyncio
import logging
from collections.abc import Awaitable, Callable

from ringtest.agent.journal import Journal, Position
from ringtest.agent.lab_api import is_temporary
from ringtest.agent.protocol import Applied
from ringtest.client import ApiError, Backoff, Unreachable

BATCH_BYTES = 512 * 1024
"""Of records in one request: what waits is sent in few, each of which costs the server several
statements, and one that is lost is soon sent again."""

log = logging.getLogger("ringtest.agent")


class Uploader:
    """One attempt's connection to the server.

    `on_cancel` is called when people want the job stopped, `on_lost` when the job is not
    ours any more (with the reason); both may be called more than once. With `greet` the server
    is asked first how far it has the journal (`greeted`).
    """

    def __init__(
        self,
        journal: Journal,
        position: Position,
        *,
        send: Callable[[list[bytes]], Awaitable[Applied]],
        heartbeat_seconds: float,
        on_cancel: Callable[[], None],
        on_lost: Callable[[str], None],
        backoff: Backoff | None = None,
        greet: bool = False,
    ) -> None:
        self._journal = journal
        self._position = position
        self._send = send
        self._heartbeat = heartbeat_seconds
        self._on_cancel = on_cancel
        self._on_lost = on_lost
        self._backoff = backoff or Backoff(first=0.25, most=10.0)
        self._moved = asyncio.Event()
        self._greeting = greet
        self._silent = False
        self.refused = ""
        """Why the server will never take the rest; empty while all is well."""

    async def run(self) -> None:
        """Send until refused for good; to be cancelled when `drained` has returned."""
        while self._greeting and not self.refused:
            await self._deliver([])
        while not self.refused:
            if not await self._journal.wait_for_more(self._position.value, self._heartbeat):
                await self._deliver([])
                continue
            if self._journal.needs_sync():
                await self._sync()
            try:
                batch = self._journal.read(self._position.value + 1, most=BATCH_BYTES)
            except IndexError as error:
                self._refuse(str(error))
                return
            await self._deliver(batch)

    async def drained(self) -> bool:
        """Wait until the server has the whole journal; False when it will never have it."""
        while not self.refused and self._position.value < self._journal.last_seq:
            self._moved.clear()
            await self._moved.wait()
        return not self.refused

    async def greeted(self) -> None:
        """Wait until the server has said how far it has the journal, or that it refuses it.

        Before that nothing may be added to the journal of an earlier process: a power cut may
        have taken records that the server has, and theirs are the next numbers.
        """
        while self._greeting and not self.refused:
            self._moved.clear()
            await self._moved.wait()

    async def _sync(self) -> None:
        try:
            await asyncio.to_thread(self._journal.sync)
        except OSError as error:  # all the more must the server have it
            log.warning("the disk does not take the journal: %s", error)

    async def _deliver(self, batch: list[bytes]) -> None:
        before = self._position.value
        try:
            answer = await self._send(batch)
        except Unreachable as error:
            await self._wait(error)
        except ApiError as error:
            await self._handle_refusal(error)
        else:
            self._hear(answer)
            if batch and self._position.value <= before:
                await asyncio.sleep(self._backoff.next())  # taken, and not applied: no hurry
            else:
                self._backoff.reset()

    def _hear(self, answer: Applied) -> None:
        if self._silent:
            self._silent = False
            waiting = self._journal.last_seq - self._position.value
            log.info("the server answers again, %d records have waited for it", waiting)
        self._move(answer.applied_seq)
        if answer.cancel:
            self._on_cancel()
        if answer.fenced:
            self._on_lost("another attempt has the job")

    async def _handle_refusal(self, error: ApiError) -> None:
        applied = error.payload.get("applied_seq")
        if error.status == 409 and isinstance(applied, int):
            self._move(applied)
            await asyncio.sleep(self._backoff.next())
        elif is_temporary(error):
            await self._wait(error)
        else:
            self._refuse(str(error))

    async def _wait(self, error: Exception) -> None:
        if not self._silent:
            self._silent = True
            log.warning("records stay on disk until the server takes them: %s", error)
        await asyncio.sleep(self._backoff.next())

    def _move(self, applied: int) -> None:
        self._greeting = False
        self._journal.skip_to(applied)
        self._position.move(applied)
        self._moved.set()

    def _refuse(self, reason: str) -> None:
        self.refused = reason
        self._moved.set()
        self._on_lost(reason)
