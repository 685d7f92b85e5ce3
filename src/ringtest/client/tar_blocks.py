"""Headers of tar archives: what follows each block of 512 bytes. Pure.

Only as much is read as is needed to tell contents of files from what stands between them.
"""

from dataclasses import dataclass

BLOCK = 512
_CHECKSUM = slice(148, 156)
_SIZE = slice(124, 136)
_TYPE = slice(156, 157)
_FILES = (b"0", b"\0", b"7")
_WITHOUT_DATA = (b"1", b"2", b"3", b"4", b"5", b"6")
_SPARSE = b"S"
_BINARY = (0x80, 0xFF)
"""First byte of a number that is not octal digits."""


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
