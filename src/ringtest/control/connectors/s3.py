"""ObjectStore on S3 and what speaks its protocol: port `object_store`.

`RINGTEST_OBJECTS=s3://bucket/prefix`; credentials, region and endpoint come from the
environment as AWS's own tools read it (AWS_ACCESS_KEY_ID, AWS_SECRET_ACCESS_KEY,
AWS_SESSION_TOKEN, AWS_REGION, AWS_ENDPOINT_URL, roles of instances and containers), so
that no secret passes through settings or logs.

Small objects are one request; large ones go in parts, and are not there before the last
one is. Sending, retrying and TLS happen in obstore's own threads.
"""

import asyncio
import hashlib
import os
from collections.abc import AsyncIterator, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from typing import Any
from urllib.parse import urlsplit

import obstore
from obstore import exceptions
from obstore.store import S3Store as Bucket

from ringtest.control.kernel.errors import BadRequest, NotFound, TooLarge, Unavailable
from ringtest.control.kernel.settings import Settings
from ringtest.control.ports.object_store import Listed, Stored, check_key

PORT = "object_store"

_PART = 8 * 1024 * 1024
"""Bytes of a part, and what goes in one request: S3 takes at most 10,000 parts."""
_PARALLEL = 3
"""Parts on their way at a time: with the one that fills, what an upload keeps in memory."""
_CHUNK = 256 * 1024
_INLINE = 64 * 1024
"""Hashing so few bytes takes less time than a visit to a thread."""
_PAGE = 1000
_ERRORS = (exceptions.BaseError, ValueError, OSError)


def create(settings: Settings) -> "S3Store":
    """The store that RINGTEST_OBJECTS names."""
    address = urlsplit(settings.objects)
    prefix = address.path.strip("/")
    if not address.netloc or (prefix and not _is_key(prefix)):
        raise BadRequest("RINGTEST_OBJECTS must be s3://bucket or s3://bucket/prefix")
    endpoint = os.environ.get("AWS_ENDPOINT_URL_S3") or os.environ.get("AWS_ENDPOINT_URL") or ""
    more = {"endpoint": endpoint} if endpoint else {}
    options: Any = {"allow_http": True} if endpoint.startswith("http://") else {}
    return S3Store(
        Bucket(address.netloc, prefix=prefix or None, client_options=options, config=more)  # type: ignore[arg-type]
    )


def _is_key(text: str) -> bool:
    try:
        return bool(check_key(text))
    except BadRequest:
        return False


class S3Store:
    """Objects of a bucket, below its prefix."""

    def __init__(self, bucket: Bucket) -> None:
        self._bucket = bucket

    async def put(self, key: str, chunks: AsyncIterator[bytes], *, limit: int) -> Stored:
        """See `ports.object_store`."""
        check_key(key)
        body = _Body(chunks, limit)
        parts = body.parts()
        first = await anext(parts, b"")
        if len(first) < _PART:
            with _errors():
                await obstore.put_async(self._bucket, key, first, use_multipart=False)
            return body.stored()
        await self._put_parts(key, body, first, parts)
        return body.stored()

    async def _put_parts(
        self, key: str, body: "_Body", first: bytes, parts: AsyncIterator[bytes]
    ) -> None:
        """In parts. What breaks on the way leaves none: `abort` forgets those that were sent."""
        writer = obstore.open_writer_async(
            self._bucket, key, buffer_size=_PART, max_concurrency=_PARALLEL
        )
        with _errors():
            await writer.__aenter__()
        try:
            with _errors():
                await writer.write(first)
            async for part in parts:
                with _errors():
                    await writer.write(part)
        except BaseException as error:
            # told of an error, the writer gives up its upload instead of ending it
            await writer.__aexit__(type(error), error, None)
            raise
        with _errors():
            await writer.close()

    async def get(
        self, key: str, *, start: int = 0, end: int | None = None
    ) -> AsyncIterator[bytes]:
        """See `ports.object_store`."""
        check_key(key)
        if end is not None and start >= end:
            await self._size(key)
            return
        options: Any = {}
        if end is not None:
            options["range"] = (start, end)
        elif start:
            options["range"] = {"offset": start}
        try:
            with _errors():
                found = await obstore.get_async(self._bucket, key, options=options)
        except FileNotFoundError:
            raise NotFound("object not found") from None
        except Unavailable:
            if options and start >= await self._size(key):
                return  # S3 refuses a span behind the end
            raise
        with _errors():
            async for piece in found.stream(min_chunk_size=_CHUNK):
                data = bytes(piece)
                for at in range(0, len(data), 4 * _CHUNK):
                    yield data[at : at + 4 * _CHUNK]

    async def _size(self, key: str) -> int:
        try:
            with _errors():
                return (await obstore.head_async(self._bucket, key))["size"]
        except FileNotFoundError:
            raise NotFound("object not found") from None

    async def delete(self, key: str) -> None:
        """See `ports.object_store`."""
        check_key(key)
        with _errors():
            try:
                await obstore.delete_async(self._bucket, key)
            except FileNotFoundError:
                return

    async def list(self, after: str = "") -> AsyncIterator[Listed]:
        """See `ports.object_store`."""
        now = datetime.now(UTC)
        with _errors():
            pages = obstore.list(self._bucket, offset=after or None, chunk_size=_PAGE)
            async for page in pages:
                for one in page:
                    age = (now - one["last_modified"]).total_seconds()
                    yield Listed(one["path"], one["size"], age)

    async def presign(self, key: str, *, seconds: int, method: str = "GET") -> str | None:
        """See `ports.object_store`."""
        check_key(key)
        kind: Any = method
        with _errors():
            return await obstore.sign_async(self._bucket, kind, key, timedelta(seconds=seconds))


class _Body:
    """A stream on its way: cut in parts, counted, its digest made."""

    def __init__(self, chunks: AsyncIterator[bytes], limit: int) -> None:
        self._chunks = chunks
        self._limit = limit
        self._size = 0
        self._sha256 = hashlib.sha256()

    def stored(self) -> Stored:
        return Stored(self._size, self._sha256.hexdigest())

    async def parts(self) -> AsyncIterator[bytes]:
        """Parts of `_PART` bytes, the last one shorter."""
        waiting: list[bytes] = []
        length = 0
        async for chunk in self._chunks:
            self._size += len(chunk)
            if self._size > self._limit:
                raise TooLarge(f"the file may have at most {self._limit} bytes", limit=self._limit)
            waiting.append(chunk)
            length += len(chunk)
            while length >= _PART:
                whole = b"".join(waiting)
                part, rest = whole[:_PART], whole[_PART:]
                waiting, length = [rest], len(rest)
                await self._digest(part)
                yield part
        last = b"".join(waiting)
        await self._digest(last)
        yield last

    async def _digest(self, part: bytes) -> None:
        if len(part) <= _INLINE:
            self._sha256.update(part)
        else:
            await asyncio.to_thread(self._sha256.update, part)


@contextmanager
def _errors() -> Iterator[None]:
    """What the store says may hold keys and addresses: only the log gets it."""
    try:
        yield
    except FileNotFoundError:
        raise
    except _ERRORS as error:
        raise Unavailable("the object store does not take requests now; try again") from error
