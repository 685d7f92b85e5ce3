"""Several files as one zip while they are read: no temporary file, memory for one chunk.

What cannot be read does not break the archive: a note stands in its place, or beside what came
of it.
"""

import asyncio
import re
import zipfile
from collections.abc import AsyncGenerator, AsyncIterator, Callable, Iterable
from dataclasses import dataclass
from datetime import datetime
from typing import IO

from ringtest.control.kernel.errors import RingtestError

_CONTROL = re.compile(r"[\x00-\x1f\x7f:*?\"<>|]")
_PACKED = re.compile(
    r"\.(?:gz|tgz|xz|txz|bz2|zst|zip|7z|rpm|whl|jar|png|jpe?g|webp|mp4|webm)$", re.I
)
_LEVEL = 1
"""Of deflate: more costs three times the processor for a tenth of the size."""


@dataclass(frozen=True, slots=True)
class Entry:
    """A file of the archive: `open` reads it when its turn comes."""

    name: str
    size: int
    at: datetime
    open: Callable[[], AsyncIterator[bytes]]


class _Sink:
    """What an archive is written to; it cannot go back in it, so it is written in one go."""

    def __init__(self) -> None:
        self._parts: list[bytes] = []

    def write(self, data: bytes, /) -> int:
        """More of the archive."""
        self._parts.append(bytes(data))
        return len(data)

    def flush(self) -> None:
        """Nothing waits here."""

    def close(self) -> None:
        """Whoever takes decides when it is over."""

    def take(self) -> bytes:
        """What was written since the last time."""
        parts, self._parts = self._parts, []
        return b"".join(parts)


async def stream(entries: Iterable[Entry]) -> AsyncGenerator[bytes, None]:
    """The bytes of the archive."""
    sink = _Sink()
    archive = zipfile.ZipFile(sink, "w")
    for entry in entries:
        chunks = entry.open()
        try:
            first = await anext(chunks, b"")
        except RingtestError as error:
            _note(archive, entry, f"{entry.name} could not be read: {error.message}\n")
            continue
        came, why = len(first), ""
        with archive.open(_info(entry), "w") as target:
            await asyncio.to_thread(target.write, first)
            yield sink.take()
            try:
                async for chunk in chunks:
                    came += len(chunk)
                    await asyncio.to_thread(_write, target, chunk)
                    yield sink.take()
            except RingtestError as error:
                why = error.message
        if why or came != entry.size:
            said = f"{entry.name} has {entry.size} bytes, of which {came} could be read. {why}"
            _note(archive, entry, f"{said.strip()}\n")
        yield sink.take()
    archive.close()
    yield sink.take()


def _write(target: IO[bytes], chunk: bytes) -> None:
    target.write(chunk)


def _info(entry: Entry) -> zipfile.ZipInfo:
    info = zipfile.ZipInfo(entry.name, max((1980, 1, 1, 0, 0, 0), entry.at.timetuple()[:6]))
    info.compress_type = zipfile.ZIP_DEFLATED
    if _PACKED.search(entry.name):
        info.compress_type = zipfile.ZIP_STORED
    info.external_attr = 0o644 << 16
    info.file_size = entry.size  # with it zipfile knows whether ZIP64 is needed
    object.__setattr__(info, "_compresslevel", _LEVEL)  # public from Python 3.13 on only
    return info


def _note(archive: zipfile.ZipFile, entry: Entry, text: str) -> None:
    name = f"{entry.name}.missing.txt"
    archive.writestr(zipfile.ZipInfo(name, _info(entry).date_time), text)


def safe_names(names: Iterable[str]) -> list[str]:
    """Paths within an archive that lead nowhere else, each once.

    >>> safe_names(["../../etc/passwd", "a/b.log", "a/b.log", "/x", ".."])
    ['etc/passwd', 'a/b.log', 'a/b (2).log', 'x', 'file']
    """
    used: set[str] = set()
    found = []
    for name in names:
        parts = [part.strip() for part in _CONTROL.sub("_", name).replace("\\", "/").split("/")]
        path = "/".join(part for part in parts if part not in ("", ".", "..")) or "file"
        stem, dot, end = path.rpartition(".")
        if not stem or "/" in end:
            stem, dot, end = path, "", ""
        number = 1
        while path in used:
            number += 1
            path = f"{stem} ({number}){dot}{end}"
        used.add(path)
        found.append(path)
    return found
