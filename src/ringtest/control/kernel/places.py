"""Where the members of one sequence stand in another, also when both are very long."""

from array import array
from collections.abc import Sequence

NOT_THERE = -1
"""The place of a case that a run does not have."""


_AT_ONCE = 100_000
"""Tests of the run before that are looked up at a time: each takes 150 bytes meanwhile."""


def match(before: Sequence[int], now: Sequence[int]) -> tuple[Sequence[int], list[int]]:
    """For each test of `now` its position in `before` (-1: not there), and what is gone.

    A test that stands in a plan several times is matched in order.

    >>> places, gone = match([7, 8, 8], [8, 9, 8])
    >>> list(places), gone
    ([1, -1, 2], [0])
    """
    if before == now:
        return range(len(now)), []
    parts = 1 + len(before) // _AT_ONCE
    found, gone = array("i", [NOT_THERE]) * len(now), array("i")
    for part in range(parts):
        places: dict[int, list[int]] = {}
        for place in range(len(before) - 1, -1, -1):
            if before[place] % parts == part:
                places.setdefault(before[place], []).append(place)
        for at, test in enumerate(now):
            if test % parts == part and (left := places.get(test)):
                found[at] = left.pop()
        gone.extend(place for left in places.values() for place in left)
    return found, sorted(gone)
