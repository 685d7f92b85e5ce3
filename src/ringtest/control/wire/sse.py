"""Server-sent events: one renderer for every stream, with pings and a clean end."""

import asyncio
import random
from collections.abc import AsyncGenerator, AsyncIterator
from contextlib import aclosing
from dataclasses import dataclass

from litestar.response import Stream

from ringtest.control.wire import context, measures

PING_SECONDS = 15.0
"""Silence longer than this makes proxies and clients believe the other side is gone."""


@dataclass(frozen=True, slots=True)
class Message:
    """One event. `data` is JSON on a single line."""

    event: str
    data: str
    id: int | None = None

    def render(self) -> bytes:
        """The bytes on the wire.

        >>> Message("end", "{}").render()
        b'event: end\\ndata: {}\\n\\n'
        """
        number = f"id: {self.id}\n" if self.id is not None else ""
        return f"event: {self.event}\n{number}data: {self.data}\n\n".encode()


def stream(messages: AsyncIterator[Message], *, closing: asyncio.Event) -> Stream:
    """Answer with `messages` as they come, a ping in every silence, until they end,
    the reader leaves or the server stops (`closing`).

    The next message is only taken when the one before was sent: a slow reader slows
    its own source and nobody else.
    """
    return Stream(
        _render(messages, closing),
        media_type="text/event-stream",
        headers={"Cache-Control": "no-cache", "X-Accel-Buffering": "no"},
    )


async def _render(messages: AsyncIterator[Message], closing: asyncio.Event) -> AsyncIterator[bytes]:
    request = context.current.get()
    if request is not None:
        request.is_stream = True
    measures.STREAMS.inc()
    try:
        yield b"retry: 1000\n\n"
        async with aclosing(_passing(messages, closing)) as passing:
            async for chunk in passing:
                yield chunk
        if closing.is_set():  # spread over a moment, so that not everybody is back at once
            yield f"retry: {random.randint(200, 3000)}\n\n".encode()
    finally:
        measures.STREAMS.dec()


async def _passing(
    messages: AsyncIterator[Message], closing: asyncio.Event
) -> AsyncGenerator[bytes, None]:
    closed = asyncio.create_task(closing.wait())
    async with aclosing(_as_generator(messages)) as source:
        getting: asyncio.Task[Message] | None = None
        try:
            while not closing.is_set():
                getting = getting or asyncio.create_task(_next(source))
                await asyncio.wait(
                    {getting, closed}, timeout=PING_SECONDS, return_when=asyncio.FIRST_COMPLETED
                )
                if getting.done():
                    done, getting = getting, None
                    try:
                        yield done.result().render()
                    except StopAsyncIteration:
                        return
                elif not closing.is_set():
                    yield b": ping\n\n"
        finally:
            # the source cannot be closed while a task still waits inside it
            closed.cancel()
            if getting is not None:
                getting.cancel()
                await asyncio.gather(getting, return_exceptions=True)


async def _next(source: AsyncGenerator[Message, None]) -> Message:
    return await anext(source)


async def _as_generator(messages: AsyncIterator[Message]) -> AsyncGenerator[Message, None]:
    async for message in messages:
        yield message
