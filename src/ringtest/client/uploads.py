"""Large files on their way to the server, piece by piece: what is cut goes on where it was.

The server keeps what arrived (tus 1.0). A piece has its checksum and is small enough to be
signed; an upload that was begun before, by whichever process, is found by its content.
"""

import asyncio
import hashlib
import time
from base64 import b64encode
from collections.abc import Callable, Generator, Mapping
from typing import Any

import httpx

from ringtest.client import requests
from ringtest.client.aio import AsyncClient
from ringtest.client.errors import ApiError, Unreachable
from ringtest.client.files import LocalFile
from ringtest.client.requests import Call
from ringtest.client.retry import Retries
from ringtest.client.sync import Client

PIECE = 16 * 1024 * 1024
"""Bytes that one request carries, and that are sent again at most."""
_TUS = {"Tus-Resumable": "1.0.0"}
_AGAIN = frozenset({409, 460, 500, 502, 503, 504})
"""Answers after which the server is asked where to go on."""

Progress = Callable[[int, int], None]
"""Called with the bytes that are safe and those there are."""
Steps = Generator[Call | float, httpx.Response, str]
"""An upload without a network: yields requests to send and seconds to wait, is sent the answers
(or thrown Unreachable), returns the new file's id."""
Asking = Generator[Call, httpx.Response, Any]


def _quiet(done: int, size: int) -> None:
    """Nobody watches."""


def upload_resumable(
    client: Client,
    file: LocalFile,
    metadata: Mapping[str, str],
    *,
    piece: int = PIECE,
    progress: Progress = _quiet,
    retries: Retries | None = None,
) -> str:
    """Upload a file, going on with an earlier try if there is one; the new file's id.

    `metadata`: filename, filetype, and job_id (attempt, idempotency_key), jobstate_id or
    component_id. Raises ApiError when the server refuses, Unreachable when it stays away.
    """
    steps = _steps(file, metadata, piece, progress, retries or Retries())
    try:
        step = next(steps)
        while True:
            if isinstance(step, float):
                time.sleep(step)
                step = next(steps)
                continue
            try:
                answer = client.send(step)
            except Unreachable as error:
                step = steps.throw(error)
            else:
                step = steps.send(answer)
    except StopIteration as end:
        return str(end.value)


async def upload_resumable_async(
    client: AsyncClient,
    file: LocalFile,
    metadata: Mapping[str, str],
    *,
    piece: int = PIECE,
    progress: Progress = _quiet,
    retries: Retries | None = None,
) -> str:
    """The same for an asynchronous client."""
    steps = _steps(file, metadata, piece, progress, retries or Retries())
    try:
        step = next(steps)
        while True:
            if isinstance(step, float):
                await asyncio.sleep(step)
                step = next(steps)
                continue
            try:
                answer = await client.send(step)
            except Unreachable as error:
                step = steps.throw(error)
            else:
                step = steps.send(answer)
    except StopIteration as end:
        return str(end.value)


def _steps(
    file: LocalFile,
    metadata: Mapping[str, str],
    piece: int,
    progress: Progress,
    policy: Retries,
) -> Steps:
    about = {**metadata, "sha256": file.sha256}
    address, done = (yield from _find(file, about)) or (yield from _begin(file, about))
    backoff, left = policy.backoff(), policy.attempts
    progress(done, file.size)
    is_cut = False
    while done < file.size:
        try:
            done = (yield from _offset(address)) if is_cut else done
            is_cut = False
            if done < file.size:
                done = yield from _send(address, file, done, piece)
            backoff, left = policy.backoff(), policy.attempts
            progress(done, file.size)
        except (ApiError, Unreachable) as error:
            left -= 1
            if not left or (isinstance(error, ApiError) and error.status not in _AGAIN):
                raise
            is_cut = True
            yield backoff.next()
    upload = (yield from _get(address))["upload"]
    if upload["file_id"] is None:  # all of it is there: asking for the offset ends it
        yield from _offset(address)
        upload = (yield from _get(address))["upload"]
    return str(upload["file_id"])


def _get(path: str) -> Asking:
    answer = yield requests.get(path)
    return requests.decode(answer)


def _begin(
    file: LocalFile, metadata: Mapping[str, str]
) -> Generator[Call, httpx.Response, tuple[str, int]]:
    pairs = (f"{key} {b64encode(text.encode()).decode()}" for key, text in metadata.items())
    headers = {"Upload-Length": str(file.size), "Upload-Metadata": ",".join(pairs), **_TUS}
    call = requests.post("/uploads")
    answer = yield Call("POST", call.path, headers={**call.headers, **headers})
    return f"/uploads/{requests.decode(answer)['upload']['id']}", 0


def _find(
    file: LocalFile, metadata: Mapping[str, str]
) -> Generator[Call, httpx.Response, tuple[str, int] | None]:
    """An unfinished upload of the same bytes to the same place."""
    names = {"filename": "name", "filetype": "mime"}
    wanted = {names.get(key, key): text for key, text in metadata.items() if text}
    for upload in (yield from _get("/uploads"))["uploads"]:
        if upload["size"] == file.size and upload["metadata"] == wanted:
            return f"/uploads/{upload['id']}", upload["received"]
    return None


def _offset(address: str) -> Generator[Call, httpx.Response, int]:
    answer = yield Call("HEAD", address, headers=_TUS)
    if answer.status_code >= 300:
        yield from _get(address)  # an answer to HEAD cannot say why
        raise ApiError(answer.status_code, "the upload was refused", {}, f"HEAD {address}")
    return int(answer.headers["upload-offset"])


def _send(
    address: str, file: LocalFile, at: int, piece: int
) -> Generator[Call, httpx.Response, int]:
    with file.path.open("rb") as opened:
        opened.seek(at)
        data = opened.read(min(piece, file.size - at))
    if not data:
        raise OSError(f"{file.path} shrank while it was read")
    headers = {
        "Content-Type": "application/offset+octet-stream",
        "Upload-Offset": str(at),
        "Upload-Checksum": f"sha256 {b64encode(hashlib.sha256(data).digest()).decode()}",
        **_TUS,
    }
    answer = yield Call("PATCH", address, headers=headers, content=data)
    requests.decode(answer)
    return int(answer.headers["upload-offset"])
