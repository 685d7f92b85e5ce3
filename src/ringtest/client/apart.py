"""Archives taken apart into contents of files and what stands between them, and put together
again. Pure.

Only as much is read as is needed to tell one from the other; what is no header that is known ends
the reading, and is no error: the rest counts as headers.
"""

from collections.abc import Callable, Iterator
from dataclasses import dataclass

from ringtest.client import tar_blocks
from ringtest.client.tar_blocks import Member

_PIECE = 256 * 1024
_ZIP = b"PK\x03\x04"
_ZIP_HEADER = 30
_LATER, _IN_ZIP64 = 8, 0xFFFFFFFF


class BadParts(ValueError):
    """An archive that is not taken apart, or contents and headers that do not fit each other."""


@dataclass(frozen=True, slots=True)
class Format:
    """How headers are read: how many bytes one has, as far as its beginning tells, and what
    follows it (None: there are no more)."""

    length: Callable[[bytes], int]
    read: Callable[[bytes], Member | None]


def _zip_length(begun: bytes) -> int:
    if len(begun) < _ZIP_HEADER or not begun.startswith(_ZIP):
        return _ZIP_HEADER
    names = int.from_bytes(begun[26:28], "little"), int.from_bytes(begun[28:30], "little")
    return _ZIP_HEADER + sum(names)


def read_zip_header(header: bytes) -> Member | None:
    """What follows the header of a member. BadParts when it does not tell."""
    if len(header) < _ZIP_HEADER or not header.startswith(_ZIP):
        return None
    size = int.from_bytes(header[18:22], "little")
    if header[6] & _LATER or size == _IN_ZIP64:
        raise BadParts("a member's size does not stand before it")
    return Member(size, is_file=True)


def _tar_length(begun: bytes) -> int:
    return tar_blocks.BLOCK


TAR = Format(_tar_length, tar_blocks.read_header)
ZIP = Format(_zip_length, read_zip_header)


class Splitter:
    """Takes an archive apart, piece by piece. What `Joiner` makes of the parts is the same."""

    def __init__(self, form: Format) -> None:
        self._form = form
        self.rest = 0
        """Bytes behind the last header that is known."""
        self._header = b""
        self._pads = form is TAR
        self._left = 0
        self._padding = 0
        self._is_content = False
        self._is_over = False

    def feed(self, data: bytes) -> Iterator[tuple[bool, bytes]]:
        """The next bytes, each run of them with whether it is content. BadParts when something
        else than zeros stands behind a file."""
        at = 0
        while at < len(data):
            if self._is_over:
                self.rest += len(data) - at
                yield False, data[at:]
                return
            if self._left:
                taken = data[at : at + self._left]
                self._left -= len(taken)
                yield self._is_content, taken
            elif self._padding:
                taken = data[at : at + self._padding]
                self._padding -= len(taken)
                if taken.count(0) != len(taken):
                    raise BadParts("something else than zeros stands behind a file")
            else:
                taken = data[at : at + self._form.length(self._header) - len(self._header)]
                self._header += taken
                if len(self._header) == self._form.length(self._header):
                    yield False, self._begin()
            at += len(taken)

    def _begin(self) -> bytes:
        header, self._header = self._header, b""
        member = self._form.read(header)
        if member is None:
            self._is_over = True
        elif member.is_file:
            self._left, self._is_content = member.size, True
            self._padding = member.padding if self._pads else 0
        else:
            self._left, self._is_content = member.size + member.padding, False
        return header

    def finish(self) -> bytes:
        """Headers that were held. BadParts when the archive ends within something."""
        if self._left or self._padding:
            raise BadParts("the archive ends too early")
        return self._header


class Joiner:
    """Puts an archive together. `read` gives the next so many bytes of headers, fewer at their
    end."""

    def __init__(self, form: Format, read: Callable[[int], bytes]) -> None:
        self._form = form
        self._pads = form is TAR
        self._read = read
        self._left = 0
        self._padding = b""
        self._is_over = False

    def feed(self, data: bytes) -> Iterator[bytes]:
        """The archive up to where these contents end. BadParts when there is no place for them."""
        at = 0
        while at < len(data):
            if not self._left:
                yield from self._between()
                if not self._left:
                    raise BadParts("more contents than headers tell of")
            taken = data[at : at + self._left]
            self._left -= len(taken)
            at += len(taken)
            yield taken
            if not self._left:
                yield self._padding

    def finish(self) -> Iterator[bytes]:
        """What follows the last contents. BadParts when contents are missing."""
        if not self._left:
            yield from self._between()
        if self._left:
            raise BadParts("contents are missing")

    def _between(self) -> Iterator[bytes]:
        """Up to where contents are wanted, or to the end."""
        while not self._left and not self._is_over:
            header = b""
            while more := self._read(self._form.length(header) - len(header)):
                header += more
            yield header
            member = self._form.read(header)
            if member is None:
                self._is_over = True
                while more := self._read(_PIECE):
                    yield more
            elif member.is_file:
                self._left = member.size
                self._padding = bytes(member.padding) if self._pads else b""
            else:
                left = member.size + member.padding
                while left and (more := self._read(min(left, _PIECE))):
                    left -= len(more)
                    yield more
