"""Lets the server know what this machine is made of, when that is not what it knows."""

import asyncio
import logging
from collections.abc import Awaitable, Callable, Mapping
from pathlib import Path
from typing import Any

import msgspec

from ringtest.agent.inventory.labels import labels_of
from ringtest.agent.inventory.reading import Inventory, read_inventory
from ringtest.client import ClientError

NAME = "inventory.json"
"""In the agent's data folder: what was told last, for people to read."""
LOOK_EVERY = 3600.0
"""Seconds between two looks while nothing else asks for one."""
_PATIENCE = 5.0

log = logging.getLogger("ringtest.agent")
Send = Callable[[dict[str, Any]], Awaitable[None]]


class Telling:
    """The machine as its server knows it. `send` gives a body to the server."""

    def __init__(
        self,
        send: Send,
        *,
        agent: str,
        labels: Mapping[str, str],
        data: Path,
        look: Callable[[], Inventory] = read_inventory,
    ) -> None:
        self._send = send
        self._agent = agent
        self._labels = labels
        self._file = data / NAME
        self._look = look
        self._known = b""
        self._looking = asyncio.Lock()

    async def tell(self) -> None:
        """Look, and tell what changed. Never fails: a job does not wait for it longer than a
        moment, and what was not told is told at the next look."""
        try:
            async with asyncio.timeout(_PATIENCE), self._looking:
                await self._tell()
        except (ClientError, OSError, TimeoutError) as error:
            log.info("the server was not told of this machine's hardware: %s", error)

    async def _tell(self) -> None:
        inventory = await asyncio.to_thread(self._look)
        body = {
            "agent": self._agent,
            "labels": labels_of(inventory, self._labels),
            "inventory": inventory,
        }
        told = msgspec.json.encode(body)
        if told == self._known:
            return
        await self._send(body)
        self._known = told
        self._file.write_bytes(msgspec.json.format(told, indent=1) + b"\n")

    async def keep_telling(self) -> None:
        """At once, then every hour, until cancelled."""
        while True:
            await self.tell()
            await asyncio.sleep(LOOK_EVERY)
