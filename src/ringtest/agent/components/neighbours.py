"""Where the lab's other agents give files, and where this one does, by way of the server.

The server tells agents of the same lab alone. What they say is believed no more than a mirror.
"""

import asyncio
import logging
import socket
import time
from collections.abc import Awaitable, Callable, Sequence
from contextlib import suppress
from urllib.parse import urlsplit

from ringtest.client import ClientError

TELL_EVERY = 30.0
"""Seconds between two words to the server, which knows an address for three times as long."""
MOST = 64
AUTO = "auto"
_PATIENCE = 5.0
_ANY = ("", "0.0.0.0", "::", "[::]", "*")

log = logging.getLogger("ringtest.agent")
Tell = Callable[[str | None], Awaitable[Sequence[str]]]
"""Tells the server this agent's address (None: it gives nothing) and gives those of the others."""


class Neighbours:
    """The other agents of the lab, as far as the lab wants to know of them."""

    def __init__(self, tell: Tell, *, address: str | None, finds: bool) -> None:
        """`address`: where this agent gives files, if it says so. `finds`: it asks others."""
        self._tell, self._address, self._finds = tell, address, finds
        self._found: Sequence[str] = ()
        self._asked = float("-inf")
        self._asking = asyncio.Lock()

    async def addresses(self) -> Sequence[str]:
        """Of the others, as they were told in the last half minute. Nothing when the server cannot
        be asked: a download does not wait for that."""
        if not self._finds:
            return ()
        async with self._asking:
            if time.monotonic() - self._asked >= TELL_EVERY:
                await self._ask()
        return self._found

    async def keep_telling(self) -> None:
        """Say where this agent gives files, until cancelled; then that it does no more."""
        if self._address is None:
            return
        try:
            while True:
                async with self._asking:
                    await self._ask()
                await asyncio.sleep(TELL_EVERY)
        finally:
            with suppress(ClientError, OSError, TimeoutError):
                async with asyncio.timeout(_PATIENCE):
                    await self._tell(None)

    async def _ask(self) -> None:
        found: Sequence[str] = ()
        try:
            async with asyncio.timeout(_PATIENCE):
                found = await self._tell(self._address)
        except (ClientError, OSError, TimeoutError) as error:
            log.info("the server was not asked for the lab's other agents: %s", error)
        self._asked = time.monotonic()
        plain = [one for one in found if one.startswith("http://") and one != self._address]
        self._found = plain[:MOST]


def own_address(announce: str, listen: str, port: int, server: str) -> str | None:
    """The address to tell: the given one, or with `auto` that of the machine on the way to the
    server. ValueError when there is none.

    >>> own_address("http://rack-7:8970", "0.0.0.0:8970", 8970, "https://ci")
    'http://rack-7:8970'
    >>> own_address("auto", "10.0.0.7:8970", 8970, "https://ci")
    'http://10.0.0.7:8970'
    """
    if announce != AUTO:
        return announce or None
    host = listen.rpartition(":")[0]
    if host in _ANY:
        host = _on_the_way(server)
    host = host.strip("[]")
    return f"http://[{host}]:{port}" if ":" in host else f"http://{host}:{port}"


def _on_the_way(server: str) -> str:
    """The machine's own address towards the server; nothing is sent."""
    there = urlsplit(server)
    try:
        found = socket.getaddrinfo(there.hostname, there.port or 443, type=socket.SOCK_DGRAM)
        family, kind, protocol, _, address = found[0]
        with socket.socket(family, kind, protocol) as way:
            way.connect(address)
            return str(way.getsockname()[0])
    except OSError as error:
        raise ValueError(f"no address of this machine is known: {error}") from error
