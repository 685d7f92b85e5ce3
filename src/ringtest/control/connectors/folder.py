"""FileSource of a folder: port `file_source`. Keys are paths below it; no link leads out."""

import asyncio
import os
import time
from collections.abc import AsyncIterator, Iterator
from itertools import islice
from pathlib import Path, PurePosixPath

from ringtest.control.kernel.errors import BadRequest, NotFound, Unavailable
from ringtest.control.kernel.settings import Settings
from ringtest.control.ports.object_store import Listed

PORT = "file_source"

_CHUNK = 256 * 1024
_PAGE = 1000


def create(settings: Settings) -> "Folder":
    """The folder that RINGTEST_OBJECTS names as `folder:<path>`."""
    return Folder(Path(settings.objects.partition(":")[2]))


class Folder:
    """Files below `root`."""

    def __init__(self, root: Path) -> None:
        if not root.is_dir():
            raise BadRequest(f"there is no folder {root}")
        self._root = root.resolve()

    async def get(self, key: str) -> AsyncIterator[bytes]:
        """See `ports.file_source`."""
        path = PurePosixPath(key)
        if path.is_absolute() or ".." in path.parts:
            raise BadRequest(f"not a path below the folder: {key[:80]!r}")
        try:
            file = await asyncio.to_thread(self._open, path)
        except (FileNotFoundError, NotADirectoryError):
            raise NotFound("file not found") from None
        except OSError as error:
            raise Unavailable(f"the file cannot be read: {error.strerror}") from error
        try:
            while data := await asyncio.to_thread(os.read, file, _CHUNK):
                yield data
        except OSError as error:
            raise Unavailable(f"the file cannot be read: {error.strerror}") from error
        finally:
            os.close(file)

    def _open(self, path: PurePosixPath) -> int:
        real = (self._root / path).resolve()
        if not real.is_relative_to(self._root) or not real.is_file():
            raise FileNotFoundError(path)
        return os.open(real, os.O_RDONLY | os.O_NOFOLLOW)

    async def list(self, after: str = "") -> AsyncIterator[Listed]:
        """See `ports.file_source`."""
        now = time.time()
        walk = self._walk(self._root)
        while page := await asyncio.to_thread(lambda: list(islice(walk, _PAGE))):
            for entry in page:
                key = Path(entry.path).relative_to(self._root).as_posix()
                if key > after:
                    about = entry.stat(follow_symlinks=False)
                    yield Listed(key, about.st_size, now - about.st_mtime)

    def _walk(self, folder: Path) -> "Iterator[os.DirEntry[str]]":
        """In the order of keys, a folder in memory at a time: `a.b` comes before `a/b`."""
        with os.scandir(folder) as found:
            entries = sorted(found, key=lambda one: one.name + "/" * one.is_dir())
        for entry in entries:
            if entry.is_dir(follow_symlinks=False):
                yield from self._walk(Path(entry.path))
            elif entry.is_file(follow_symlinks=False):
                yield entry
