"""The folder of kept files: by digest, with a note beside each of what it is.

`ab/ab12…` are the bytes, `ab/ab12….json` the note, `ab/ab12….chunks` the list of its chunks, and
`ab/ab12….part` what has come so far. Files get into jobs as clones of their blocks where the file
system can do that, else as hard links, else as copies.
"""

import fcntl
import hashlib
import os
import shutil
import time
from collections.abc import Iterator
from pathlib import Path

import msgspec

from ringtest.agent.components.names import without_version

NOTE, LIST, PART = ".json", ".chunks", ".part"
_BESIDE = (NOTE, LIST, PART)
_CLONE = 0x40049409
"""The ioctl FICLONE: two files share their blocks until one of them is written to."""
_PART_SECONDS = 7 * 86400
"""What is left of a download that nobody goes on with is kept for so long."""
_RELATIVES = 3


class Note(msgspec.Struct):
    """What a kept file is, and how it looked when its digest was right."""

    sha256: str
    size: int
    type: str
    name: str
    component_id: str
    file_id: str
    mtime_ns: int = 0
    inode: int = 0


class Shelf:
    """A folder of files by digest. Only one process writes to it; any may read."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self._versions: dict[tuple[str, str], dict[str, int]] | None = None

    def path(self, key: str) -> Path:
        """Where a file is or would be."""
        return self.folder / key[:2] / key

    def part(self, key: str) -> Path:
        """Where it is while it comes."""
        return self.folder / key[:2] / f"{key}{PART}"

    def note(self, key: str) -> Note | None:
        """What is known of a kept file."""
        path = self.path(key)
        try:
            return msgspec.json.decode(path.with_name(key + NOTE).read_bytes(), type=Note)
        except (OSError, msgspec.DecodeError):
            return None

    def find(self, key: str, size: int, sha256: str | None) -> Path | None:
        """A kept file that is what it should be. Read only when it has been touched since it was
        last found right: a job may have written into a linked file."""
        path = self.path(key)
        if not path.is_file() or (found := path.stat()).st_size != size:
            return None
        note = self.note(key)
        if note and (note.mtime_ns, note.inode) == (found.st_mtime_ns, found.st_ino):
            return path
        if sha256 and digest_of(path) != sha256.lower():
            return None
        if note:
            self._write_note(key, note)
        return path

    def is_untouched(self, key: str) -> bool:
        """Is the file as it was when its digest was right?"""
        note, path = self.note(key), self.path(key)
        if note is None or not path.is_file():
            return False
        found = path.stat()
        return (note.mtime_ns, note.inode) == (found.st_mtime_ns, found.st_ino)

    def used(self, key: str) -> None:
        """It was wanted just now: the longest unwanted goes first."""
        path = self.path(key)
        os.utime(path, ns=(time.time_ns(), path.stat().st_mtime_ns))

    def adopt(self, key: str, note: Note) -> Path:
        """The part is whole and right: it becomes the file."""
        part, path = self.part(key), self.path(key)
        part.chmod(0o444)
        part.replace(path)
        self.remember(key, note)
        return path

    def remember(self, key: str, note: Note) -> None:
        """What a kept file is; it is what it should be."""
        self._write_note(key, note)
        self._enter(key, note)

    def keep_list(self, key: str, data: bytes) -> None:
        """The list of its chunks, for the version that comes next."""
        _write(self.path(key).with_name(key + LIST), data)

    def list_of(self, key: str) -> bytes | None:
        """The list of its chunks, if it was kept."""
        try:
            return self.path(key).with_name(key + LIST).read_bytes()
        except OSError:
            return None

    def relatives(self, key: str, kind: str, name: str) -> list[Note]:
        """Kept files of the same type of component whose names differ by their version alone,
        the latest first; a few."""
        if self._versions is None:
            self._versions = {}
            for path in self._files():
                note = self.note(path.name)
                if note:
                    self._enter(path.name, note)
        versions = self._versions.get((kind, without_version(name)), {})
        latest = sorted(versions, key=lambda each: versions[each], reverse=True)
        found = [(each, self.note(each)) for each in latest if each != key][:_RELATIVES]
        return [note for _, note in found if note]

    def _enter(self, key: str, note: Note) -> None:
        if self._versions is not None:
            family = self._versions.setdefault((note.type, without_version(note.name)), {})
            family[key] = note.mtime_ns

    def prune(self, *, limit: int, days: float) -> None:
        """Files that nobody has wanted for so many days go (0: for ever), then those unwanted for
        longest until `limit` bytes are left. What a job holds by a link stays: nothing would be
        freed, and the next job would fetch it again."""
        now = time.time()
        for part in self.folder.glob(f"*/*{PART}"):
            if now - part.stat().st_mtime > _PART_SECONDS:
                part.unlink(missing_ok=True)
        files = sorted(((path.stat(), path) for path in self._files()), key=_wanted_at)
        size = sum(found.st_size for found, _ in files)
        for found, path in files:
            is_old = days > 0 and now - found.st_atime > days * 86400
            if found.st_nlink == 1 and (is_old or size > limit):
                self.drop(path.name)
                size -= found.st_size

    def drop(self, key: str) -> None:
        """Keep it no longer."""
        path = self.path(key)
        for versions in (self._versions or {}).values():
            versions.pop(key, None)
        for each in (path, path.with_name(key + NOTE), path.with_name(key + LIST)):
            each.unlink(missing_ok=True)

    def _files(self) -> Iterator[Path]:
        for path in self.folder.glob("*/*"):
            if not path.name.endswith(_BESIDE) and path.is_file():
                yield path

    def _write_note(self, key: str, note: Note) -> None:
        path = self.path(key)
        found = path.stat()
        note.mtime_ns, note.inode = found.st_mtime_ns, found.st_ino
        _write(path.with_name(key + NOTE), msgspec.json.encode(note))


def _wanted_at(each: tuple[os.stat_result, Path]) -> float:
    return each[0].st_atime


def _write(path: Path, data: bytes) -> None:
    """All of it or what was there before."""
    beside = path.with_name(f".{path.name}.{os.getpid()}{PART}")
    beside.write_bytes(data)
    beside.replace(path)


def digest_of(path: Path) -> str:
    """SHA-256 of a file."""
    with path.open("rb") as stream:
        return hashlib.file_digest(stream, "sha256").hexdigest()


def place(kept: Path, path: Path) -> None:
    """A kept file under another path: a clone, a hard link or a copy of it."""
    path.parent.mkdir(parents=True, exist_ok=True)
    if _clone(kept, path):
        return
    try:
        path.hardlink_to(kept)
    except OSError:  # another file system, or one without links
        shutil.copyfile(kept, path)


def _clone(kept: Path, path: Path) -> bool:
    with kept.open("rb") as source, path.open("xb") as target:
        try:
            fcntl.ioctl(target, _CLONE, source.fileno())
        except OSError:
            path.unlink()
            return False
    path.chmod(0o444)
    return True
