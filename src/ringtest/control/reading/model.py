"""What a result file comes to before the database is asked: packed columns, totals, asides. Pure.

A result is a vector of bytes, one per case in the order of its plan.
"""

import re
import sys
import zlib
from array import array
from bisect import bisect_right
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from hashlib import blake2b
from typing import Any

import msgspec


class PlanDigest:
    """Equal for equal lists of tests, in whatever pieces they come: 32 bytes. No name holds a
    NUL, so joining is safe."""

    def __init__(self) -> None:
        self._columns = [blake2b(digest_size=32) for _ in range(3)]

    def add(self, suites: Sequence[str], classnames: Sequence[str], names: Sequence[str]) -> None:
        """The next tests: a column each, of one length."""
        if names:
            for digest, column in zip(self._columns, (suites, classnames, names), strict=True):
                digest.update("\0".join(column).encode())
                digest.update(b"\0")

    def digest(self) -> bytes:
        """Of all so far."""
        return blake2b(b"".join(one.digest() for one in self._columns), digest_size=32).digest()


def plan_digest(suites: Sequence[str], classnames: Sequence[str], names: Sequence[str]) -> bytes:
    """The digest of a list of tests that comes in one piece."""
    digest = PlanDigest()
    digest.add(suites, classnames, names)
    return digest.digest()


def pack_durations(seconds: Iterable[float]) -> bytes:
    """Float32, little-endian.

    >>> list(unpack_durations(pack_durations([0.5, 2.0])))
    [0.5, 2.0]
    """
    numbers = array("f", seconds)
    if sys.byteorder == "big":
        numbers.byteswap()
    return numbers.tobytes()


def unpack_durations(data: bytes) -> Sequence[float]:
    """What `pack_durations` packed; 32 bits tell seven digits, so `round` what you show."""
    numbers = array("f", data)
    if sys.byteorder == "big":
        numbers.byteswap()
    return numbers


@dataclass(frozen=True, slots=True)
class Totals:
    """Cases of a result by what DCI calls them."""

    total: int
    success: int
    skips: int
    failures: int
    errors: int


SKIPPED = b"sxb"
"""Packed outcomes of cases that did not run, or whose failure was expected."""
_BAD = re.compile(b"[fe]")


def totals(outcomes: bytes) -> Totals:
    """
    >>> totals(b"ppfsx")
    Totals(total=5, success=2, skips=2, failures=1, errors=0)
    """
    failures, errors = outcomes.count(b"f"), outcomes.count(b"e")
    skips = sum(outcomes.count(byte) for byte in SKIPPED)
    success = len(outcomes) - failures - errors - skips
    return Totals(len(outcomes), success, skips, failures, errors)


def bad_positions(outcomes: bytes | bytearray) -> list[int]:
    """Positions of the cases that need a failure row.

    >>> bad_positions(b"pfse")
    [1, 3]
    """
    return [found.start() for found in _BAD.finditer(outcomes)]


_ASIDES = 16 * 1024 * 1024
"""Bytes of JSON kept of what cases left behind, beside failure rows, in one result."""


class Aside(msgspec.Struct, omit_defaults=True):
    """What a case left behind that is in no failure row. The first six in DCI's words; steps,
    attempts and attachments are as answers show them."""

    message: str | None = None
    type: str | None = None
    value: str = ""
    stdout: str | None = None
    stderr: str | None = None
    properties: list[tuple[str, str]] = []
    raw_classname: str | None = None
    raw_name: str | None = None
    raw_outcome: str | None = None
    attempts: list[dict[str, Any]] = []
    steps: list[dict[str, Any]] = []
    parameters: list[tuple[str, str]] = []
    attachments: list[dict[str, Any]] = []
    cut: list[str] = []

    def texts(self) -> dict[str, str]:
        """Texts of a case that has no failure row, by the keys of our own answers."""
        texts = {
            "type": self.type,
            "message": self.message,
            "detail": self.value,
            "stdout": self.stdout,
            "stderr": self.stderr,
        }
        return {key: text for key, text in texts.items() if text}

    def beside(self) -> dict[str, Any]:
        """What few cases have, by the keys of our own answers."""
        beside = {
            "raw_classname": self.raw_classname,
            "raw_name": self.raw_name,
            "raw_outcome": self.raw_outcome,
            "properties": _pairs(self.properties),
            "parameters": _pairs(self.parameters),
            "attempts": self.attempts,
            "steps": self.steps,
            "attachments": self.attachments,
            "cut": self.cut,
        }
        return {key: value for key, value in beside.items() if value}

    def shown(self) -> dict[str, Any]:
        """The keys of a case in DCI's shape that it fills in: the names as the file has them."""
        own = {
            "message": self.message,
            "type": self.type,
            "value": self.value,
            "stdout": self.stdout,
            "stderr": self.stderr,
            "properties": _pairs(self.properties),
        }
        names = {"classname": self.raw_classname, "name": self.raw_name}
        return own | {key: name for key, name in names.items() if name is not None}


def _pairs(pairs: Iterable[tuple[str, str]]) -> list[dict[str, str]]:
    return [{"name": name, "value": value} for name, value in pairs]


Suites = list[tuple[str, str, list[tuple[str, str]]]]
"""Suites of a file (path, name, properties) in their order."""


class Asides(msgspec.Struct):
    """Suites, and cases by position."""

    suites: Suites = []
    cases: dict[int, Aside] = {}


_BLOCK = 32 * 1024
"""Bytes of JSON that lie in one block, unless one case alone is more."""


@dataclass(frozen=True, slots=True)
class PackedAsides:
    """Asides in blocks that can be read one by one: first that of the suites, then of cases.

    `aside_blocks` has where the first ends, and of each other the position of its first case
    and where it ends. Named as the columns of a result.
    """

    asides: bytes = b""
    aside_blocks: Sequence[int] = ()


class AsidePacker:
    """Packs the asides of one file. Cases come in the order of their positions, as many as
    there is room for; `is_full` tells that there were more."""

    def __init__(self) -> None:
        self.is_full = False
        self._room = _ASIDES
        self._waiting: list[bytes] = []
        self._first = self._size = 0
        self._parts: list[bytes] = []
        self._blocks: list[int] = []

    def add(self, position: int, aside: Aside) -> None:
        """The next case. One that left nothing takes no room."""
        text = msgspec.json.encode(aside)
        if len(text) <= 2 or self.is_full:
            return
        self._room -= len(text)
        if self._room < 0:
            self.is_full = True
            return
        if not self._waiting:
            self._first = position
        self._waiting.append(b'"%d":%b' % (position, text))
        self._size += len(text)
        if self._size >= _BLOCK:
            self._shut()

    def _shut(self) -> None:
        if self._waiting:
            block = zlib.compress(b"{" + b",".join(self._waiting) + b"}", 1)
            self._parts.append(block)
            self._blocks += (self._first, len(block))
        self._waiting, self._size = [], 0

    def pack(self, suites: Suites) -> PackedAsides:
        """Everything; nothing may be added behind it."""
        self._shut()
        first = zlib.compress(msgspec.json.encode(suites), 1)
        end = len(first)
        blocks = [end]
        for at in range(0, len(self._blocks), 2):
            end += self._blocks[at + 1]
            blocks += (self._blocks[at], end)
        return PackedAsides(b"".join([first, *self._parts]), blocks)


def unpack_asides(data: bytes | None, blocks: Sequence[int]) -> Asides:
    """All that was packed. Without blocks it is of a result stored when there were none.

    >>> packer = AsidePacker()
    >>> packer.add(3, Aside(message="why"))
    >>> packed = packer.pack([("s", "s", [])])
    >>> unpack_asides(packed.asides, packed.aside_blocks).cases[3].message
    'why'
    """
    if not data:
        return Asides()
    if not blocks:
        return msgspec.json.decode(zlib.decompress(data), type=Asides)
    suites = msgspec.json.decode(zlib.decompress(data[: blocks[0]]), type=Suites)
    cases: dict[int, Aside] = {}
    for start, end in _extents(blocks):
        cases |= msgspec.json.decode(zlib.decompress(data[start:end]), type=dict[int, Aside])
    return Asides(suites, cases)


def _extents(blocks: Sequence[int]) -> list[tuple[int, int]]:
    """Where the blocks of cases begin and end."""
    return list(zip([blocks[0], *blocks[2::2]], blocks[2::2], strict=False))


def blocks_with(blocks: Sequence[int], positions: Iterable[int]) -> list[tuple[int, int]]:
    """Start and end of the blocks in which these positions (ascending) would be.

    >>> blocks_with([10, 0, 30, 70, 45], [5, 6, 71])
    [(10, 30), (30, 45)]
    >>> blocks_with([10, 4, 30], [3]), blocks_with([], [3])
    ([], [])
    """
    extents = _extents(blocks) if blocks else []
    firsts = list(blocks[1::2])
    found = dict.fromkeys(bisect_right(firsts, position) - 1 for position in positions)
    return [extents[at] for at in found if at >= 0]


def open_block(data: bytes) -> dict[int, msgspec.Raw]:
    """The asides of one block as JSON, by position."""
    return msgspec.json.decode(zlib.decompress(data), type=dict[int, msgspec.Raw])
