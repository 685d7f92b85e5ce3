"""Lists of tests as they are kept in memory, and how often each test of them ran. Pure."""

import re
from array import array
from collections import Counter, OrderedDict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from uuid import UUID

TESTS_KEPT = 2_000_000
"""Tests in the plans that one process keeps decoded: 8 bytes each."""
SHAPES_KEPT = 4_000


@dataclass(frozen=True, slots=True)
class Shape:
    """Which cases of a plan did not run: their places. `digest` is the plan's."""

    plan_id: UUID
    digest: bytes
    absent: Sequence[int]


ShapeKey = tuple[UUID, int]
"""Team and id of a shape."""


@dataclass(slots=True)
class Part:
    """Runs of one plan. `absent`: in how many of them the case at a place did not run."""

    tests: Sequence[int]
    runs: int = 0
    absent: Counter[int] = field(default_factory=Counter)


_BITS = [[bit for bit in range(8) if byte >> bit & 1] for byte in range(256)]
_SET = re.compile(rb"[^\0]")


def places_of_bits(bits: bytes) -> "array[int]":
    """Where the bits are set, as PostgreSQL's get_bit counts them.

    >>> list(places_of_bits(bytes([0b101, 0, 1])))
    [0, 2, 16]
    """
    places = array("i")
    for found in _SET.finditer(bits):
        start = found.start() * 8
        places.extend([start + bit for bit in _BITS[bits[found.start()]]])
    return places


class Decoded:
    """Plans and shapes by id; those not asked for longest go first. They never change, and
    whoever asks learned their ids from rows it may see."""

    def __init__(self, tests: int = TESTS_KEPT, shapes: int = SHAPES_KEPT) -> None:
        self._room, self._shapes_room = tests, shapes
        self._tests = 0
        self._plans: OrderedDict[UUID, array[int]] = OrderedDict()
        self._shapes: OrderedDict[ShapeKey, Shape] = OrderedDict()

    def missing(self, plans: Iterable[UUID]) -> list[UUID]:
        """Those that are not known; the others are the last to go."""
        unknown = []
        for one in dict.fromkeys(plans):
            if one in self._plans:
                self._plans.move_to_end(one)
            else:
                unknown.append(one)
        return unknown

    def missing_shapes(self, shapes: Iterable[ShapeKey]) -> list[ShapeKey]:
        """The same of shapes."""
        unknown = []
        for one in shapes:
            if one in self._shapes:
                self._shapes.move_to_end(one)
            else:
                unknown.append(one)
        return unknown

    def known(self, plans: Iterable[UUID]) -> "dict[UUID, array[int]]":
        """Test ids of those plans that are known."""
        return {one: self._plans[one] for one in plans if one in self._plans}

    def known_shapes(self, shapes: Iterable[ShapeKey]) -> dict[ShapeKey, Shape]:
        """Those shapes that are known."""
        return {one: self._shapes[one] for one in shapes if one in self._shapes}

    def keep(self, plan_id: UUID, tests: "array[int]") -> None:
        """Remember a plan, unless it alone is more than there is room for."""
        if plan_id in self._plans or len(tests) > self._room:
            return
        self._plans[plan_id] = tests
        self._tests += len(tests)
        while self._tests > self._room:
            self._tests -= len(self._plans.popitem(last=False)[1])

    def keep_shape(self, key: ShapeKey, shape: Shape) -> None:
        """Remember a shape."""
        self._shapes[key] = shape
        while len(self._shapes) > self._shapes_room:
            self._shapes.popitem(last=False)


def parts_of(
    runs: Mapping[ShapeKey, int],
    shapes: Mapping[ShapeKey, Shape],
    plans: Mapping[bytes, Sequence[int]],
) -> list[Part]:
    """Runs by plan; equal plans of several teams are one. `plans`: test ids by digest.

    >>> key, team = UUID(int=1), UUID(int=2)
    >>> shapes = {(team, 1): Shape(key, b"d", []), (team, 2): Shape(key, b"d", [1])}
    >>> (part,) = parts_of({(team, 1): 3, (team, 2): 2}, shapes, {b"d": [7, 8]})
    >>> part.runs, dict(part.absent), runs_of([part], [7, 8])
    (5, {1: 2}, {7: 5, 8: 3})
    """
    parts: dict[bytes, Part] = {}
    for key, number in runs.items():
        shape = shapes[key]
        part = parts.get(shape.digest)
        if part is None:
            part = parts[shape.digest] = Part(plans[shape.digest])
        part.runs += number
        for place in shape.absent:
            part.absent[place] += number
    return list(parts.values())


def runs_of(parts: Iterable[Part], wanted: Iterable[int]) -> dict[int, int]:
    """How often each wanted test ran; a test that stands in a plan twice ran twice."""
    found = dict.fromkeys(wanted, 0)
    for part in parts:
        for place, test in enumerate(part.tests):
            if test in found:
                found[test] += part.runs - part.absent[place]
    return found
