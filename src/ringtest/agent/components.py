"""Components: downloaded once, verified, kept in a cache by digest, linked into jobs."""

import asyncio
import hashlib
import logging
import os
import shutil
import time
from collections.abc import Callable
from pathlib import Path

from ringtest.agent.attempt import safe_name
from ringtest.agent.control import StageFailed
from ringtest.agent.lab_api import LabApi, is_temporary
from ringtest.agent.protocol import Component, ComponentFile
from ringtest.client import ApiError, Backoff, Unreachable

TRIES_AFTER_MISMATCH = 3

log = logging.getLogger("ringtest.agent")


class ComponentStore:
    """The cache of a data folder. Two jobs that need the same file wait for one download."""

    def __init__(self, folder: Path, api: LabApi, *, limit_bytes: int) -> None:
        self._folder = folder
        self._api = api
        self._limit = limit_bytes
        self._locks: dict[str, asyncio.Lock] = {}

    async def provide(
        self, component: Component, target: Path, say: Callable[[str], None]
    ) -> list[Path]:
        """All files of a component below `target`, as links to verified files.

        Waits while the server is away; StageFailed when a file cannot be had or is not
        what the server says it is.
        """
        placed = []
        for file in component.files:
            cached = await self._fetch(component.id, file, say)
            path = target / safe_path(file.name)
            if path.exists():
                path = target / safe_name(file.id) / path.name
            await asyncio.to_thread(_link, cached, path)
            placed.append(path)
        return placed

    def prune(self) -> None:
        """Drop what was not used for longest until the cache is within its limit."""
        files = [(path.stat(), path) for path in self._folder.glob("*/*") if path.is_file()]
        size = sum(found.st_size for found, _ in files)
        for found, path in sorted(files, key=lambda each: each[0].st_atime):
            if size <= self._limit:
                return
            path.unlink(missing_ok=True)
            size -= found.st_size

    async def _fetch(
        self, component_id: str, file: ComponentFile, say: Callable[[str], None]
    ) -> Path:
        key = safe_name(file.sha256 or f"id-{file.id}")
        path = self._folder / key[:2] / key
        async with self._locks.setdefault(key, asyncio.Lock()):
            if await asyncio.to_thread(_is_whole, path, file):
                os.utime(path, (time.time(), path.stat().st_mtime))
                return path
            say(f"downloading {file.name}, {human_size(file.size)}")
            part = path.with_name(key + ".part")
            for _ in range(TRIES_AFTER_MISMATCH):
                await self._download(component_id, file, part)
                if await asyncio.to_thread(_is_whole, part, file):
                    part.chmod(0o444)
                    part.replace(path)
                    return path
                _remove(part)
                say(f"{file.name} is not what the server announced, trying again")
        raise StageFailed(f"{file.name}: size or SHA-256 differ from what the server announced")

    async def _download(self, component_id: str, file: ComponentFile, part: Path) -> None:
        """Bytes into `part`, going on where an earlier try broke off."""
        part.parent.mkdir(parents=True, exist_ok=True)
        backoff = Backoff()
        while True:
            have = _size(part)
            if have >= file.size and have:
                return
            try:
                await self._read_into(part, component_id, file.id, have)
                return
            except Unreachable as error:
                log.warning("download of %s waits: %s", file.name, error)
            except ApiError as error:
                if error.status == 416:
                    _remove(part)
                elif not is_temporary(error):
                    raise StageFailed(f"{file.name}: {error}") from error
                log.warning("download of %s waits: %s", file.name, error)
            await asyncio.sleep(backoff.next())

    async def _read_into(self, part: Path, component_id: str, file_id: str, have: int) -> None:
        async with self._api.component_file(component_id, file_id, offset=have) as answer:
            mode = "ab" if answer.status_code == 206 else "wb"
            with part.open(mode) as out:
                async for chunk in answer.aiter_bytes(256 * 1024):
                    out.write(chunk)


def safe_path(name: str) -> Path:
    """A relative path that stays below its folder, whatever the name says.

    >>> safe_path("repo/../x 1.rpm").as_posix(), safe_path("/").as_posix()
    ('repo/x_1.rpm', '_')
    """
    parts = [safe_name(part) for part in name.split("/") if part not in ("", ".", "..")]
    return Path(*parts) if parts else Path("_")


def human_size(size: float) -> str:
    """Bytes for people.

    >>> human_size(12), human_size(1536), human_size(5 * 2**30)
    ('12 B', '1.5 KiB', '5.0 GiB')
    """
    for unit in ("B", "KiB", "MiB"):
        if size < 1024:
            return f"{size:.0f} B" if unit == "B" else f"{size:.1f} {unit}"
        size /= 1024
    return f"{size:.1f} GiB"


def _size(part: Path) -> int:
    return part.stat().st_size if part.exists() else 0


def _remove(part: Path) -> None:
    part.unlink(missing_ok=True)


def _is_whole(path: Path, file: ComponentFile) -> bool:
    """Size and digest are right. Always read: a job may have written into a linked file."""
    if not path.is_file() or path.stat().st_size != file.size:
        return False
    if not file.sha256:
        return True
    with path.open("rb") as stream:
        return hashlib.file_digest(stream, "sha256").hexdigest() == file.sha256.lower()


def _link(cached: Path, path: Path) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    try:
        path.hardlink_to(cached)
    except OSError:  # another file system, or one without links
        shutil.copyfile(cached, path)
