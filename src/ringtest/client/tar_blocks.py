"""Tar archives, as contents of files and what stands between them. Pure.

Only as much is read as is needed to tell one from the other; what is no header that is known ends
the reading, and is no error: the rest counts as headers.
"""

from collections.abc import Callable, Iterator
from dataclasses import dataclass

BLOCK = 512
_CHECKSUM = slice(148, 156)
_SIZE = slice(124, 136)
_TYPE = slice(156, 157)
_FILES = (b"0", b"\0", b"7")
_WITHOUT_DATA = (b"1", b"2", b"3", b"4", b"5", b"6")
_SPARSE = b"S"
_PIECE = 256 * 1024
_BINARY = (0x80, 0xFF)
"""First byte of a number that is not octal digits."""


class BadTar(ValueError):
    """Contents and headers do not fit each other."""


@dataclass(frozen=True, slots=True)
class Member:
    """What a header says: `size` bytes follow it, of a file or of another header."""

    size: int
    is_file: bool

    @property
    def padding(self) -> int:
        """Bytes between the last one and the next header."""
        return -self.size % BLOCK


def read_header(block: bytes) -> Member | None:
    """What a block says of what follows; None when it is no header, or of a kind whose data
    cannot be told (sparse files).

    >>> read_header(bytes(512)) is None
    True
    """
    if len(block) != BLOCK or block[_TYPE] == _SPARSE:
        return None
    told, size = _number(block[_CHECKSUM]), _number(block[_SIZE])
    if told is None or size is None or told != sum(block) - sum(block[_CHECKSUM]) + 8 * ord(" "):
        return None
    kind = block[_TYPE]
    return Member(0 if kind in _WITHOUT_DATA else size, kind in _FILES)


def _number(digits: bytes) -> int | None:
    if digits[0] in _BINARY:
        return int.from_bytes(digits[1:], "big") if digits[0] == _BINARY[0] else None
    text = digits.split(b"\0", 1)[0].strip(b" ")
    try:
        return int(text or b"0", 8)
    except ValueError:
        return None


class Splitter:
    """Takes a tar apart, piece by piece. What `Joiner` makes of the parts is the same tar."""

    def __init__(self) -> None:
        self._block = b""
        self._left = 0
        self._padding = 0
        self._is_content = False
        self._is_over = False

    def feed(self, data: bytes) -> Iterator[tuple[bool, bytes]]:
        """The next bytes, each run of them with whether it is content. BadTar when something
        else than zeros stands behind a file."""
        at = 0
        while at < len(data):
            if self._is_over:
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
                    raise BadTar("something else than zeros stands behind a file")
            else:
                taken = data[at : at + BLOCK - len(self._block)]
                self._block += taken
                if len(self._block) == BLOCK:
                    yield False, self._begin()
            at += len(taken)

    def _begin(self) -> bytes:
        block, self._block = self._block, b""
        member = read_header(block)
        if member is None:
            self._is_over = True
        elif member.is_file:
            self._left, self._padding, self._is_content = member.size, member.padding, True
        else:
            self._left, self._is_content = member.size + member.padding, False
        return block

    def finish(self) -> bytes:
        """Headers that were held. BadTar when the archive ends within something."""
        if self._left or self._padding:
            raise BadTar("the archive ends too early")
        return self._block


class Joiner:
    """Puts a tar together. `read` gives the next so many bytes of headers, fewer at their end."""

    def __init__(self, read: Callable[[int], bytes]) -> None:
        self._read = read
        self._left = 0
        self._padding = b""
        self._is_over = False

    def feed(self, data: bytes) -> Iterator[bytes]:
        """The tar up to where these contents end. BadTar when there is no place for them."""
        at = 0
        while at < len(data):
            if not self._left:
                yield from self._between()
                if not self._left:
                    raise BadTar("more contents than headers tell of")
            taken = data[at : at + self._left]
            self._left -= len(taken)
            at += len(taken)
            yield taken
            if not self._left:
                yield self._padding

    def finish(self) -> Iterator[bytes]:
        """What follows the last contents. BadTar when contents are missing."""
        if not self._left:
            yield from self._between()
        if self._left:
            raise BadTar("contents are missing")

    def _between(self) -> Iterator[bytes]:
        """Up to where contents are wanted, or to the end."""
        while not self._left and not self._is_over:
            block = self._read(BLOCK)
            yield block
            member = read_header(block)
            if member is None:
                self._is_over = True
                while more := self._read(_PIECE):
                    yield more
            elif member.is_file:
                self._left, self._padding = member.size, bytes(member.padding)
            else:
                left = member.size + member.padding
                while left and (more := self._read(min(left, _PIECE))):
                    left -= len(more)
                    yield more
