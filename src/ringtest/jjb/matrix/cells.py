"""The cells of a matrix: each version of a product × architecture × test."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from ringtest.jjb.matrix.reading import Leaf, Matrix

MOST_CELLS = 200_000


@dataclass(frozen=True, slots=True)
class Cell:
    """One cell; `fields` are what conditions and texts may name."""

    name: str
    fields: dict[str, Any]
    leaf: Leaf


def cells(matrix: Matrix) -> Iterator[Cell]:
    """Every cell, by product, version, architecture and the order of the tree."""
    for product, version in matrix.products:
        for arch in matrix.archs:
            for leaf in matrix.leaves:
                yield _cell(product, version, arch, leaf)


def count(matrix: Matrix) -> int:
    """How many there are, without making them."""
    return len(matrix.products) * len(matrix.archs) * len(matrix.leaves)


def _cell(product: str, version: str, arch: str, leaf: Leaf) -> Cell:
    component, kind, *rest = leaf.parts
    name = "-".join([component, product, version, arch, kind, *rest])
    major, _, minor = version.partition(".")
    fields = {
        "name": name,
        "product": product,
        "version": Version(version),
        "major": _number(major),
        "minor": _number(minor or "0"),
        "arch": arch,
        "component": component,
        "test": ".".join(leaf.parts),
        "test_type": kind,
        "test_suffix": "-".join(rest),
    }
    return Cell(name, fields, leaf)


def _number(text: str) -> int | str:
    return int(text) if text.isdigit() else text


class Version(str):
    """A version as text that compares with others as versions do.

    >>> Version("7.10") > "7.9", Version("7.10") == "7.10", Version("8") >= "8.0"
    (True, True, False)
    >>> Version("7.4") < 7.5
    True
    """

    __slots__ = ()

    def _compared(self, other: object) -> int:
        one, two = _parts(self), _parts(str(other))
        return (one > two) - (one < two)

    def __lt__(self, other: object) -> bool:
        return self._compared(other) < 0

    def __le__(self, other: object) -> bool:
        return self._compared(other) <= 0

    def __gt__(self, other: object) -> bool:
        return self._compared(other) > 0

    def __ge__(self, other: object) -> bool:
        return self._compared(other) >= 0


def _parts(text: str) -> list[tuple[int, int, str]]:
    """Numbers by value, before words."""
    return [(0, int(part), "") if part.isdigit() else (1, 0, part) for part in text.split(".")]
