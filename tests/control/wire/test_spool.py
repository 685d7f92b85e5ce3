"""Bodies that are read before they are used: the same bytes, digested once, in bounded memory."""

import errno
import hashlib
import os
from collections.abc import AsyncIterator, Iterator
from pathlib import Path
from typing import Any

import pytest

from ringtest.control.connectors.disk import DiskStore
from ringtest.control.kernel.errors import BadRequest, TooLarge, Unavailable
from ringtest.control.ports.object_store import Arrived, Stored
from ringtest.control.wire import spool

LIMIT = 10_000_000


class Request:
    """As much of a request as a spool looks at."""

    def __init__(self, chunks: Iterator[bytes], *, breaks: bool = False) -> None:
        self.receive: Any = self._receive
        self._chunks = chunks
        self._breaks = breaks

    async def _receive(self) -> dict[str, Any]:
        chunk = next(self._chunks, None)
        if chunk is None and self._breaks:
            return {"type": "http.disconnect"}
        return {"type": "http.request", "body": chunk or b"", "more_body": chunk is not None}

    async def stream(self) -> AsyncIterator[bytes]:
        more = True
        while more:
            message = await self.receive()
            more = message["more_body"]
            yield message["body"]


def chunks_of(body: bytes, size: int) -> Iterator[bytes]:
    return (body[at : at + size] for at in range(0, len(body), size))


def digests(body: bytes) -> Stored:
    return Stored(len(body), hashlib.sha256(body).hexdigest())


@pytest.mark.parametrize("chunk", [1000, 65_536, 3_000_000])
@pytest.mark.parametrize("size", [0, 1, 1_048_576, 1_048_577, 5_000_000])
async def test_the_body_is_the_same_again(tmp_path: Path, size: int, chunk: int) -> None:
    body = os.urandom(size)
    request: Any = Request(chunks_of(body, chunk))
    assert await spool.digest_body(request, limit=LIMIT, folder=tmp_path) == digests(body).sha256
    stream = spool.stream(request)
    assert isinstance(stream, Arrived) == (size > 1_048_576)
    if isinstance(stream, Arrived):
        assert stream.stored == digests(body)
    assert b"".join([part async for part in stream]) == body
    assert list(tmp_path.iterdir()) == []


async def test_a_handler_that_streams_a_large_body_gets_it_too(tmp_path: Path) -> None:
    body = os.urandom(2_000_000)
    request: Any = Request(chunks_of(body, 65_536))
    await spool.digest_body(request, limit=LIMIT, folder=tmp_path)
    assert b"".join([part async for part in request.stream()]) == body


@pytest.mark.parametrize("size", [1000, 3_000_000])
async def test_a_body_that_breaks_or_is_too_large_is_refused(tmp_path: Path, size: int) -> None:
    body = os.urandom(size)
    broken: Any = Request(chunks_of(body, 65_536), breaks=True)
    with pytest.raises(BadRequest):
        await spool.digest_body(broken, limit=LIMIT, folder=tmp_path)
    with pytest.raises(TooLarge):
        await spool.digest_body(
            Request(chunks_of(body, 65_536)),  # type: ignore[arg-type]
            limit=size - 1,
            folder=tmp_path,
        )
    assert list(tmp_path.iterdir()) == []


async def test_a_full_disk_is_unavailable(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def full(folder: Path | None) -> None:
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr(spool, "nameless", full)
    request: Any = Request(chunks_of(bytes(3_000_000), 65_536))
    with pytest.raises(Unavailable):
        await spool.digest_body(request, limit=LIMIT, folder=tmp_path)


async def test_the_disk_store_takes_the_file_itself(tmp_path: Path) -> None:
    """No byte is written twice."""
    body = os.urandom(2_000_000)
    request: Any = Request(chunks_of(body, 65_536))
    await spool.digest_body(request, limit=LIMIT, folder=tmp_path)
    arrived = spool.stream(request)
    assert isinstance(arrived, Arrived)
    number = os.fstat(arrived.file.fileno()).st_ino
    stored = await DiskStore(tmp_path / "objects").put("a/key", arrived, limit=LIMIT)
    assert stored == digests(body)
    there = tmp_path / "objects" / "a" / "key"
    assert (there.stat().st_ino, there.read_bytes()) == (number, body)
    assert list((tmp_path / "objects" / ".incoming").iterdir()) == []


async def test_where_a_file_cannot_be_named_it_is_copied(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refuse(*_: object, **__: object) -> None:
        raise OSError(errno.EXDEV, "another file system")

    monkeypatch.setattr("ringtest.control.connectors.disk.os.link", refuse)
    body = os.urandom(2_000_000)
    request: Any = Request(chunks_of(body, 65_536))
    await spool.digest_body(request, limit=LIMIT, folder=tmp_path)
    store = DiskStore(tmp_path / "objects")
    assert await store.put("a/key", spool.stream(request), limit=LIMIT) == digests(body)
    assert (tmp_path / "objects" / "a" / "key").read_bytes() == body
