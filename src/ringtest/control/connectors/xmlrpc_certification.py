"""The certification tool as it is spoken to by XML-RPC: port `certification_desk`."""

import asyncio
import base64
import http.client
import logging
import xmlrpc.client
from typing import Any
from urllib.parse import urlsplit
from xml.parsers.expat import ExpatError

from ringtest.control.kernel.errors import BadRequest, Unavailable
from ringtest.control.kernel.settings import Settings
from ringtest.control.kernel.texts import one_line
from ringtest.control.ports.certification_desk import TestLog

PORT = "certification_desk"

log = logging.getLogger(__name__)

_SECONDS = 60
_FAULT = 300
"""Characters of a refusal that are passed on."""


def create(settings: Settings) -> "XmlRpcDesk":
    """The tool at RINGTEST_CERTIFICATION_URL."""
    return XmlRpcDesk(settings.certification_url, settings.certification_method)


class XmlRpcDesk:
    """One call of `method` with one struct, in a thread: the library waits."""

    def __init__(self, url: str, method: str, *, seconds: float = _SECONDS) -> None:
        parts = urlsplit(url)
        if parts.scheme not in ("http", "https") or not parts.hostname:
            raise BadRequest("RINGTEST_CERTIFICATION_URL must be http://… or https://…")
        self._url = url
        self._method = method
        self._seconds = seconds
        self._transport = _Secure if parts.scheme == "https" else _Plain

    async def hand_in(self, log: TestLog) -> None:
        """See `ports.certification_desk`."""
        await asyncio.to_thread(self._call, log)

    def _call(self, given: TestLog) -> None:
        struct = {
            "username": given.username,
            "password": given.password,
            "id": given.certification_id,
            "type": "certification",
            "data": base64.b64encode(given.content).decode("ascii"),
            "description": given.description,
            "filename": given.filename,
        }
        try:
            with xmlrpc.client.ServerProxy(
                self._url, transport=self._transport(self._seconds), allow_none=True
            ) as proxy:
                getattr(proxy, self._method)(struct)
        except xmlrpc.client.Fault as fault:
            said = str(fault.faultString).replace(given.password, "***")
            reason = one_line(said, _FAULT)
            raise BadRequest(f"the certification tool refused the log: {reason}") from None
        except (OSError, http.client.HTTPException, xmlrpc.client.Error, ExpatError) as error:
            # what the library says may quote the request: the kind of error is enough
            log.warning("certification.unreachable %s", type(error).__name__)
            raise Unavailable("the certification tool does not answer; try again") from None


class _Plain(xmlrpc.client.Transport):
    """A connection that gives up after so many seconds without a word."""

    def __init__(self, seconds: float) -> None:
        super().__init__()
        self._seconds = seconds

    def make_connection(self, host: tuple[str, dict[str, str]] | str) -> Any:
        connection = super().make_connection(host)
        connection.timeout = self._seconds
        return connection


class _Secure(_Plain, xmlrpc.client.SafeTransport):
    """The same with TLS."""
