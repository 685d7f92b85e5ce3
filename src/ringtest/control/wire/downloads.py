"""Files on their way out: as attachments with harmless names, whole or in ranges."""

import re
from collections.abc import AsyncIterator, Callable
from dataclasses import dataclass
from typing import Any
from urllib.parse import quote

from litestar import Request, Response
from litestar.response import Stream

from ringtest.control.kernel.errors import BadRequest
from ringtest.control.ports.object_store import ObjectStore
from ringtest.control.wire import answers

REDIRECT_SECONDS = 600
"""How long an address is good that a download is sent to."""
_MIME = re.compile(r"[\w!#$&^.+-]{1,80}/[\w!#$&^.+-]{1,80}(; ?charset=[\w-]{1,40})?", re.ASCII)
_RANGE = re.compile(r"bytes=(\d{0,18})-(\d{0,18})", re.ASCII)


@dataclass(frozen=True, slots=True)
class Download:
    """What is sent: `open` gives the bytes from the first number to the second, exclusive."""

    name: str
    mime: str | None
    size: int
    digest: str
    """Names the content: the ETag of downloads that go on where they were cut."""
    open: Callable[[int, int], AsyncIterator[bytes]]


def attachment(name: str) -> str:
    """Content-Disposition of a file that is to be saved, whatever its name is.

    >>> attachment("../a b.txt")
    'attachment; filename="a_b.txt"'
    >>> attachment("caf\\u00e9")
    'attachment; filename="caf_"; filename*=UTF-8\\'\\'caf%C3%A9'
    """
    last = re.split(r"[/\\]", name)[-1].strip(". ").replace(" ", "_") or "file"
    plain = re.sub(r"[^A-Za-z0-9_.,@=+()\[\]-]", "_", last)
    more = "" if plain == last else f"; filename*=UTF-8''{quote(last, safe='')}"
    return f'attachment; filename="{plain}"{more}'


def read_range(text: str | None, size: int) -> tuple[int, int] | None:
    """First byte and end (exclusive) of a Range header; None means the whole file.

    An empty span (start = end) means that the file has no such bytes. Several ranges
    at once are answered with the whole file, which HTTP allows.

    >>> read_range("bytes=2-4", 10), read_range("bytes=-3", 10), read_range("bytes=8-", 10)
    ((2, 5), (7, 10), (8, 10))
    >>> read_range("bytes=10-", 10), read_range("lines=1-2", 10)
    ((0, 0), None)
    """
    found = _RANGE.fullmatch(text or "")
    if not found or not (found[1] or found[2]):
        return None
    if not found[1]:
        length = min(int(found[2]), size)
        return (size - length, size) if length else (0, 0)
    start = int(found[1])
    if found[2] and int(found[2]) < start:
        return None
    end = min(int(found[2]) + 1, size) if found[2] else size
    return (start, end) if start < size else (0, 0)


async def address(objects: ObjectStore, key: str, form: str, method: str) -> str | None:
    """Where the store has an object for whoever comes; None: the server sends it itself.

    `form` is the setting `downloads`: redirect or stream.
    """
    if form != "redirect":
        return None
    try:
        return await objects.presign(key, seconds=REDIRECT_SECONDS, method=method)
    except BadRequest:  # a name that is no key: no object can have it
        return None


def elsewhere(address: str) -> Response[bytes]:
    """302. Nobody may keep the answer for longer than the address is good."""
    headers = {"Location": address, "Cache-Control": "no-store"}
    return Response(b"", status_code=302, media_type="application/json", headers=headers)


async def send(request: Request[Any, Any, Any], file: Download) -> Response[Any]:
    """The answer to GET or HEAD of a file: 200, 206 or 416."""
    etag = f'"{file.digest}"'
    headers = {
        "Accept-Ranges": "bytes",
        "Content-Disposition": attachment(file.name),
        "Content-Security-Policy": "sandbox",
        "ETag": etag,
    }
    span = read_range(request.headers.get("range"), file.size)
    if request.headers.get("if-range", etag) != etag:
        span = None
    if span and span[0] == span[1]:
        return _no_such_part(request, file.size)
    start, end = span or (0, file.size)
    if span:
        headers["Content-Range"] = f"bytes {start}-{end - 1}/{file.size}"
    headers["Content-Length"] = str(end - start)
    mime = file.mime if file.mime and _MIME.fullmatch(file.mime) else "text/plain"
    if "charset=" in mime:
        headers["Content-Type"] = mime  # the framework would add another charset to it
    status = 206 if span else 200
    if request.method == "HEAD":
        return Response(b"", status_code=status, media_type=mime, headers=headers)
    body = await _begun(file.open(start, end))
    return Stream(body, status_code=status, media_type=mime, headers=headers)


def _no_such_part(request: Request[Any, Any, Any], size: int) -> Response[bytes]:
    told = answers.error(416, f"the file has {size} bytes: none in this range", {"size": size})
    told.headers |= {"Content-Range": f"bytes */{size}", "Accept-Ranges": "bytes"}
    if request.method == "HEAD":
        told.content = b""
    return told


async def _begun(chunks: AsyncIterator[bytes]) -> AsyncIterator[bytes]:
    """The same chunks, the first one read: what is missing is told before the headers go."""
    first = await anext(chunks, b"")

    async def all_of_them() -> AsyncIterator[bytes]:
        yield first
        async for chunk in chunks:
            yield chunk

    return all_of_them()
