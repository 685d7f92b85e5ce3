"""What a result file comes to before the database is asked: packed columns, totals, asides. Pure.

A result is a vector of bytes, one per case in the order of its plan.
"""

import re
import sys
import zlib
from array import array
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from hashlib import blake2b
from typing import Any

import msgspec


def plan_digest(suites: Sequence[str], classnames: Sequence[str], names: Sequence[str]) -> bytes:
    """Equal for equal lists of tests: 32 bytes. No name holds a NUL, so joining is safe."""
    digest = blake2b(len(names).to_bytes(8, "big"), digest_size=32)
    for column in (suites, classnames, names):
        digest.update("\0".join(column).encode())
        digest.update(b"\0")
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


def bad_positions(outcomes: bytes) -> list[int]:
    """Positions of the cases that need a failure row.

    >>> bad_positions(b"pfse")
    [1, 3]
    """
    return [found.start() for found in _BAD.finditer(outcomes)]


_ASIDES = 16 * 1024 * 1024
"""Characters kept of what cases that did not fail left behind, in one result."""


class Aside(msgspec.Struct, omit_defaults=True):
    """What a case left behind that is in no failure row, in DCI's words."""

    message: str | None = None
    type: str | None = None
    value: str = ""
    stdout: str | None = None
    stderr: str | None = None
    properties: list[tuple[str, str]] = []

    def size(self) -> int:
        """Characters."""
        texts = (self.message, self.type, self.value, self.stdout, self.stderr)
        pairs = sum(len(name) + len(value) for name, value in self.properties)
        return sum(len(text or "") for text in texts) + pairs

    def shown(self) -> dict[str, Any]:
        """The keys of a case that it fills in."""
        pairs = [{"name": name, "value": value} for name, value in self.properties]
        return msgspec.structs.asdict(self) | {"properties": pairs}


class Asides(msgspec.Struct):
    """Suites (path, name, properties) in their order, and cases by position."""

    suites: list[tuple[str, str, list[tuple[str, str]]]] = []
    cases: dict[int, Aside] = {}

    def pack(self) -> bytes:
        """In few bytes: most of it is text that repeats."""
        return zlib.compress(msgspec.json.encode(self), 1)


def unpack_asides(data: bytes | None) -> Asides:
    """What `pack` packed; None is of a result that was stored before there were any.

    >>> unpack_asides(Asides(cases={3: Aside(message="why")}).pack()).cases[3].message
    'why'
    """
    return msgspec.json.decode(zlib.decompress(data), type=Asides) if data else Asides()


def keep_asides(found: Iterable[tuple[int, Aside]]) -> tuple[dict[int, Aside], bool]:
    """By position, as many as there is room for, and whether that was all.

    >>> kept, is_all = keep_asides([(1, Aside()), (2, Aside(message="why"))])
    >>> list(kept), is_all
    ([2], True)
    """
    room = _ASIDES
    kept: dict[int, Aside] = {}
    for position, aside in found:
        size = aside.size()
        room -= size
        if room < 0:
            return kept, False
        if size:
            kept[position] = aside
    return kept, True
