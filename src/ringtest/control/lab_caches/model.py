"""Addresses of caches. Pure."""

import re
from datetime import timedelta
from typing import Annotated
from urllib.parse import urlsplit

from msgspec import Meta, Struct

from ringtest.control.kernel.errors import BadRequest

LASTS = timedelta(seconds=90)
"""An address is known for so long after its agent told it."""
MOST = 64
"""Caches of a lab that are known at a time; who told theirs longest ago goes first."""

_HOST = re.compile(r"[A-Za-z0-9._-]{1,253}|[0-9A-Fa-f:.]{2,45}")


class TellCache(Struct, kw_only=True):
    """Body of `POST /agent/caches`, from a lab's agent. Without an address it only asks, and is
    known at none any more."""

    agent: Annotated[str, Meta(min_length=1, max_length=300)]
    address: Annotated[str, Meta(max_length=300)] | None = None

    @property
    def base(self) -> str | None:
        """The address as it is told to others; 400 when it is more than a machine and a port.

        >>> TellCache(agent="a", address="http://Rack-7:8970/").base
        'http://rack-7:8970'
        >>> TellCache(agent="a", address="http://user@rack-7:8970").base
        Traceback (most recent call last):
        ringtest.control.kernel.errors.BadRequest: address: not of the form http://machine:port
        """
        if self.address is None:
            return None
        try:
            there = urlsplit(self.address)
            host, port = there.hostname or "", there.port
        except ValueError:
            host, port, there = "", None, urlsplit("")
        plain = f"http://[{host}]:{port}" if ":" in host else f"http://{host}:{port}"
        if not _HOST.fullmatch(host) or not port or self.address.lower().rstrip("/") != plain:
            raise BadRequest("address: not of the form http://machine:port")
        return plain
