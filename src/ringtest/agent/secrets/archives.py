"""Archives on their way out: everything packed in a file is looked through, as far as it can be
opened, and what cannot be opened is noted.

All is read as a stream, within bounds: bytes that are unpacked in all, how often one archive may
be in another, members. What has more is a bomb, or no better than one.
"""

import bz2
import gzip
import importlib
import io
import lzma
import shutil
import tempfile
import zipfile
import zlib
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path
from typing import IO, Any, cast

from ringtest.client import tar_blocks

PIECE = 256 * 1024
MOST_UNPACKED = 2**30
"""Bytes that are unpacked of a file to look into it; with more it is kept back."""
MOST_RATIO = 1000
"""Times its own size that a file may unpack to, once it is more than `_ALWAYS`."""
MOST_DEEP = 8
"""So many archives in each other are opened."""
_ALWAYS = 64 * 2**20
_MOST_DIRECTORY = 32 * 2**20
"""Bytes of the table of members of a zip."""
_MOST_MEMORY = 256 * 2**20
"""Bytes that unpacking xz may take."""
_SMALL_PIECE = 4096
"""Packed bytes that are unpacked together where the result of them has no bound."""
_BROKEN = (
    *(EOFError, OSError, ValueError, RuntimeError, NotImplementedError),
    *(zlib.error, lzma.LZMAError, zipfile.BadZipFile),
)


def _zstandard() -> Callable[[Any], Any] | None:
    """What opens a stream of zstd: Python's own from 3.14 on, or a library that is there."""
    for name in ("compression.zstd", "backports.zstd"):
        with suppress(ImportError):
            return cast(Callable[[Any], Any], importlib.import_module(name).ZstdFile)
    with suppress(ImportError):
        found = importlib.import_module("zstandard")
        return lambda file: found.ZstdDecompressor(max_window_size=_MOST_MEMORY).stream_reader(
            file, read_across_frames=True, closefd=False
        )
    return None


_OPEN_ZSTD = _zstandard()
_CLOSED: tuple[tuple[bytes, str], ...] = (
    (b"7z\xbc\xaf\x27\x1c", "a 7z archive"),
    (b"Rar!\x1a\x07", "a rar archive"),
    (b"\x28\xb5\x2f\xfd", "a zstd stream"),
    (b"\x04\x22\x4d\x18", "an lz4 stream"),
    (b"\xed\xab\xee\xdb", "an rpm package"),
    (b"MSCF\0\0\0\0", "a cab archive"),
    (b"LZIP\x01", "an lzip stream"),
    (b"\x89LZO\0", "an lzop stream"),
    (b"\x1f\x9d", "a stream of compress"),
    (b"hsqs", "a squashfs"),
    (b"xar!", "a xar archive"),
    (b"LUKS\xba\xbe", "an encrypted disk"),
    (b"Salted__", "an encrypted file"),
)
"""How a file begins that cannot be opened, and what it is."""
_GZIP, _BZIP2, _XZ, _AR = b"\x1f\x8b\x08", b"BZh", b"\xfd7zXZ\0", b"!<arch>\n"
_BZIP2_BLOCK = (b"1AY&SY", b"\x17rE8P\x90")
_ZIP = (b"PK\x03\x04", b"PK\x05\x06")
_AR_HEADER, _AR_SIZE, _AR_END = 60, slice(48, 58), b"`\n"


class Holds(Exception):
    """A secret is in the file; its argument is the name."""


class TooMuch(Exception):
    """More is packed in the file than is looked at; the message says what."""


Find = Callable[[bytes], str]
"""The name of a secret whose value is in these bytes; empty when there is none."""


class _Stream(io.RawIOBase):
    """Bytes that are looked through and counted while somebody unpacks them."""

    def __init__(
        self,
        source: Any,
        see: Callable[[bytes], None] | None,
        *,
        left: int | None = None,
        piece: int = PIECE,
    ) -> None:
        self._source, self._see, self._left, self._piece = source, see, left, piece
        self._ahead = b""

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: Any) -> int:
        data = self._ahead[: len(buffer)] or self._more(len(buffer))
        self._ahead = self._ahead[len(data) :]
        buffer[: len(data)] = data
        return len(data)

    def _more(self, most: int) -> bytes:
        if self._left is not None:
            most = min(most, self._left)
        data: bytes = self._source.read(min(most, self._piece)) if most else b""
        if self._left is not None:
            self._left -= len(data)
        if self._see and data:
            self._see(data)
        return data

    def beginning(self, size: int) -> bytes:
        """The next bytes, which will be read again; fewer at the end."""
        while len(self._ahead) < size and (more := self._more(size - len(self._ahead))):
            self._ahead += more
        return self._ahead[:size]

    def take(self, size: int) -> bytes:
        """The next bytes; fewer at the end."""
        taken = self.beginning(size)
        self._ahead = self._ahead[len(taken) :]
        return taken

    def drain(self) -> None:
        """Whatever is left."""
        while self.read(PIECE):
            pass


class _AsItComes:
    """What a file gives at once: of a broken one all that comes before the fault."""

    def __init__(self, file: Any) -> None:
        self.read = file.read1


class _Unpacked:
    """Streams one after another, unpacked by what `make` gives, never many bytes at once."""

    def __init__(self, source: _Stream, make: Callable[[], Any]) -> None:
        self._source, self._make = source, make
        self._unpack, self._rest = make(), b""

    def read(self, size: int) -> bytes:
        while True:
            if self._unpack.eof:
                self._rest = self._unpack.unused_data or self._source.take(PIECE)
                if not self._rest.strip(b"\0"):
                    return b""
                self._unpack = self._make()
            elif self._unpack.needs_input:
                self._rest = self._source.take(PIECE)
                if not self._rest:
                    raise EOFError
            data: bytes = self._unpack.decompress(self._rest, size)
            self._rest = b""
            if data:
                return data


class Looking:
    """One file that is looked into. `unread` says afterwards what could not be opened."""

    def __init__(self, find: Find, overlap: int, scratch: Path) -> None:
        """`overlap`: bytes of a secret less one. Members of zips within others are kept for a
        moment in a file of `scratch` without a name."""
        self._find, self._overlap, self._scratch = find, overlap, scratch
        self._left = 0
        self._most = 0
        self.unread: list[str] = []

    def file(self, path: Path) -> None:
        """Holds or TooMuch, or it may leave. OSError when it cannot be read."""
        size = path.stat().st_size
        self._most = self._left = min(MOST_UNPACKED, max(_ALWAYS, MOST_RATIO * size))
        with path.open("rb") as file:
            self._enter(_Stream(file, self._seer(counts=False)), 0, file)

    def _seer(self, *, counts: bool = True) -> Callable[[bytes], None]:
        """Looks through what comes, also where two pieces meet."""
        kept = b""

        def see(data: bytes) -> None:
            nonlocal kept
            if counts:
                self._left -= len(data)
                if self._left < 0:
                    raise TooMuch(f"it unpacks to more than {self._most >> 20} MiB")
            data = kept + data
            if name := self._find(data):
                raise Holds(name)
            kept = data[-self._overlap :] if self._overlap else b""

        return see

    def _note(self, reason: str) -> None:
        if reason not in self.unread:
            self.unread.append(reason)

    def _enter(self, stream: _Stream, depth: int, file: IO[bytes] | None = None) -> None:
        """All of a stream, and what is packed in it. `file`: the same, when it can be sought in."""
        kind = kind_of(stream.beginning(tar_blocks.BLOCK))
        if kind and not callable(kind):
            self._note(f"{kind} in it cannot be opened" if depth else f"{kind} cannot be opened")
        elif kind and depth >= MOST_DEEP:
            self._note(f"more than {MOST_DEEP} archives are in each other")
        elif kind:
            try:
                kind(self, stream, depth, file)
            except _BROKEN:
                self._note("an archive in it is broken" if depth else "it is a broken archive")
        stream.drain()

    def _inner(self, unpacked: Any, depth: int, piece: int = PIECE) -> None:
        self._enter(_Stream(unpacked, self._seer(), piece=piece), depth + 1)

    def _gzip(self, stream: _Stream, depth: int, file: IO[bytes] | None) -> None:
        with gzip.GzipFile(fileobj=stream) as unpacked:
            self._inner(_AsItComes(unpacked), depth)

    def _bzip2(self, stream: _Stream, depth: int, file: IO[bytes] | None) -> None:
        self._inner(_Unpacked(stream, bz2.BZ2Decompressor), depth)

    def _xz(self, stream: _Stream, depth: int, file: IO[bytes] | None) -> None:
        self._inner(_Unpacked(stream, lambda: lzma.LZMADecompressor(memlimit=_MOST_MEMORY)), depth)

    def _zstd(self, stream: _Stream, depth: int, file: IO[bytes] | None) -> None:
        assert _OPEN_ZSTD
        self._inner(_AsItComes(_OPEN_ZSTD(stream)), depth)

    def _tar(self, stream: _Stream, depth: int, file: IO[bytes] | None) -> None:
        while member := tar_blocks.read_header(stream.take(tar_blocks.BLOCK)):
            self._member(stream, member.size, member.padding, depth)

    def _ar(self, stream: _Stream, depth: int, file: IO[bytes] | None) -> None:
        stream.take(len(_AR))
        while (header := stream.take(_AR_HEADER)).endswith(_AR_END):
            size = int(header[_AR_SIZE])
            self._member(stream, size, size % 2, depth)

    def _member(self, stream: _Stream, size: int, padding: int, depth: int) -> None:
        """A part of a stream, as a file: its bytes are seen there already."""
        self._enter(_Stream(stream, None, left=size), depth + 1)
        stream.take(padding)

    def _zip(self, stream: _Stream, depth: int, file: IO[bytes] | None) -> None:
        if file:
            stream.drain()
            self._zipped(file, depth)
            return
        self._scratch.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryFile(dir=self._scratch) as beside:
            shutil.copyfileobj(stream, beside, PIECE)
            self._zipped(beside, depth)

    def _zipped(self, file: IO[bytes], depth: int) -> None:
        _require_small_directory(file)
        with zipfile.ZipFile(file) as archive:
            for info in archive.infolist():
                if info.flag_bits & 1:
                    self._note("a member of it is encrypted")
                    continue
                is_bounded = info.compress_type in (zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED)
                try:
                    with archive.open(info) as member:
                        self._inner(
                            _AsItComes(member), depth, PIECE if is_bounded else _SMALL_PIECE
                        )
                except _BROKEN:
                    self._note("a member of it is broken, or packed in a way that is not known")


def _require_small_directory(file: IO[bytes]) -> None:
    """TooMuch for a zip whose table of members would take much memory: it is read whole."""
    size = file.seek(0, io.SEEK_END)
    file.seek(max(0, size - 65_557))
    end = file.read()
    at = end.rfind(b"PK\x05\x06")
    if at >= 0 and int.from_bytes(end[at + 12 : at + 16], "little") > _MOST_DIRECTORY:
        raise TooMuch("it has too many members")


_Opener = Callable[[Looking, _Stream, int, IO[bytes] | None], None]


def kind_of(beginning: bytes) -> _Opener | str | None:
    r"""By its first 512 bytes: what opens it, or the name of what cannot be opened; None: it is
    no archive.

    >>> kind_of(b"Rar!\x1a\x07\0..."), kind_of(b"BZhow is it spelled?")
    ('a rar archive', None)
    """
    if _OPEN_ZSTD and beginning.startswith(b"\x28\xb5\x2f\xfd"):
        return Looking._zstd
    for magic, name in _CLOSED:
        if beginning.startswith(magic):
            return name
    if beginning.startswith(_GZIP):
        return Looking._gzip
    if beginning.startswith(_BZIP2) and beginning[4:10] in _BZIP2_BLOCK:
        return Looking._bzip2
    if beginning.startswith(_XZ):
        return Looking._xz
    if beginning.startswith(_ZIP):
        return Looking._zip
    if beginning.startswith(_AR):
        return Looking._ar
    return Looking._tar if tar_blocks.read_header(beginning[: tar_blocks.BLOCK]) else None
