"""Files of a job that the agent opens itself, outside of every sandbox.

A definition names some of them, and a job's commands can put links or pipes in the place of all:
what was opened must lie in a folder of the job's, or in one that the lab lets definitions name.
"""

import os
import stat
from collections.abc import Sequence
from pathlib import Path
from typing import BinaryIO

ANYWHERE: tuple[Path, ...] = (Path("/"),)
"""For files that the lab's own people name."""
MOST_BYTES = 256 * 1024 * 1024
"""Of a file that is read whole."""


class LeadsOut(OSError):
    """A path leads out of the folders; the text says so."""

    def __init__(self, path: Path) -> None:
        super().__init__(
            f"{path} leads out of the job's folders, and into no folder of limits.readable of "
            "this lab"
        )


def require_inside(path: Path, folders: Sequence[Path]) -> Path:
    """The path, which need not exist; LeadsOut. Links are followed.

    >>> require_inside(Path("/srv/job/../other"), [Path("/srv/job")])
    Traceback (most recent call last):
    ringtest.agent.inside.LeadsOut: /srv/job/../other leads out of the job's folders, and into no \
folder of limits.readable of this lab
    """
    if not _is_within(os.path.realpath(path), folders):
        raise LeadsOut(path)
    return path


def open_inside(path: Path, folders: Sequence[Path] = ANYWHERE) -> BinaryIO:
    """Opened for reading; OSError: LeadsOut, or it is not there, or no regular file."""
    require_inside(path, folders)
    return os.fdopen(_open(path, folders, os.O_RDONLY), "rb")


def create_inside(path: Path, folders: Sequence[Path] = ANYWHERE) -> BinaryIO:
    """Opened for writing, unbuffered, with nothing in it. OSError as `open_inside`."""
    file = append_inside(path, folders)
    os.ftruncate(file.fileno(), 0)
    return file


def append_inside(path: Path, folders: Sequence[Path] = ANYWHERE) -> BinaryIO:
    """Opened for writing at its end, unbuffered. OSError as `open_inside`."""
    require_inside(path, folders)
    flags = os.O_WRONLY | os.O_APPEND | os.O_CREAT
    return os.fdopen(_open(path, folders, flags), "ab", buffering=0)


def read_inside(path: Path, folders: Sequence[Path] = ANYWHERE, *, errors: str = "strict") -> str:
    """A text of up to `MOST_BYTES`. OSError as `open_inside`, UnicodeDecodeError."""
    with open_inside(path, folders) as file:
        if os.fstat(file.fileno()).st_size > MOST_BYTES:
            raise OSError(f"{path} is larger than {MOST_BYTES} bytes")
        return file.read(MOST_BYTES).decode("utf-8", errors)


def write_inside(path: Path, text: str, folders: Sequence[Path] = ANYWHERE) -> None:
    """A whole text. OSError as `open_inside`."""
    with create_inside(path, folders) as file:
        left = memoryview(text.encode("utf-8", "replace"))
        while left:
            left = left[file.write(left) :]


def _open(path: Path, folders: Sequence[Path], flags: int) -> int:
    """What was opened counts, not what the path led to a moment ago. A pipe would not end."""
    fd = os.open(path, flags | os.O_NONBLOCK | os.O_NOCTTY | os.O_CLOEXEC, 0o644)
    try:
        if not stat.S_ISREG(os.fstat(fd).st_mode):
            raise OSError(f"{path} is no regular file")
        if not _is_within(str(Path(f"/proc/self/fd/{fd}").readlink()), folders):
            raise LeadsOut(path)
    except BaseException:
        os.close(fd)
        raise
    return fd


def _is_within(real: str, folders: Sequence[Path]) -> bool:
    there = Path(real)
    return any(there.is_relative_to(os.path.realpath(folder)) for folder in folders)
