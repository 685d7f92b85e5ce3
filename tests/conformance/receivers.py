"""Receivers of reports that can be down, refuse, stay silent or drip: one per channel."""

import asyncio
import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from email import message_from_bytes, policy
from typing import Any, Literal, Protocol

from aiosmtpd.smtp import SMTP, Envelope, Session

Mood = Literal["well", "busy", "refusing", "silent"]


@dataclass(frozen=True, slots=True)
class Got:
    """A message as the receiver has it."""

    id: str
    subject: str
    text: str
    headers: Mapping[str, str]
    raw: bytes


class Receiver(Protocol):
    """What the suite does to a receiver."""

    mood: Mood
    got: list[Got]

    @property
    def address(self) -> str:
        """Where messages go."""
        ...

    async def start(self) -> None:
        """Listen, at the same place every time."""
        ...

    async def stop(self) -> None:
        """Be down: connections are refused."""
        ...


@dataclass
class HttpReceiver:
    """A web server of one page."""

    mood: Mood = "well"
    status: dict[str, int] = field(
        default_factory=lambda: {"well": 200, "busy": 503, "refusing": 410}
    )
    got: list[Got] = field(default_factory=list)
    port: int = 0
    extra: bytes = b""
    _server: asyncio.Server | None = None

    @property
    def address(self) -> str:
        return f"http://127.0.0.1:{self.port}/hook"

    async def start(self) -> None:
        self._server = await asyncio.start_server(self._serve, "127.0.0.1", self.port)
        self.port = self._server.sockets[0].getsockname()[1]

    async def stop(self) -> None:
        if self._server is not None:
            self._server.close()
            await self._server.wait_closed()

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        head = await reader.readuntil(b"\r\n\r\n")
        lines = head.decode().split("\r\n")[1:-2]
        headers = {k.lower(): v for k, _, v in (line.partition(": ") for line in lines)}
        body = await reader.readexactly(int(headers["content-length"]))
        if self.mood == "silent":
            await reader.read()  # until the sender has had enough
        else:
            self._note(headers, body)
            answer = self.mood.encode() + self.extra
            writer.write(
                b"HTTP/1.1 %d X\r\ncontent-length: %d\r\nlocation: /elsewhere\r\n\r\n%s"
                % (self.status[self.mood], len(answer), answer)
            )
            await writer.drain()
        writer.close()

    def _note(self, headers: dict[str, str], body: bytes) -> None:
        if self.mood == "well":
            content: dict[str, Any] = json.loads(body)
            text = content.get("summary", "")
            self.got.append(Got(headers["webhook-id"], content["subject"], text, headers, body))


@dataclass
class MailReceiver:
    """A mail server for every address."""

    mood: Mood = "well"
    got: list[Got] = field(default_factory=list)
    port: int = 0
    receivers: list[str] = field(default_factory=list)
    _server: asyncio.Server | None = None

    @property
    def address(self) -> str:
        return "lab@example.org"

    async def start(self) -> None:
        loop = asyncio.get_running_loop()
        self._server = await loop.create_server(
            lambda: SMTP(self, hostname="test", enable_SMTPUTF8=False), "127.0.0.1", self.port
        )
        self.port = self._server.sockets[0].getsockname()[1]

    async def stop(self) -> None:
        if self._server is not None:
            self._server.close()
            await self._server.wait_closed()

    async def handle_RCPT(
        self, server: SMTP, session: Session, envelope: Envelope, address: str, _: list[str]
    ) -> str:
        if self.mood == "refusing":
            return "550 no such lab"
        if self.mood == "busy":
            return "451 come back later"
        envelope.rcpt_tos.append(address)
        return "250 OK"

    async def handle_DATA(self, server: SMTP, session: Session, envelope: Envelope) -> str:
        if self.mood == "silent":
            await asyncio.Event().wait()
        raw = envelope.content
        assert isinstance(raw, bytes)
        mail = message_from_bytes(raw, policy=policy.default)
        self.receivers += envelope.rcpt_tos
        self.got.append(
            Got(
                str(mail["Message-ID"]).strip("<>").partition("@")[0],
                str(mail["Subject"]),
                mail.get_content().replace("\r\n", "\n"),
                {key.lower(): str(value) for key, value in mail.items()},
                raw,
            )
        )
        return "250 OK"
