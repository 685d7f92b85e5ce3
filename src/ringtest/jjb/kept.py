"""What earlier runs found, on disk: never stale, and never in another run's way.

One file per command (its paths, settings, plugins, working folder and this very code). In it,
each job, view and project that stands on its own has what it was made of: names it asked for
and the digests of the files that define them, and of all that those include. It counts when
every one of these is the same, by content. A run replaces the file as a whole, so that
another that reads it at the same moment sees the old one or the new one.
"""

import contextlib
import hashlib
import os
import sys
import tempfile
from collections.abc import Iterable, Sequence
from functools import cache
from pathlib import Path
from typing import Any

import msgspec

from ringtest import __version__
from ringtest.jjb.settings import Settings

_FORMAT = 1
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
    """One job or view as it was made."""

    name: str
    xml: bytes
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
    """All that one run leaves for the next: files by path, units by file, kind and name."""

    format: int = _FORMAT
    files: dict[str, KeptFile] = {}
    units: dict[str, KeptUnit] = {}


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


def load(path: Path) -> Kept:
    """What an earlier run left; nothing when there is nothing that can be read."""
    try:
        kept = msgspec.msgpack.decode(path.read_bytes(), type=Kept)
    except (OSError, msgspec.DecodeError):
        return Kept()
    return kept if kept.format == _FORMAT else Kept()


def save(path: Path, kept: Kept) -> None:
    """Leaves it for the next run. A full or read-only disk is no error: the next run is cold."""
    with contextlib.suppress(OSError):
        path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
        number, name = tempfile.mkstemp(dir=path.parent, prefix=".part-")
        try:
            with open(number, "wb") as file:  # noqa: PTH123
                file.write(msgspec.msgpack.encode(kept))
            Path(name).replace(path)
        except OSError:
            Path(name).unlink(missing_ok=True)
            raise
        _forget(path.parent)


def _forget(folder: Path) -> None:
    """Removes the oldest, so that the folder does not grow for ever."""
    found = [path for path in folder.iterdir() if path.suffix in (".msgpack", ".written")]
    found.sort(key=lambda path: path.stat().st_mtime, reverse=True)
    for path in found[_FILES_KEPT:]:
        path.unlink(missing_ok=True)
