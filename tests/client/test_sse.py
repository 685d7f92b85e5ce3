"""Event streams: parsed however they are cut, resumed after every break."""

import asyncio
from collections.abc import AsyncIterator
from itertools import pairwise

import httpx
import pytest
from hypothesis import given
from hypothesis import strategies as st

from ringtest.client import ApiError, AsyncClient, Backoff, Connection, ServerEvent
from ringtest.client.sse import EventParser, read_events

STREAM = (
    b': ping\n\nevent: hello\nid: 1\ndata: {"a":\ndata:  1}\n\n'
    b"data: plain\r\nid: 2\r\n\r\nevent: empty\n\nevent: last\ndata: \xc3\xbc\n\n"
)
EVENTS = [
    ServerEvent("hello", '{"a":\n 1}', "1"),
    ServerEvent("message", "plain", "2"),
    ServerEvent("last", "ü", "2"),
]


@given(st.lists(st.integers(0, len(STREAM)), max_size=12))
def test_events_do_not_depend_on_how_the_stream_is_cut(cuts: list[int]) -> None:
    parser = EventParser()
    edges = [0, *sorted(cuts), len(STREAM)]
    pieces = [STREAM[a:b] for a, b in pairwise(edges)]
    assert [event for piece in pieces for event in parser.feed(piece)] == EVENTS


class Body(httpx.AsyncByteStream):
    """Bytes, then a broken connection if asked for."""

    def __init__(self, data: bytes, *, breaks: bool) -> None:
        self.data = data
        self.breaks = breaks

    async def __aiter__(self) -> AsyncIterator[bytes]:
        yield self.data
        if self.breaks:
            raise httpx.ReadError("reset")


async def test_a_broken_stream_resumes_behind_the_last_event() -> None:
    resumed: list[str | None] = []
    breaks: list[str] = []

    def handler(request: httpx.Request) -> httpx.Response:
        resumed.append(request.headers.get("last-event-id"))
        number = len(resumed)
        if number == 2:
            raise httpx.ConnectError("refused", request=request)
        data = b"id: %d\nevent: tick\ndata: {}\n\n" % number
        return httpx.Response(200, stream=Body(data, breaks=number == 1))

    client = AsyncClient(Connection.anonymous("http://x"), transport=httpx.MockTransport(handler))
    ids = []
    async for event in read_events(
        client,
        "/events/stream",
        backoff=Backoff(first=0.0),
        on_break=lambda error, delay: breaks.append(str(error)),
    ):
        ids.append(event.id)
        if len(ids) == 3:
            break
    assert ids == ["1", "3", "4"]
    assert resumed == [None, "1", "1", "3"]
    assert len(breaks) == 3
    assert breaks[2] == "None"  # the server ended the stream


async def test_a_refusal_ends_the_reading() -> None:
    client = AsyncClient(
        Connection.anonymous("http://x"),
        transport=httpx.MockTransport(lambda _: httpx.Response(401, json={"message": "no"})),
    )
    with pytest.raises(ApiError, match="no"):
        await asyncio.wait_for(anext(aiter(read_events(client, "/agent/stream"))), 5)
