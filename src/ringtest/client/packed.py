"""Files taken as what is in them: two versions have that in common where their bytes differ all
over, because gzip packed them, or because an archive has the time beside each of its files.

What is in a file is told in parts: of a tar or zip first all that is no content of a file, then
the contents one after the other; of anything else there are contents alone. A recipe says how the
parts become the file again, byte for byte; it stands before the list of the parts' chunks, little
endian:

    8 bytes magic, level (0: not packed) and memory of zlib, form (1 tar, 2 zip), 1 byte nothing,
    bytes of the file's own gzip header (u32), of headers and of contents (u64), the gzip header
"""

import struct
import zlib
from collections.abc import Callable, Iterator
from dataclasses import dataclass

from ringtest.client.apart import TAR, ZIP, Format, Joiner, Splitter
from ringtest.client.chunk_lists import BadList

MAGIC = b"RTUNPAK1"
PIECE = 256 * 1024
"""Bytes that are unpacked together."""
LONGEST_HEADER = 2048
SPANS = "Ringtest-Spans"
"""The header that asks for spans of the parts: `0-99,200-299`, all in their order."""
MOST_SPANS = 256
MOST_WANTED = 256 * 2**20
"""Bytes of parts that are asked for together."""

_HEAD = struct.Struct("<8sBBBxIQQ")
HEAD_SIZE = _HEAD.size
_TRAILER = struct.Struct("<II")
_EXTRA, _NAME, _COMMENT, _CHECKED = 4, 8, 16, 2
_OWN_BITS = -15
"""Packed bytes without header and trailer, as gzip has them."""


FORMS: tuple[Format | None, ...] = (None, TAR, ZIP)
IS_TAR, IS_ZIP = 1, 2


class BadPacked(ValueError):
    """The bytes are not one whole file of gzip."""


@dataclass(frozen=True, slots=True)
class Recipe:
    """How a file is made of its parts. `headers` and `contents` are bytes of these; `level` 0: it
    is not packed; `form` is a place in `FORMS`, 0: it is no archive."""

    level: int
    memory: int
    form: int
    gzip_header: bytes
    headers: int
    contents: int

    @property
    def size(self) -> int:
        """Bytes of the parts."""
        return self.headers + self.contents

    def packer(self) -> "zlib._Compress":
        """Makes the packed bytes between header and trailer."""
        return zlib.compressobj(self.level, zlib.DEFLATED, _OWN_BITS, self.memory)

    def splitter(self) -> Splitter | None:
        """Takes what is in the file apart, if it is an archive."""
        form = FORMS[self.form]
        return Splitter(form) if form else None

    def joiner(self, read: Callable[[int], bytes]) -> Joiner | None:
        """Puts it together of contents and of headers, which `read` gives."""
        form = FORMS[self.form]
        return Joiner(form, read) if form else None


def write(recipe: Recipe, chunks: bytes) -> bytes:
    """A recipe and the list of the parts' chunks."""
    head = _HEAD.pack(
        *(MAGIC, recipe.level, recipe.memory, recipe.form, len(recipe.gzip_header)),
        *(recipe.headers, recipe.contents),
    )
    return head + recipe.gzip_header + chunks


def read(data: bytes) -> tuple[Recipe | None, int]:
    """The recipe that a list begins with, if it has one, and where its chunks begin. BadList."""
    if not data.startswith(MAGIC):
        return None, 0
    if len(data) < HEAD_SIZE:
        raise BadList("too short for a recipe")
    _, level, memory, form, length, headers, contents = _HEAD.unpack_from(data)
    end = HEAD_SIZE + length
    is_known = level <= 9 and 1 <= memory <= 9 and form < len(FORMS) and length <= LONGEST_HEADER
    if not is_known or len(data) < end:
        raise BadList("not a recipe that is known")
    recipe = Recipe(level, memory, form, data[HEAD_SIZE:end], headers, contents)
    return recipe, end


class AsItIs:
    """A file that is not packed, as if it were unpacked."""

    header = b""

    def __init__(self) -> None:
        self.size = 0

    def feed(self, data: bytes) -> Iterator[bytes]:
        """The same bytes."""
        self.size += len(data)
        yield data

    def finish(self) -> None:
        """All bytes were fed."""


class Unpacker:
    """Unpacks one file of gzip, piece by piece."""

    def __init__(self) -> None:
        self.header = b""
        self.size = 0
        self._begun = b""
        self._unpack: zlib._Decompress | None = None
        self._crc = 0
        self._trailer = b""

    def feed(self, data: bytes) -> Iterator[bytes]:
        """What the next packed bytes hold, at most `PIECE` bytes at once. BadPacked."""
        if self._unpack is None:
            self._begun += data
            length = header_length(self._begun)
            if not length:
                if len(self._begun) > LONGEST_HEADER:
                    raise BadPacked("a header that is too long")
                return
            self.header, data = self._begun[:length], self._begun[length:]
            self._begun, self._unpack = b"", zlib.decompressobj(_OWN_BITS)
        yield from self._unpacked(self._unpack, data)

    def _unpacked(self, unpack: "zlib._Decompress", data: bytes) -> Iterator[bytes]:
        if unpack.eof:
            self._trailer += data
        while not unpack.eof:
            try:
                piece = unpack.decompress(data, PIECE)
            except zlib.error as error:
                raise BadPacked(str(error)) from None
            data = unpack.unconsumed_tail
            self._trailer += unpack.unused_data
            if piece:
                self._crc = zlib.crc32(piece, self._crc)
                self.size += len(piece)
                yield piece
            if not data and len(piece) < PIECE:
                break
        if len(self._trailer) > _TRAILER.size:
            raise BadPacked("something follows what is packed")

    def finish(self) -> None:
        """All bytes were fed. BadPacked when they are not one whole file."""
        if self._trailer != _TRAILER.pack(self._crc, self.size & 0xFFFFFFFF):
            raise BadPacked("the end is missing or wrong")


class Packer:
    """Makes a packed file of what is in it, or lets it be if it is not packed."""

    def __init__(self, recipe: Recipe) -> None:
        self._header = recipe.gzip_header
        self._pack = recipe.packer() if recipe.level else None
        self._crc = 0
        self._size = 0

    def feed(self, data: bytes) -> bytes:
        """The packed bytes that are sure after these."""
        if self._pack is None:
            return data
        self._crc = zlib.crc32(data, self._crc)
        self._size += len(data)
        header, self._header = self._header, b""
        return header + self._pack.compress(data)

    def finish(self) -> bytes:
        """The last packed bytes."""
        if self._pack is None:
            return b""
        trailer = _TRAILER.pack(self._crc, self._size & 0xFFFFFFFF)
        return self._header + self._pack.flush() + trailer


def unpacker_of(recipe: Recipe) -> Unpacker | AsItIs:
    """Unpacks a file, if it is packed."""
    return Unpacker() if recipe.level else AsItIs()


def header_length(data: bytes) -> int:
    r"""Bytes of the header of a file of gzip; 0: not all of it is there. BadPacked.

    >>> header_length(b"\x1f\x8b\x08\x08" + bytes(6) + b"a.tar\0..."), header_length(b"\x1f\x8b")
    (16, 0)
    """
    if data[:3] != b"\x1f\x8b\x08"[: len(data)] or data[3:4] >= b"\x20":
        raise BadPacked("not a file of gzip")
    if len(data) < 12:
        return 0
    flags, end = data[3], 10
    if flags & _EXTRA:
        end += 2 + int.from_bytes(data[10:12], "little")
    for flag in (_NAME, _COMMENT):
        if flags & flag:
            end = data.find(b"\0", end) + 1
            if not end:
                return 0
    end += 2 if flags & _CHECKED else 0
    return end if end <= len(data) else 0


def write_spans(spans: list[tuple[int, int]]) -> str:
    """Spans as a header has them: of each its first and last byte.

    >>> write_spans([(0, 100), (200, 201)])
    '0-99,200-200'
    """
    return ",".join(f"{start}-{end - 1}" for start, end in spans)
