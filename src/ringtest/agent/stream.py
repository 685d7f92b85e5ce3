"""What the server wants of this lab, heard on one outbound connection that is kept open."""

import asyncio
import logging
from collections.abc import Callable
from contextlib import suppress
from uuid import UUID

import msgspec

from ringtest.agent.lab_api import LabApi
from ringtest.client import ApiError, Backoff, ServerEvent

log = logging.getLogger("ringtest.agent")


class _Job(msgspec.Struct):
    job_id: UUID


class Stream:
    """Listens for ever. A server that is down or refuses the key is asked again and again."""

    def __init__(
        self,
        api: LabApi,
        *,
        on_assignment: Callable[[str], None],
        on_cancel: Callable[[str], None],
        backoff: Backoff | None = None,
    ) -> None:
        self._api = api
        self._handlers = {"assignment": on_assignment, "cancel": on_cancel}
        self._backoff = backoff or Backoff(first=5.0, most=60.0)
        self._problem = ""

    async def listen(self) -> None:
        """Handle events until cancelled."""
        while True:
            try:
                async for event in self._api.events(self._tell_of_break):
                    self._handle(event)
            except ApiError as error:
                self._tell(f"{self._api.server} refuses this lab: {error}")
            await asyncio.sleep(self._backoff.next())

    def _handle(self, event: ServerEvent) -> None:
        if event.type == "hello":
            log.info("connected to %s", self._api.server)
            self._problem = ""
            self._backoff.reset()
        elif event.type in self._handlers:
            with suppress(msgspec.MsgspecError):  # a newer server may say more than we know
                job = msgspec.json.decode(event.data, type=_Job)
                self._handlers[event.type](str(job.job_id))

    def _tell_of_break(self, error: Exception | None, delay: float) -> None:
        self._tell(str(error) if error else "the server closed the stream")

    def _tell(self, problem: str) -> None:
        """A problem that lasts is told once, not at every try."""
        if problem != self._problem:
            self._problem = problem
            log.warning("no connection: %s; trying again until it works", problem)
