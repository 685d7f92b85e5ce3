"""Lists of a mirror's files, in the form of DCI: `dci_files_list.json`.

    {"directories": […], "files": [{"path", "name", "sha256", "size"}],
     "symlinks": [{"path", "name", "destination"}]}

`path` is the folder of `name`. A list is somebody else's text: nothing in it may lead out of the
folder that it describes.
"""

import re
from pathlib import PurePosixPath
from typing import Any

import msgspec

NAME = "dci_files_list.json"
MOST_BYTES = 64 * 1024 * 1024
"""Of a list; one of 250,000 files has about as many."""

_SHA256 = re.compile(r"[0-9a-f]{64}")
_LONGEST = 1000


class BadFileList(ValueError):
    """The list cannot be used; the message says which entry."""


class Listed(msgspec.Struct, frozen=True):
    """A file."""

    path: str
    name: str
    sha256: str
    size: int

    @property
    def place(self) -> str:
        """Where it is, below the list's folder."""
        return joined(self.path, self.name)


class Link(msgspec.Struct, frozen=True):
    """A symbolic link; `destination` is as the link has it."""

    path: str
    name: str
    destination: str

    @property
    def place(self) -> str:
        """Where it is, below the list's folder."""
        return joined(self.path, self.name)


class FileList(msgspec.Struct, frozen=True):
    """Everything in a folder."""

    files: list[Listed] = []
    symlinks: list[Link] = []
    directories: list[Any] = []

    @property
    def size(self) -> int:
        """Bytes of all files."""
        return sum(file.size for file in self.files)


def joined(path: str, name: str) -> str:
    """A plain relative path; BadFileList for anything else.

    >>> joined("/BaseOS/x86_64/", "a.rpm")
    'BaseOS/x86_64/a.rpm'
    >>> joined("..", "a")
    Traceback (most recent call last):
    ringtest.agent.components.file_lists.BadFileList: not a plain path: '../a'
    """
    text = f"{path.strip('/')}/{name}".lstrip("/")
    parts = text.split("/")
    if (
        not name
        or "/" in name
        or not text.isprintable()
        or "\\" in text
        or len(text) > _LONGEST
        or any(part in ("", ".", "..") or len(part.encode()) > 255 for part in parts)
    ):
        raise BadFileList(f"not a plain path: {text[:80]!r}")
    return text


def read(data: bytes) -> FileList:
    """The list, checked. BadFileList."""
    if len(data) > MOST_BYTES:
        raise BadFileList(f"the list has more than {MOST_BYTES} bytes")
    try:
        found = msgspec.json.decode(data, type=FileList)
    except msgspec.DecodeError as error:
        raise BadFileList(f"not a list of files: {error}") from error
    places: dict[str, str] = {}
    for file in found.files:
        if not _SHA256.fullmatch(file.sha256.lower()) or file.size < 0:
            raise BadFileList(f"{file.place[:80]!r} has no digest or size")
        if places.setdefault(file.place, file.sha256) != file.sha256:
            raise BadFileList(f"{file.place[:80]!r} stands twice, with two digests")
    links = set()
    for link in found.symlinks:
        _check_link(link)
        if link.place in places or link.place in links:
            raise BadFileList(f"{link.place[:80]!r} stands twice")
        links.add(link.place)
    for place in (*places, *links):
        parents = {str(parent) for parent in PurePosixPath(place).parents}
        if parents & (links | places.keys()):
            raise BadFileList(f"{place[:80]!r} is below a link or file")
    return found


def _check_link(link: Link) -> None:
    """Links lead to places of the same folder."""
    at = list(PurePosixPath(link.place).parent.parts)
    shown = f"{link.place[:80]!r} leads out: {link.destination[:80]!r}"
    if link.destination.startswith("/") or "\0" in link.destination or not link.destination:
        raise BadFileList(shown)
    for part in link.destination.split("/"):
        if part == ".." and not at:
            raise BadFileList(shown)
        if part == "..":
            at.pop()
        elif part not in ("", "."):
            at.append(part)
