"""A lab that asks for jobs itself, beside what its stream tells it."""

import asyncio
import hashlib
import logging
import time
from collections.abc import Awaitable, Callable, Sequence
from pathlib import Path
from uuid import UUID

import msgspec

from ringtest.agent.lab_api import LabApi, is_temporary
from ringtest.client import ApiError, ClientError

NAME = "asked.json"
"""In the agent's data folder: when it asked for a topic last."""
_HOUR = 3600.0
_SOON = 60.0
"""Seconds until a question is put again that did not get through."""

log = logging.getLogger("ringtest.agent")
Ask = Callable[[str, str], Awaitable[str]]


class Asking:
    """Asks for a job of each topic, once in so many hours, restarts or not.

    `ask` asks for one of a topic and gives the job's id; ClientError when it got none. Its
    second argument is the same until an answer came: a lost answer doubles nothing.
    """

    def __init__(
        self,
        ask: Ask,
        topics: Sequence[str],
        *,
        every_hours: float,
        data: Path,
        now: Callable[[], float] = time.time,
    ) -> None:
        self._ask = ask
        self._topics = topics
        self._every = every_hours * _HOUR
        self._file = data / NAME
        self._now = now
        self._asked = self._read()

    def _read(self) -> dict[str, float]:
        try:
            return msgspec.json.decode(self._file.read_bytes(), type=dict[str, float])
        except (OSError, msgspec.MsgspecError):
            return {}

    def due(self) -> list[str]:
        """Topics whose time has come; a clock that was set back holds nothing up."""
        now = self._now()
        return [
            topic
            for topic in self._topics
            if not 0 <= now - self._asked.get(topic, -self._every) < self._every
        ]

    async def ask_what_is_due(self) -> float:
        """Ask, and say in how many seconds to look again."""
        failed = False
        for topic in self.due():
            try:
                job_id = await self._ask(topic, f"{topic} after {self._asked.get(topic, 0)}")
            except ClientError as error:
                if not isinstance(error, ApiError) or is_temporary(error):
                    log.info("%s: asked later: %s", topic, error)
                    failed = True
                    continue
                log.warning("%s: the server gives no job: %s", topic, error)
            else:
                log.info("%s: asked for job %s", topic, job_id[:8])
            self._asked[topic] = self._now()
            self._file.write_bytes(msgspec.json.encode(self._asked))
        if failed:
            return _SOON
        waits = [self._asked.get(topic, 0) + self._every - self._now() for topic in self._topics]
        return max(1.0, min(waits))

    async def keep_asking(self) -> None:
        """Until cancelled."""
        while True:
            seconds = await self.ask_what_is_due()
            await asyncio.sleep(seconds)


async def ask_for_job(api: LabApi, lab: str, topic: str, key: str) -> str:
    """A job of a topic (an id or a name) for this lab, of what the topic's owner lets run there,
    with its newest components: the job's id. ClientError."""
    try:
        topic_id = str(UUID(topic))
    except ValueError:
        topic_id = await api.find_topic(topic)
    digest = hashlib.sha256(f"{lab} {key}".encode()).hexdigest()[:32]
    return await api.ask_for_job(lab, topic_id, digest)
