"""The line of one attempt to the server: its journal and the uploader that empties it."""

import asyncio
from types import TracebackType

from ringtest.agent.attempt import Attempt
from ringtest.agent.control import Abandoned, Control, Early
from ringtest.agent.journal import Journal, Position
from ringtest.agent.lab_api import LabApi
from ringtest.agent.protocol import Applied
from ringtest.agent.uploader import Uploader


class Channel:
    """Open for as long as the attempt has something to tell; an async context manager.

    With `resumed`, for the journal of an earlier process, the server is heard first.
    """

    def __init__(
        self, attempt: Attempt, api: LabApi, control: Control, *, resumed: bool = False
    ) -> None:
        self._attempt = attempt
        self._api = api
        self._control = control
        self.journal = Journal(attempt.journal, origin=attempt.origin, reserve=True)
        self._position = Position(attempt.position)
        self._uploader = Uploader(
            self.journal,
            self._position,
            send=self._send,
            heartbeat_seconds=attempt.claim.heartbeat_seconds,
            on_cancel=lambda: control.end_early(Early.CANCELLED),
            on_lost=lambda why: control.abandon(Abandoned.LOST, why),
            greet=resumed,
        )

    async def __aenter__(self) -> "Channel":
        self._running = asyncio.create_task(self._uploader.run())
        return self

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._running.cancel()
        await asyncio.gather(self._running, return_exceptions=True)
        self.journal.close()
        self._position.close()

    @property
    def refused(self) -> str:
        """Why the server will never take more of this attempt; empty while it does."""
        return self._uploader.refused

    async def greeted(self) -> None:
        """Wait until the server has been heard (or refuses): only then add to the journal."""
        await self._uploader.greeted()

    async def drained(self, *, seconds: float | None = None) -> bool:
        """Wait until the server has everything; False when refused or `seconds` are over."""
        try:
            async with asyncio.timeout(seconds):
                return await self._uploader.drained()
        except TimeoutError:
            return False

    async def _send(self, lines: list[bytes]) -> Applied:
        claim = self._attempt.claim
        return await self._api.send_records(claim.job_id, claim.lease_token, lines)
