"""Files on their way out: texts without their secrets, and what cannot be cleaned is found.

A text is copied without its secrets, if it has any. In other files values are looked for as they
are, also within gzip, bzip2, xz and zip: what holds one cannot be changed, and is kept back.
"""

import bz2
import gzip
import hashlib
import lzma
import zipfile
import zlib
from collections import Counter
from collections.abc import Callable, Iterable, Iterator
from pathlib import Path
from typing import IO, Any

from msgspec import Struct

from ringtest.agent.secrets.forms import all_forms
from ringtest.language.redaction import Held, Redactor
from ringtest.language.secret_rules import Literals

PIECE = 256 * 1024
_LOOK = 8 * 1024
"""Bytes at a file's beginning that say whether it is a text."""
MOST_UNPACKED = 2**30
"""Bytes that are unpacked of a file to look into it; with more it is kept back."""
_BROKEN = (EOFError, OSError, zlib.error, lzma.LZMAError, zipfile.BadZipFile, RuntimeError)
_OPENERS: tuple[tuple[bytes, Callable[[Path], Any]], ...] = (
    (b"\x1f\x8b", gzip.GzipFile),
    (b"BZh", bz2.BZ2File),
    (b"\xfd7zXZ\x00", lzma.LZMAFile),
)


class Cleaned(Struct, frozen=True):
    """A file that may leave. `found` counts what was replaced; `kept` says why it may not."""

    size: int = 0
    sha256: str = ""
    found: dict[str, int] = {}
    kept: str = ""


class Cleaner:
    """Knows the names and values of a lab's secrets, and what secrets look like."""

    def __init__(self, values: Iterable[tuple[str, str]]) -> None:
        self._forms = all_forms(values)
        self._literals = Literals(self._forms)
        self.redactor = Redactor(words=self._forms, least=1)

    def clean(self, source: Path, target: Path) -> Cleaned | None:
        """None when the file may leave as it is. Else it may not, or `target` has what may.

        OSError when one of them cannot be read or written.
        """
        with source.open("rb") as file:
            beginning = file.read(_LOOK)
        if is_text(beginning):
            return self._clean_text(source, target)
        try:
            name = self._name_in(_inside(source, beginning))
        except _TooMuch:
            return Cleaned(kept=f"it unpacks to more than {MOST_UNPACKED >> 30} GiB")
        return Cleaned(kept=f"it is no text and holds the secret {name}") if name else None

    def _clean_text(self, source: Path, target: Path) -> Cleaned | None:
        found: Counter[str] = Counter()

        def tell(kind: str) -> None:
            found[kind] += 1

        for _ in self._redacted(source, tell):
            if found:
                break
        else:
            return None
        found.clear()
        digest, size = hashlib.sha256(), 0
        target.parent.mkdir(parents=True, exist_ok=True)
        with target.open("wb") as file:
            for piece in self._redacted(source, tell):
                file.write(piece)
                digest.update(piece)
                size += len(piece)
        return Cleaned(size, digest.hexdigest(), dict(found))

    def _redacted(self, source: Path, tell: Callable[[str], None]) -> Iterator[bytes]:
        held = Held()
        with source.open("rb") as file:
            while piece := file.read(PIECE):
                out, held = self.redactor.feed(piece, held, tell)
                yield out
        yield self.redactor.close(held, tell)

    def _name_in(self, pieces: Iterable[bytes]) -> str:
        """The first secret whose value is there as it is; empty when there is none."""
        kept, most = b"", max(map(len, self._forms), default=1) - 1
        for piece in pieces:
            data = kept + piece
            if found := self._literals.over(data, 0, len(data))(0):
                return self._forms[found[1]]
            kept = data[-most:] if most else b""
        return ""


class _TooMuch(Exception):
    """A file that unpacks to more than is looked at."""


def is_text(beginning: bytes) -> bool:
    r"""By its first bytes: no NUL among them.

    >>> is_text(b"a log\n"), is_text(b"\x7fELF\x02\x00"), is_text(b"\x1f\x8b\x08")
    (True, False, False)
    """
    return b"\0" not in beginning and not any(
        beginning.startswith(magic) for magic in (*(magic for magic, _ in _OPENERS), b"PK\x03\x04")
    )


def _inside(source: Path, beginning: bytes) -> Iterator[bytes]:
    """The bytes of a file, then those that are packed in it, as far as they can be unpacked."""
    with source.open("rb") as file:
        yield from _pieces(file)
    yield b""
    left = [MOST_UNPACKED]
    try:
        for magic, opener in _OPENERS:
            if beginning.startswith(magic):
                with opener(source) as packed:
                    yield from _bounded(packed, left)
        if beginning.startswith(b"PK\x03\x04"):
            with zipfile.ZipFile(source) as archive:
                for member in archive.infolist():
                    with archive.open(member) as packed:
                        yield from _bounded(packed, left)
    except _BROKEN:
        return  # cut, encrypted or something else: it cannot be looked into


def _bounded(file: IO[bytes], left: list[int]) -> Iterator[bytes]:
    for piece in _pieces(file):
        left[0] -= len(piece)
        if left[0] < 0:
            raise _TooMuch
        yield piece


def _pieces(file: IO[bytes]) -> Iterator[bytes]:
    while piece := file.read(PIECE):
        yield piece
