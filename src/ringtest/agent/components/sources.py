"""Where the bytes of a file come from: the server, a mirror, another agent of the lab.

A source gives spans of a file. Nothing that it says is believed: what comes is counted, and the
file's digest is asked in the end.
"""

import hashlib
import hmac
from collections.abc import AsyncGenerator, AsyncIterator, Awaitable, Callable
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from typing import Protocol
from urllib.parse import quote, urlsplit

import httpx

from ringtest.agent.lab_api import LabApi, range_header
from ringtest.agent.protocol import ComponentFile, Permit
from ringtest.client import ApiError, Unreachable

Span = tuple[int, int]
"""The first place and the one after the last."""
Opened = Callable[[tuple[int, int | None]], AbstractAsyncContextManager[httpx.Response]]

SCHEME = "Ringtest-Permit"
_TIMEOUT = httpx.Timeout(20.0, connect=3.0)


class Lies(Exception):
    """A source gave something else than it was asked for."""


class Gone(Exception):
    """A source cannot give the file; another may. `only_this_file`: it gives others."""

    def __init__(self, reason: str, *, only_this_file: bool = False) -> None:
        super().__init__(reason)
        self.only_this_file = only_this_file


class Source(Protocol):
    """Gives spans of one file."""

    name: str
    is_server: bool

    def read(self, span: Span, *, size: int) -> AsyncGenerator[bytes, None]:
        """Exactly the bytes of the span of a file of `size` bytes. Lies, Gone; of the server
        also ApiError and Unreachable."""
        ...


async def read_span(opened: Opened, span: Span, *, size: int) -> AsyncGenerator[bytes, None]:
    """The span out of an answer: 206 with the span, or 200 with the whole file when the span
    begins with it. Lies when it is anything else, or longer or shorter."""
    start, end = span
    left = end - start
    if not left:
        return
    async with opened((start, None if end == size else end)) as answer:
        if answer.status_code == 206:
            told = answer.headers.get("content-range", "")
            if not told.startswith(f"bytes {start}-{end - 1}/"):
                raise Lies(f"bytes {start} to {end - 1} were asked for, {told or 'others'} came")
        elif start:
            raise Lies("the whole file came where a part was asked for")
        if answer.headers.get("content-encoding", "identity") != "identity":
            raise Lies("the bytes came encoded although they were not to be")
        async for data in answer.aiter_raw():
            if len(data) > left:
                if answer.status_code == 206 or end == size:
                    raise Lies("more bytes came than were asked for")
                data = data[:left]
            left -= len(data)
            yield data
            if not left and answer.status_code == 200 and end < size:
                return
    if left:
        raise Lies(f"{left} bytes too few came")


class ServerSource:
    """The control server: it asks itself who may read the file."""

    name, is_server = "the server", True

    def __init__(self, api: LabApi, component_id: str, file: ComponentFile) -> None:
        self._api, self._component_id, self._file = api, component_id, file

    def read(self, span: Span, *, size: int) -> AsyncGenerator[bytes, None]:
        """Bytes of the file."""
        return read_span(
            lambda part: self._api.component_file(self._component_id, self._file.id, span=part),
            span,
            size=size,
        )


class WebSource:
    """A file at an address of a mirror, or of another agent that wants a permit."""

    is_server = False

    def __init__(
        self,
        http: httpx.AsyncClient,
        address: str,
        *,
        name: str,
        permit: Callable[[], Awaitable[Permit]] | None = None,
    ) -> None:
        self._http, self._address, self.name, self._permit = http, address, name, permit
        self._given: Permit | None = None

    async def read(self, span: Span, *, size: int) -> AsyncGenerator[bytes, None]:
        """Bytes of the file."""
        try:
            if self._permit and self._given is None:
                self._given = await self._permit()
            async for data in read_span(self._open, span, size=size):
                yield data
        except (httpx.HTTPError, httpx.InvalidURL, ApiError, Unreachable) as error:
            raise Gone(str(error) or type(error).__name__) from error

    @asynccontextmanager
    async def _open(self, span: tuple[int, int | None]) -> AsyncIterator[httpx.Response]:
        headers = {"Accept": "*/*", "Accept-Encoding": "identity", **range_header(span)}
        if self._given:
            headers["Authorization"] = proof(self._given, self._address, headers.get("Range", ""))
        async with self._http.stream("GET", self._address, headers=headers) as answer:
            if answer.status_code >= 300:
                raise Gone(f"it answered {answer.status_code}", only_this_file=True)
            yield answer


def proof(permit: Permit, address: str, span: str) -> str:
    """The header that shows to an agent that another may read a file: good for this file, this
    span and this agent, so that whoever gets it can use it nowhere else.

    >>> proof(Permit("2026-03-01T10:00:00", "k"), "http://rack-7:8970/files/ab", "")[:56]
    'Ringtest-Permit window=2026-03-01T10:00:00, proof=a5da0e'
    """
    there = urlsplit(address)
    said = "\n".join((permit.window, there.netloc.lower(), there.path, span))
    mac = hmac.new(permit.key.encode(), said.encode(), hashlib.sha256).hexdigest()
    return f"{SCHEME} window={permit.window}, proof={mac}"


def lan_client() -> httpx.AsyncClient:
    """For mirrors and other agents: no proxy, no patience, nobody's key."""
    return httpx.AsyncClient(timeout=_TIMEOUT, trust_env=False, follow_redirects=False)


def mirror_source(http: httpx.AsyncClient, base: str, name: str) -> WebSource:
    """A file of a mirror, by its path below the mirror's address."""
    return WebSource(http, f"{base.rstrip('/')}/{quote(name)}", name=f"the mirror {base}")


def peer_source(
    http: httpx.AsyncClient, base: str, api: LabApi, component_id: str, file: ComponentFile
) -> WebSource:
    """A file that another agent of the lab may keep. Whether ours may read it is asked of the
    server each time."""
    return WebSource(
        http,
        f"{base.rstrip('/')}/files/{(file.sha256 or '').lower()}",
        name=f"the agent at {base}",
        permit=lambda: api.permit(component_id, file.id),
    )
