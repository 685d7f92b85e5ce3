"""A caller's wish that a POST has its effect once, however often it is sent.

The claim knows the key, what was sent with it and how its answer is kept; the database
(`db.keyed`) holds the transaction in which key, change and answer become true together.
"""

import hashlib
from collections.abc import Awaitable, Callable, Mapping, MutableMapping
from typing import Any, Protocol

import msgspec

from ringtest.control.kernel.errors import BadRequest, RingtestError, TooLarge
from ringtest.control.ports.secret_box import SecretBox

KEY_LIMIT = 255
"""Characters of an Idempotency-Key."""
ANSWER_LIMIT = 256 * 1024
"""Bytes of an answer that are kept for a repetition."""

Message = MutableMapping[str, Any]
Receive = Callable[[], Awaitable[Message]]


class Answer(msgspec.Struct, frozen=True, array_like=True):
    """An answer as it went out. `body` None: it was too large to be kept."""

    status: int
    content_type: str
    etag: str | None
    body: str | None


class Replayed(RingtestError):
    """Not an error: the request was answered before, and this is how."""

    def __init__(self, answer: Answer) -> None:
        super().__init__("this request was answered before")
        self.answer = answer


class Held(Protocol):
    """The open transaction of a keyed request."""

    async def finish(self, sealed: bytes) -> bool:
        """Commit change and answer together; False when that failed and nothing happened."""
        ...

    async def abandon(self) -> bool:
        """Undo everything; False when the connection is gone, and it was undone anyway."""
        ...


class Claim:
    """One keyed request. `about` is what else must be the same when it is repeated: method,
    address, team scope; `limit` the largest body in bytes; `actor` who sent it."""

    def __init__(self, key: str, about: str, secrets: SecretBox, limit: int) -> None:
        self.key = key
        self.actor = ""
        self.limit = limit
        self.held: Held | None = None
        self._secrets = secrets
        self._receive: Receive | None = None
        self._digest = hashlib.sha256(about.encode())
        self._ahead: list[Message] = []
        self._ended = False

    @property
    def is_whole(self) -> bool:
        """Whether the whole request has arrived."""
        return self._ended

    def watch(self, receive: Receive, unless: Callable[[], bool]) -> Receive:
        """The same body, digested as it passes, unless nobody will ask for its digest."""
        self._receive = receive

        async def watched() -> Message:
            if self._ahead:
                return self._ahead.pop(0)
            return await (receive() if unless() else self._next())

        return watched

    async def _next(self) -> Message:
        assert self._receive is not None
        message = await self._receive()
        if message["type"] == "http.request":
            self._digest.update(message.get("body", b""))
            self._ended = self._ended or not message.get("more_body", False)
        else:
            self._ended = True
        return message

    async def digest(self) -> bytes:
        """SHA-256 of the whole request; what nobody read yet is read and kept for them."""
        size = 0
        while not self._ended:
            message = await self._next()
            size += len(message.get("body", b""))
            if size > self.limit:
                raise TooLarge(f"the body may have at most {self.limit} bytes", limit=self.limit)
            self._ahead.append(message)
        return self._digest.digest()

    def key_hash(self) -> bytes:
        """What is kept of the key; BadRequest for one that is none."""
        if not (0 < len(self.key) <= KEY_LIMIT and self.key.isascii() and self.key.isprintable()):
            raise BadRequest(
                f"Idempotency-Key must be 1 to {KEY_LIMIT} printable ASCII characters",
                limit=KEY_LIMIT,
            )
        return hashlib.sha256(self.key.encode()).digest()

    def seal(self, status: int, headers: Mapping[bytes, bytes], body: bytes | None) -> bytes:
        """The answer as it is kept: encrypted, since it may hold a secret just made."""
        text = body.decode("utf-8", "replace") if body is not None else None
        if body is not None and len(body) > ANSWER_LIMIT:
            text = None
        etag = headers.get(b"etag")
        kept = Answer(
            status,
            headers.get(b"content-type", b"application/json").decode("latin-1"),
            etag.decode("latin-1") if etag else None,
            text,
        )
        return self._secrets.seal(msgspec.json.encode(kept).decode())

    def open(self, sealed: bytes) -> Answer:
        """What `seal` kept."""
        return msgspec.json.decode(self._secrets.open(sealed), type=Answer)
