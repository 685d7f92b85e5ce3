"""Server-sent events: a parser, and a reader that reconnects and resumes."""

import asyncio
from collections.abc import AsyncGenerator, AsyncIterator, Callable, Mapping
from contextlib import aclosing
from dataclasses import dataclass
from typing import Any

import msgspec

from ringtest.client.aio import AsyncClient
from ringtest.client.errors import ApiError, Unreachable
from ringtest.client.retry import Backoff

SILENCE_SECONDS = 45.0
"""The server pings every 15 s: a stream quiet for so long is dead, whatever TCP thinks."""

_LATER = frozenset({408, 429})


@dataclass(frozen=True, slots=True)
class ServerEvent:
    """One event of a stream."""

    type: str
    data: str
    id: str = ""

    def json(self) -> Any:
        """The data decoded; ValueError when it is not JSON."""
        return msgspec.json.decode(self.data)


class EventParser:
    r"""Bytes in, events out, however the bytes are cut.

    >>> parser = EventParser()
    >>> parser.feed(b": ping\n\nevent: hello\nda"), parser.feed(b"ta: {}\nid: 7\n\n")
    ([], [ServerEvent(type='hello', data='{}', id='7')])
    """

    def __init__(self) -> None:
        self._rest = b""
        self._fields: dict[str, list[str]] = {}
        self.last_id = ""

    def feed(self, chunk: bytes) -> list[ServerEvent]:
        """Take bytes, give the events they complete. CR LF and LF end a line."""
        *lines, self._rest = (self._rest + chunk).split(b"\n")
        events = []
        for line in lines:
            text = line.removesuffix(b"\r").decode(errors="replace")
            if not text:
                events.extend(self._dispatch())
                continue
            name, _, value = text.partition(":")
            if name:  # a line that begins with a colon is a comment
                self._fields.setdefault(name, []).append(value.removeprefix(" "))
        return events

    def _dispatch(self) -> list[ServerEvent]:
        fields, self._fields = self._fields, {}
        if "id" in fields:
            self.last_id = fields["id"][-1]
        if "data" not in fields:
            return []
        kind = fields.get("event", ["message"])[-1]
        return [ServerEvent(kind, "\n".join(fields["data"]), self.last_id)]


async def read_events(
    client: AsyncClient,
    path: str,
    *,
    params: Callable[[], Mapping[str, str]] = dict,
    headers: Mapping[str, str] | None = None,
    last_id: str = "",
    backoff: Backoff | None = None,
    on_break: Callable[[Exception | None, float], None] | None = None,
) -> AsyncIterator[ServerEvent]:
    """Events for ever: connects again after breaks and resumes behind the last id seen.

    `params` is asked at every connection, for streams that resume by a parameter.
    `on_break(error, seconds)` is told why and until when it waits; error is None when the
    server ended the stream. A refusal that waiting cannot mend is raised as ApiError.
    """
    waits = backoff or Backoff(first=0.5, most=15.0)
    while True:
        reason: Exception | None = None
        try:
            stream = _read_once(client, path, params(), headers or {}, last_id)
            async with aclosing(stream):
                async for event in stream:
                    waits.reset()
                    last_id = event.id or last_id
                    yield event
        except Unreachable as error:
            reason = error
        except ApiError as error:
            if error.status < 500 and error.status not in _LATER:
                raise
            reason = error
        delay = waits.next()
        if on_break:
            on_break(reason, delay)
        await asyncio.sleep(delay)


async def _read_once(
    client: AsyncClient,
    path: str,
    params: Mapping[str, str],
    headers: Mapping[str, str],
    last_id: str,
) -> AsyncGenerator[ServerEvent, None]:
    sent = {"Accept": "text/event-stream", "Cache-Control": "no-store", **headers}
    if last_id:
        sent["Last-Event-ID"] = last_id
    parser = EventParser()
    async with client.open(
        path, params=params, headers=sent, read_timeout=SILENCE_SECONDS
    ) as response:
        async for chunk in response.aiter_bytes():
            for event in parser.feed(chunk):
                yield event
