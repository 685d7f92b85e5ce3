"""ObjectStore on a local folder: port `object_store`.

A stream goes to a temporary file beside the objects and gets its name in one step when it is
whole: whoever reads a key finds the whole object or none, also after a process has died. Then
the disk is told to keep both, bytes and name, in one flush: of two flushes the second would take
as long again. A key that is taken keeps its object until the other one is on the disk. Reading,
writing and hashing happen in threads.
"""

import asyncio
import os
import time
from collections.abc import AsyncIterator, Iterator, Sequence
from contextlib import contextmanager
from itertools import islice
from pathlib import Path
from typing import IO, Any

from ringtest.control.kernel.errors import NotFound, TooLarge, Unavailable
from ringtest.control.kernel.ids import new_id
from ringtest.control.kernel.settings import Settings
from ringtest.control.ports.arriving import Arriving
from ringtest.control.ports.object_store import Arrived, Listed, Stored, check_key

PORT = "object_store"

_CHUNK = 1024 * 1024
"""Bytes read at a time."""
_INCOMING = ".incoming"
_STALE_SECONDS = 24 * 3600
_PAGE = 1000


def create(settings: Settings) -> "DiskStore":
    """The store in the folder that RINGTEST_OBJECTS names, or in the data folder."""
    folder = settings.objects.removeprefix("disk:")
    return DiskStore(Path(folder) if folder else settings.data / "objects")


class DiskStore:
    """Objects are files below `root`, their keys the relative paths."""

    def __init__(self, root: Path) -> None:
        self._root = root
        self._incoming = root / _INCOMING
        self._incoming.mkdir(parents=True, exist_ok=True)
        self._drop_stale()

    async def put(self, key: str, chunks: AsyncIterator[bytes], *, limit: int) -> Stored:
        """See `ports.object_store`."""
        target = self._path(key)
        if isinstance(chunks, Arrived) and chunks.stored.size <= limit:
            draft = self._incoming / str(new_id())
            adopting = asyncio.ensure_future(asyncio.to_thread(_adopt, chunks, draft, target))
            if await asyncio.shield(adopting):
                return chunks.stored
        written = _Draft(self._incoming / str(new_id()), target)
        arriving = Arriving(written.open)
        finishing: asyncio.Future[Any] | None = None
        try:
            async for chunk in chunks:
                if arriving.size + len(chunk) > limit:
                    raise TooLarge(f"the file may have at most {limit} bytes", limit=limit)
                await arriving.add(chunk)
            stored = await arriving.end()
            finishing = asyncio.ensure_future(asyncio.to_thread(written.finish))
            await asyncio.shield(finishing)
            return stored
        except BaseException:
            await arriving.give_up()
            if finishing is not None:  # a thread cannot be stopped: it ends before the file goes
                await asyncio.gather(finishing, return_exceptions=True)
            await asyncio.to_thread(written.drop)
            raise

    async def get(
        self, key: str, *, start: int = 0, end: int | None = None
    ) -> AsyncIterator[bytes]:
        """See `ports.object_store`. An object that is replaced meanwhile is read to its end."""
        path = self._path(key)
        try:
            file = await asyncio.to_thread(path.open, "rb")
        except (FileNotFoundError, IsADirectoryError, NotADirectoryError):
            raise NotFound("object not found") from None
        try:
            if start:
                await asyncio.to_thread(file.seek, start)
            left = None if end is None else max(0, end - start)
            while left is None or left:
                size = _CHUNK if left is None else min(_CHUNK, left)
                data = await asyncio.to_thread(file.read, size)
                if not data:
                    return
                left = None if left is None else left - len(data)
                yield data
        finally:
            file.close()

    async def delete(self, key: str) -> None:
        """See `ports.object_store`."""
        await asyncio.to_thread(_unlink, self._path(key))

    async def list(self, after: str = "") -> AsyncIterator[Listed]:
        """See `ports.object_store`."""
        found = _walk(self._root, "", after)
        while page := await asyncio.to_thread(lambda: list(islice(found, _PAGE))):
            for one in page:
                yield one

    async def presign(self, key: str, *, seconds: int, method: str = "GET") -> str | None:
        """A disk has no address of its own."""
        return None

    def path(self, key: str) -> Path:
        """See `ports.object_store.path_of`."""
        return self._path(key)

    def _path(self, key: str) -> Path:
        return self._root.joinpath(*check_key(key).split("/"))

    def _drop_stale(self) -> None:
        """Remove what writers left behind that died: no upload takes a day."""
        for file in self._incoming.iterdir():
            try:
                if file.stat().st_mtime < time.time() - _STALE_SECONDS:
                    file.unlink()
            except OSError:
                continue  # another process was quicker


class _Draft:
    """A file that has no key yet."""

    def __init__(self, path: Path, target: Path) -> None:
        self._path = path
        self._target = target
        self._file: IO[bytes] | None = None
        self._made: list[Path] = []

    def open(self) -> IO[bytes]:
        """To be written."""
        self._made = _make_folders(self._target.parent)
        self._file = self._path.open("xb", buffering=0)
        return self._file

    def finish(self) -> None:
        """Make it durable and give it its name; Unavailable when the disk does not take it."""
        with _disk_errors():
            assert self._file is not None
            _give_name(self._file.fileno(), self._path, self._target, self._made)
            self._file.close()

    def drop(self) -> None:
        """Leave nothing behind."""
        if self._file is not None:
            self._file.close()
        _unlink(self._path)


def _adopt(arrived: Arrived, draft: Path, target: Path) -> bool:
    """Give the file of a body that arrived its name; False where it cannot have one here, as
    on another file system: then it is copied."""
    handle = arrived.file.fileno()
    try:
        # without a folder's handle Python would link the link; of a whole path it is not looked at
        os.link(f"/proc/self/fd/{handle}", draft, src_dir_fd=handle, follow_symlinks=True)
    except OSError:
        return False
    try:
        with _disk_errors():
            _give_name(handle, draft, target, _make_folders(target.parent))
    except BaseException:
        _unlink(draft)
        raise
    return True


def _give_name(handle: int, draft: Path, target: Path, made: Sequence[Path]) -> None:
    """Move an open file to where it is to be, on the disk with its name and the folders that
    were made for it. A power cut meanwhile may leave a broken object under a key that was free;
    nobody was told that it is there."""
    try:
        os.link(draft, target)
    except OSError:  # the key is taken, or there are no links here
        os.fsync(handle)
        draft.replace(target)
    else:
        try:
            os.fsync(handle)
        except BaseException:
            _unlink(target)
            raise
        _unlink(draft)
    for folder in (target.parent, *made):
        _flush_folder(folder)


@contextmanager
def _disk_errors() -> Iterator[None]:
    try:
        yield
    except OSError as error:
        raise Unavailable("the server cannot store files at the moment; try again") from error


def _walk(folder: Path, prefix: str, after: str) -> Iterator[Listed]:
    """Files below a folder in the order of their whole keys, those after a key alone.

    A folder stands where its name with the slash does: `a-b/x` comes before `a/x`.
    """
    try:
        entries = [*os.scandir(folder)]
    except FileNotFoundError:
        return  # went away meanwhile
    names = {f"{prefix}{e.name}{'/' if e.is_dir() else ''}": e for e in entries}
    for key in sorted(names):
        if key.startswith(_INCOMING):
            continue
        if key.endswith("/"):
            if key > after or after.startswith(key):
                yield from _walk(folder / names[key].name, key, after)
        elif key > after:
            try:
                about = names[key].stat()
            except FileNotFoundError:
                continue
            yield Listed(key, about.st_size, time.time() - about.st_mtime)


def _make_folders(folder: Path) -> list[Path]:
    """Create `folder`; those above it that have another entry by that."""
    if folder.is_dir():
        return []
    above = _make_folders(folder.parent)
    folder.mkdir(exist_ok=True)
    return [folder.parent, *above]


def _flush_folder(folder: Path) -> None:
    handle = os.open(folder, os.O_RDONLY | os.O_DIRECTORY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)


def _unlink(path: Path) -> None:
    path.unlink(missing_ok=True)
