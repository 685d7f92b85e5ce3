"""What earlier runs found, on disk: never stale, and never in another run's way.

One file per command (its paths, settings, plugins, working folder and this very code). In it,
each job, view and project that stands on its own has what it was made of: names it asked for
and the digests of the files that define them, and of all that those include. It counts when
every one of these is the same, by content. A run replaces the file as a whole, so that
another that reads it at the same moment sees the old one or the new one.
"""

import contextlib
import hashlib
import mmap
import os
import sys
import tempfile
import time
from collections.abc import Iterable, Sequence
from functools import cache
from pathlib import Path
from typing import Any

import msgspec

from ringtest import __version__
from ringtest.jjb.settings import Settings

_FORMAT = 2
_GRACE = 600
"""Seconds."""
_FILES_KEPT = 24
Spot = tuple[str, int, int]


class KeptProblem(msgspec.Struct, array_like=True):
    """A warning."""

    rule: str
    message: str
    place: Spot | None
    job: str | None = None


class KeptFile(msgspec.Struct, array_like=True):
    """What stands in a file: kind, name and place of its elements; warnings of loading it."""

    digest: str
    elements: list[tuple[str, str | int, Spot]]
    warnings: list[KeptProblem]


class KeptItem(msgspec.Struct, array_like=True):
    """One job or view as it was made. where: number of the file of XML, first byte, length."""

    name: str
    where: tuple[int, int, int]
    digest: bytes
    place: Spot | None
    origin: Spot | None


class KeptUnit(msgspec.Struct, array_like=True):
    """What one job, view or project gave.

    uses: table, name, and the file that defined it ("" when nothing did).
    files: path → digest of those files, and of what they include; "" of one that is missing.
    """

    uses: list[tuple[str, str | int, str]]
    files: dict[str, str]
    made: dict[str, list[KeptItem]]
    warnings: list[KeptProblem]
    borrowed: list[tuple[str, str, int]]


class Kept(msgspec.Struct, array_like=True):
    """All that one run leaves for the next: files by path, units by file, kind and name.

    texts: name and size of each file of XML.
    """

    format: int = _FORMAT
    files: dict[str, KeptFile] = {}
    units: dict[str, KeptUnit] = {}
    texts: list[tuple[str, int]] = []


def identity(
    paths: Sequence[Path], settings: Settings, plugins: Iterable[Any], folder: Path
) -> Path:
    """The file in which a run with these arguments keeps what it found."""
    told = repr(
        (
            [str(path) for path in paths],
            settings,
            [sorted(plugin.items(), key=repr) for plugin in plugins],
            str(Path.cwd()),
            os.environ.get("HOME"),
            sys.version,
            _code(),
        )
    )
    return folder / f"{hashlib.sha256(told.encode()).hexdigest()[:32]}.msgpack"


@cache
def _code() -> str:
    """What tells this code from any other: version, and size and time of each of its files."""
    here = Path(__file__).parent
    stats = [
        (entry, (stat := os.stat(entry)).st_size, stat.st_mtime_ns)  # noqa: PTH116
        for folder, _, names in sorted(os.walk(here))
        for entry in sorted(f"{folder}/{name}" for name in names if name.endswith(".py"))
    ]
    return f"{__version__} {stats}"


class Texts:
    """The files of XML of one memory, opened; nothing of them is read before it is asked for."""

    def __init__(self, folder: Path, named: Sequence[tuple[str, int]]) -> None:
        self._maps: list[mmap.mmap | bytes] = []
        for name, size in named:
            with (folder / name).open("rb") as file:
                if os.fstat(file.fileno()).st_size != size:
                    raise OSError(f"{name} was cut")
                # An empty file cannot be mapped.
                access = mmap.ACCESS_READ
                self._maps.append(mmap.mmap(file.fileno(), 0, access=access) if size else b"")

    def get(self, where: tuple[int, int, int]) -> bytes:
        """The bytes of one job or view."""
        number, start, length = where
        return self._maps[number][start : start + length]


def load(path: Path) -> tuple[Kept, Texts]:
    """What an earlier run left; nothing when there is nothing that can be read."""
    with contextlib.suppress(OSError, msgspec.DecodeError):
        kept = msgspec.msgpack.decode(path.read_bytes(), type=Kept)
        if kept.format == _FORMAT:
            return kept, Texts(path.parent, kept.texts)
    return Kept(), Texts(path.parent, ())


def save(path: Path, kept: Kept, added: Sequence[bytes]) -> None:
    """Leaves it for the next run; `added` becomes the last of `kept.texts`.

    A full or read-only disk is no error: the next run is cold.
    """
    with contextlib.suppress(OSError):
        path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
        if added:
            name = f"{path.stem}-{os.urandom(8).hex()}.xml"
            size = sum(map(len, added))
            _write(path.parent / name, added)
            kept.texts.append((name, size))
        _write(path, [msgspec.msgpack.encode(kept)])
        _forget(path, {name for name, _ in kept.texts})


def _write(path: Path, parts: Sequence[bytes]) -> None:
    number, name = tempfile.mkstemp(dir=path.parent, prefix=".part-")
    try:
        with open(number, "wb") as file:  # noqa: PTH123
            file.writelines(parts)
        Path(name).replace(path)
    except OSError:
        Path(name).unlink(missing_ok=True)
        raise


def _forget(path: Path, needed: set[str]) -> None:
    """Removes the oldest memories, and XML that no memory needs any more."""
    found = {item: item.stat().st_mtime for item in path.parent.iterdir()}
    known = [item for item in found if item.suffix in (".msgpack", ".written")]
    known.sort(key=lambda item: found[item], reverse=True)
    gone = set(known[_FILES_KEPT:])
    alive = {item.stem for item in known if item not in gone}
    # Another run may have written XML and not yet the file that names it.
    old = time.time() - _GRACE
    for item in found:
        if item.suffix == ".xml" and found[item] < old:
            owner = item.stem.rpartition("-")[0]
            if owner not in alive or (owner == path.stem and item.name not in needed):
                gone.add(item)
    for item in gone:
        item.unlink(missing_ok=True)
