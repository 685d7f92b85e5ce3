"""Texts of failing cases in blocks. Pure.

Failures of one run say much the same: together they take a tenth of what each of them takes
alone, and they go with their result.
"""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass

import msgspec
import zstandard

_BLOCK = 64 * 1024
"""Characters that lie in one block, unless one case alone has more."""
_LEVEL = 1
_DECODED = 1 << 30
"""Bytes that a block may come to: what was packed is ours."""


class Texts(msgspec.Struct, array_like=True, frozen=True):
    """What a failing case said; None: nothing."""

    type: str | None = None
    message: str | None = None
    detail: str | None = None
    stdout: str | None = None
    stderr: str | None = None

    def __len__(self) -> int:
        """Characters."""
        every = (self.type, self.message, self.detail, self.stdout, self.stderr)
        return sum(len(text) for text in every if text)

    @property
    def is_silent(self) -> bool:
        """Whether there is nothing to keep; an empty text is something."""
        return self == _SILENT

    def shown(self) -> dict[str, str]:
        """By the keys of our own answers, those there are."""
        return {key: text for key, text in msgspec.structs.asdict(self).items() if text is not None}

    def in_dci_words(self) -> dict[str, str | None]:
        """All of them, by DCI's keys; its `value` is never null."""
        return {
            "type": self.type, "message": self.message, "value": self.detail or "",
            "stdout": self.stdout, "stderr": self.stderr,
        }  # fmt: skip

    def within(self, half: int) -> "Texts":
        """With the beginning and the end of a detail that is longer than both together.

        >>> Texts(detail="abcdefg").within(2).detail
        'ab\\n…\\nfg'
        >>> Texts(detail="abcd").within(2).detail
        'abcd'
        """
        if self.detail is None or len(self.detail) <= 2 * half:
            return self
        short = f"{self.detail[:half]}\n…\n{self.detail[-half:]}"
        return msgspec.structs.replace(self, detail=short)


_SILENT = Texts()
_ENCODER = msgspec.msgpack.Encoder()
_DECODER = msgspec.msgpack.Decoder(dict[int, Texts])


@dataclass(frozen=True, slots=True)
class Block:
    """Texts of cases from the position `first` on, packed."""

    first: int
    data: bytes


def pack(cases: Iterable[tuple[int, Texts]]) -> Iterator[Block]:
    """Cases in the order of their positions; who said nothing takes no room.

    >>> (block,) = pack([(3, Texts(message="why")), (5, Texts())])
    >>> block.first, unpack(block.data)[3].message
    (3, 'why')
    """
    waiting: dict[int, Texts] = {}
    size = 0
    for position, texts in cases:
        if texts.is_silent:
            continue
        waiting[position] = texts
        size += len(texts)
        if size >= _BLOCK:
            yield _shut(waiting)
            waiting, size = {}, 0
    if waiting:
        yield _shut(waiting)


def _shut(waiting: Mapping[int, Texts]) -> Block:
    data = zstandard.ZstdCompressor(level=_LEVEL).compress(_ENCODER.encode(waiting))
    return Block(next(iter(waiting)), data)


def unpack(data: bytes) -> dict[int, Texts]:
    """The texts of one block by position."""
    found = zstandard.ZstdDecompressor().decompress(data, max_output_size=_DECODED)
    return _DECODER.decode(found)
