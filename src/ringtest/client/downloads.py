"""Files on their way here: what is cut goes on where it was, also by another process."""

import hashlib
import time
from collections.abc import Callable
from pathlib import Path

from ringtest.client.errors import ApiError, Unreachable
from ringtest.client.files import CHUNK
from ringtest.client.retry import Retries
from ringtest.client.sync import Client

Progress = Callable[[int, int], None]
"""Called with the bytes that are there and those there will be."""


class Corrupt(OSError):
    """The bytes that came are not those that the server has."""


def _quiet(done: int, size: int) -> None:
    """Nobody watches."""


def download_resumable(
    client: Client,
    path: str,
    target: Path,
    *,
    size: int,
    sha256: str,
    progress: Progress = _quiet,
    retries: Retries | None = None,
) -> None:
    """Write the bytes at a path to `target`, which is there only when they are whole.

    Meanwhile they are beside it, in a file of their digest's name: the next try goes on there.
    Raises ApiError when the server refuses, Unreachable when it stays away, Corrupt.
    """
    part = target.with_name(f".{target.name}.{sha256[:16]}.part")
    policy = retries or Retries()
    backoff, left = policy.backoff(), policy.attempts
    while True:
        before = part.stat().st_size if part.exists() else 0
        try:
            _go_on(client, path, part, before, size, sha256, progress)
            break
        except Unreachable:
            came = part.exists() and part.stat().st_size > before
            backoff, left = (policy.backoff(), policy.attempts) if came else (backoff, left - 1)
            if not left:
                raise
            time.sleep(backoff.next())
    if part.stat().st_size != size or _digest(part) != sha256:
        part.unlink()
        raise Corrupt(f"{target.name}: what came is not what the server has; try again")
    part.replace(target)


def _go_on(
    client: Client, path: str, part: Path, done: int, size: int, sha256: str, progress: Progress
) -> None:
    if done > size:
        part.unlink()
        done = 0
    if done == size:
        part.touch()
        return
    headers = {"Range": f"bytes={done}-", "If-Range": f'"{sha256}"'} if done else {}
    with client.opened(path, headers=headers) as response:
        is_rest = response.status_code == 206
        if is_rest and not response.headers.get("content-range", "").startswith(f"bytes {done}-"):
            raise ApiError(206, "other bytes came than were asked for", {}, f"GET {path}")
        done = done if is_rest else 0
        with part.open("ab" if is_rest else "wb") as file:
            for chunk in response.iter_bytes():
                done += len(chunk)
                if done > size:
                    break  # the digest tells; nobody fills the disk meanwhile
                file.write(chunk)
                progress(done, size)
    if done > size:
        part.unlink()
        raise Corrupt(f"{path} gave more than the {size} bytes that were announced")
    if done < size:
        raise Unreachable(f"{path} ended after {done} of {size} bytes")


def _digest(path: Path) -> str:
    digest = hashlib.sha256()
    with path.open("rb") as file:
        while chunk := file.read(CHUNK):
            digest.update(chunk)
    return digest.hexdigest()
