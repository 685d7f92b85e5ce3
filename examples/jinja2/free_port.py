"""Ports that nobody listens on."""

import socket
from contextlib import ExitStack
from random import SystemRandom

_FROM, _TO = 20_000, 32_767
"""Below those that systems give to outgoing connections: none of these takes one meanwhile."""


def free_ports(count: int) -> list[int]:
    """`count` different free TCP ports of the loopback address."""
    found: list[int] = []
    with ExitStack() as held:
        while len(found) < count:
            one = held.enter_context(socket.socket())
            port = SystemRandom().randint(_FROM, _TO)
            try:
                one.bind(("127.0.0.1", port))
            except OSError:
                continue
            found.append(port)
    return found
