"""Several versions of a folder beside each other, which share their equal files.

`FOLDER/<version>` is a version, whole or not there; `FOLDER/current` is a link to the latest. Who
works in a version is not disturbed when the next one comes.
"""

import os
import shutil
from collections.abc import Iterable, Mapping
from pathlib import Path

from ringtest.agent.attempt import safe_name
from ringtest.agent.components.file_lists import Link

CURRENT = "current"
_SPARE = 0.05
"""Of what is free so much is left."""


class NoSpace(OSError):
    """The disk does not have the room."""


def require_space(folder: Path, size: int) -> None:
    """NoSpace when `size` more bytes would fill the disk of a folder."""
    free = shutil.disk_usage(folder).free
    if size > free * (1 - _SPARE):
        raise NoSpace(f"{size} bytes are to come and {free} are free below {folder}")


def version_folder(folder: Path, version: str) -> Path:
    """Where a version is."""
    name = safe_name(version)
    return folder / (f"{name}_" if name == CURRENT else name)


def build(target: Path, files: Mapping[str, Path], links: Iterable[Link]) -> None:
    """Make a version of kept files, by the path below `target` of each. Its files are hard links,
    where the file system has them."""
    coming = target.with_name(f".{target.name}.coming")
    if coming.exists():
        shutil.rmtree(coming)
    coming.mkdir(parents=True)
    for place, kept in files.items():
        path = coming / place
        path.parent.mkdir(parents=True, exist_ok=True)
        try:
            path.hardlink_to(kept)
        except OSError:  # another file system, or one without links
            shutil.copyfile(kept, path)
    for link in links:
        path = coming / link.place
        path.parent.mkdir(parents=True, exist_ok=True)
        path.symlink_to(link.destination)
    if target.exists():
        shutil.rmtree(target)
    coming.rename(target)


def is_built(target: Path, files: Mapping[str, Path], links: Iterable[Link]) -> bool:
    """Is a version there that has these files and links?"""
    wanted = {target / link.place for link in links} | {target / place for place in files}
    there = {path for path in target.rglob("*") if path.is_symlink() or path.is_file()}
    if wanted != there:
        return False
    return all(_is_same(target / place, kept) for place, kept in files.items())


def _is_same(path: Path, kept: Path) -> bool:
    found, wanted = path.stat(), kept.stat()
    return (found.st_dev, found.st_ino) == (wanted.st_dev, wanted.st_ino) or (
        wanted.st_nlink == 1 and found.st_size == wanted.st_size
    )


def switch(target: Path) -> None:
    """`current` is this version, from one moment to the next."""
    beside = target.with_name(f".{CURRENT}.{os.getpid()}")
    beside.unlink(missing_ok=True)
    beside.symlink_to(target.name)
    beside.replace(target.with_name(CURRENT))


def prune_versions(folder: Path, *, keep: int) -> list[Path]:
    """Remove all versions but the current one and the latest others, `keep` in all; which."""
    current = folder / CURRENT
    kept = current.resolve() if current.is_symlink() else None
    versions = [each for each in folder.iterdir() if each.is_dir() and not each.is_symlink()]
    others = sorted(
        (each for each in versions if each.resolve() != kept),
        key=lambda each: each.stat().st_mtime,
        reverse=True,
    )
    gone = [each for each in others if each.name.startswith(".")]
    others = [each for each in others if not each.name.startswith(".")]
    gone += others[max(0, keep - (kept is not None)) :]
    for each in gone:
        shutil.rmtree(each)
    return gone
