"""Which cases of a plan ran, and which months are kept. Pure.

Tallies hold a row per shape and day, and a row per test only where it did anything but pass
as before: the number of a test's runs is the sum over the shapes whose plan holds it and in
which it was not absent.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from hashlib import blake2b

ABSENT = b"sb"
"""Packed outcomes of cases that did not run: skipped, blocked. An expected failure ran."""

_INTEGER, _FEW = 4, 64
"""Bytes of a place; bytes of places that are few of however short a vector."""
_BITS = bytes.maketrans(bytes(range(256)), bytes(b"01"[byte in ABSENT] for byte in range(256)))


@dataclass(frozen=True, slots=True)
class Shape:
    """A plan of which some cases did not run: a bit each in `absent`, as get_bit counts."""

    id: int
    absent: bytes


def shape_of(outcomes: bytes, digest: bytes) -> Shape:
    """The shape of a run of the plan with this digest; the same in every team.

    >>> shape_of(b"psfpppppb", b"plan").absent
    b'\\x02\\x01'
    >>> shape_of(b"pp", b"plan") == shape_of(b"fx", b"plan") != shape_of(b"pp", b"other")
    True
    """
    size = (len(outcomes) + 7) // 8
    if any(byte in outcomes for byte in ABSENT):
        absent = int(outcomes.translate(_BITS)[::-1], 2).to_bytes(size, "little")
    else:
        absent = bytes(size)
    key = blake2b(absent, digest_size=8, key=digest).digest()
    return Shape(int.from_bytes(key, "big", signed=True), absent)


def turned(states: bytes) -> list[int] | None:
    """Places of the cases that regressed or recovered; None when so many did that the vector
    itself is the shorter way to say it.

    >>> turned(b"uuuruuuuu"), turned(b"uuuu"), turned(b"rrrc" * 100)
    ([3], [], None)
    """
    if (states.count(b"r") + states.count(b"c")) * _INTEGER > max(_FEW, len(states)):
        return None
    return sorted(turns_of(states))


def turns_of(states: bytes) -> set[int]:
    """The same from the vector, however many."""
    places = set()
    for state in (b"r", b"c"):  # four times as fast as one regular expression for both
        place = states.find(state)
        while place >= 0:
            places.add(place)
            place = states.find(state, place + 1)
    return places


def cover(first: date, last: date) -> tuple[list[date], list[date]]:
    """Days `first` to `last` as the fewest rows of tallies: the weeks (their first days, as they
    are cut where a month begins) that lie in them, and the days beside these.

    >>> weeks, days = cover(date(2026, 10, 24), date(2026, 11, 3))
    >>> [str(one) for one in weeks], [str(one) for one in days]
    (['2026-10-26', '2026-11-01'], ['2026-10-24', '2026-10-25', '2026-11-02', '2026-11-03'])
    """
    weeks, days = [], []
    day = first
    while day <= last:
        monday = day + timedelta(days=7 - day.weekday())
        after = min(monday, months_from(day, 2)[1])
        if after - timedelta(days=1) <= last and (day.weekday() == 0 or day.day == 1):
            weeks.append(day)
            day = after
        else:
            days.append(day)
            day += timedelta(days=1)
    return weeks, days


def months_from(day: date, count: int) -> list[date]:
    """The first days of `count` months, that of `day` first.

    >>> [str(month) for month in months_from(date(2026, 11, 22), 3)]
    ['2026-11-01', '2026-12-01', '2027-01-01']
    """
    first = day.year * 12 + day.month - 1
    return [date((first + n) // 12, (first + n) % 12 + 1, 1) for n in range(count)]


def kept_since(day: date, keep_months: int) -> date:
    """The first day of which results are kept: this month and `keep_months` before it.

    >>> str(kept_since(date(2026, 3, 31), 3)), str(kept_since(date(2026, 3, 31), 12))
    ('2025-12-01', '2025-03-01')
    """
    month = day.year * 12 + day.month - 1 - keep_months
    return date(month // 12, month % 12 + 1, 1)


def due(months: Sequence[date], since: date) -> list[date]:
    """Months that are kept no longer, oldest first.

    >>> [str(one) for one in due([date(2026, 2, 1), date(2026, 1, 1)], date(2026, 2, 1))]
    ['2026-01-01']
    """
    return sorted(month for month in months if month < since)
