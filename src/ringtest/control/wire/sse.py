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
    mail = _Mail()
    filling = asyncio.create_task(mail.fill(messages))
    closed = asyncio.create_task(closing.wait())
    closed.add_done_callback(lambda _: mail.wake())
    try:
        while not closing.is_set():
            if mail.message is None and not mail.is_over:
                await mail.wait(PING_SECONDS)
                if closing.is_set():
                    return
            if mail.message is not None:
                yield mail.message.render()
                mail.take()
            elif mail.is_over:
                filling.result()  # its failure, if it failed
                return
            else:
                yield b": ping\n\n"
    finally:
        # the source cannot be closed while a task still waits inside it
        closed.cancel()
        filling.cancel()
        await asyncio.gather(filling, return_exceptions=True)


class _Mail:
    """One message between the task that waits for the source and the one that sends. A task
    for each message would cost more than all else that is done for it."""

    def __init__(self) -> None:
        self.message: Message | None = None
        self.is_over = False
        self._waiter: asyncio.Future[None] | None = None
        self._room = asyncio.Event()

    async def fill(self, messages: AsyncIterator[Message]) -> None:
        """Put one in after the other, each when the one before was taken."""
        try:
            async with aclosing(_as_generator(messages)) as source:
                async for message in source:
                    self.message = message
                    self._room.clear()
                    self.wake()
                    await self._room.wait()
        finally:
            self.is_over = True
            self.wake()

    def take(self) -> None:
        """The message that is there was sent."""
        self.message = None
        self._room.set()

    async def wait(self, seconds: float) -> None:
        """Until there may be one, or for so long."""
        loop = asyncio.get_running_loop()
        self._waiter = loop.create_future()
        timer = loop.call_later(seconds, self.wake)
        try:
            await self._waiter
        finally:
            timer.cancel()
            self._waiter = None

    def wake(self) -> None:
        """Go on."""
        if self._waiter is not None and not self._waiter.done():
            self._waiter.set_result(None)


async def _as_generator(messages: AsyncIterator[Message]) -> AsyncGenerator[Message, None]:
    async for message in messages:
        yield message
