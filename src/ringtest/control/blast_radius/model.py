"""Whom a failure hits; and which numbers of others tell nothing of a few. Pure."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Literal
from uuid import UUID

import msgspec

Status = Literal["hit", "passed", "not_run"]
Number = Literal["hit", "run"]
Teams = frozenset[bytes]
"""Ids as 16 bytes: these are compared by the thousand."""

MAX_TOPICS = 20
"""Of a product: those with the failure, then the newest."""
LOOKED_LABS = 2000
"""Of the teams that a product is linked with, the newest."""
SHOWN_LABS, MOST_LABS = 50, 200
"""Labs of a topic that are shown, unless asked for more, and at most; all are counted."""
MAX_SETS = 300
"""Sets remembered for a product. When there are as many, only these are published."""


# what is shown -----------------------------------------------------------------


class Named(msgspec.Struct, frozen=True):
    """An id and its name."""

    id: UUID
    name: str


class Lab(msgspec.Struct, frozen=True):
    """A lab in a topic. Hit in any job; else passed, if a job made since the first one that
    was hit could have told; else not run. `job_id` is the last job it was hit in and `at` when
    that ended, else the last that could tell and when that was made."""

    remoteci: Named
    team: Named
    hardware: str | None
    status: Status
    job_id: UUID | None
    at: str | None


class Others(msgspec.Struct, frozen=True):
    """Numbers of teams, the reader's among them; None: too few to tell."""

    teams_hit: int | None = None
    teams_run: int | None = None


class Topic(msgspec.Struct, frozen=True):
    """A topic of the product. `left_out` labs are counted in `hit`, `passed`, `not_run` too."""

    topic: Named
    hit: int
    passed: int
    not_run: int
    labs: tuple[Lab, ...]
    left_out: int
    others: Others | None = None


class Hardware(msgspec.Struct, frozen=True):
    """Labs with the same word for their hardware, each by the worst it met; None: no word."""

    name: str | None = msgspec.field(name="class")
    hit: int = 0
    passed: int = 0
    not_run: int = 0


class Radius(msgspec.Struct, frozen=True, kw_only=True):
    """The answer; `since` is when the first job was made that was hit."""

    group_id: UUID | None = None
    minimum: int = 0
    since: str | None
    topics: tuple[Topic, ...]
    hardware: tuple[Hardware, ...]


def complete(
    radius: Radius, group_id: UUID, *, minimum: int, others: Mapping[UUID, Others] | None
) -> Radius:
    """With what is published of each topic; `others` None: the reader sees everything."""
    topics = radius.topics
    if others is not None:
        topics = tuple(
            msgspec.structs.replace(one, others=others.get(one.topic.id, Others()))
            for one in topics
        )
    return msgspec.structs.replace(radius, group_id=group_id, minimum=minimum, topics=topics)


# numbers for partners ----------------------------------------------------------


def floor_of(minimum: int) -> int:
    """Teams of the smallest set whose size is told: who is in it and takes itself away still
    has `minimum` others before it.

    >>> floor_of(5)
    6
    """
    return max(1, minimum) + 1


def are_apart(one: int, other: int, floor: int) -> bool:
    """Neither set has a few teams that the other lacks: none, or at least `floor`. A set is an
    integer with a bit for each team: hundreds of sets of hundreds of teams are compared.

    >>> are_apart(0b111, 0b001, 2), are_apart(0b011, 0b001, 2)
    (True, False)
    """
    return all(few == 0 or few.bit_count() >= floor for few in (one & ~other, other & ~one))


@dataclass(frozen=True, slots=True)
class Truth:
    """Teams that a failure hit in a topic, and those that could have told, these included."""

    hit: Teams
    run: Teams


Shown = Mapping[tuple[UUID, Number], Teams]
"""The sets behind the numbers of a failure, by topic and kind."""


def publish(
    truth: Mapping[UUID, Truth], shown: Shown, sets: Sequence[Teams], *, floor: int
) -> tuple[dict[tuple[UUID, Number], Teams], list[Teams]]:
    """What is published from now on, and which sets are so for the first time.

    `sets` are all that were ever published in the product. A set joins them only if it is
    apart from each of them. A number whose own set is too near to one of them becomes that
    of the largest of `sets` within its own, if that is more than it says already; it is
    then a lower bound. Otherwise it stays as it is. Who was hit has always run.
    """
    now, known = dict(shown), _Known(sets)
    for topic in sorted(truth):
        run: tuple[UUID, Number] = (topic, "run")
        hit: tuple[UUID, Number] = (topic, "hit")
        _move(now, known, run, truth[topic].run, floor, least=now.get(hit), most=None)
        if run in now:
            _move(now, known, hit, truth[topic].hit, floor, least=None, most=now[run])
    return now, known.sets[len(sets) :]


class _Known:
    """Sets that were published, and their bits once something is to be compared with them."""

    def __init__(self, sets: Sequence[Teams]) -> None:
        self.sets = list(sets)
        self._places: dict[bytes, int] = {}
        self._bits: list[int] = []

    def takes(self, own: Teams, floor: int) -> bool:
        """True if `own` is one of them, or apart from all of them: then it becomes one."""
        if own in self.sets:
            return True
        while len(self._bits) < len(self.sets):
            self._bits.append(self._in_bits(self.sets[len(self._bits)]))
        bits = self._in_bits(own)
        if len(self.sets) >= MAX_SETS or not all(are_apart(bits, o, floor) for o in self._bits):
            return False
        self.sets.append(own)
        return True

    def _in_bits(self, teams: Teams) -> int:
        places = self._places
        for team in teams:
            places.setdefault(team, len(places))
        digits = bytearray(len(places) // 8 + 1)
        for team in teams:
            at = places[team]
            digits[at >> 3] |= 1 << (at & 7)
        return int.from_bytes(digits, "little")


def _move(
    now: dict[tuple[UUID, Number], Teams],
    known: _Known,
    key: tuple[UUID, Number],
    own: Teams,
    floor: int,
    *,
    least: Teams | None,
    most: Teams | None,
) -> None:
    before = now.get(key)

    def fits(one: Teams) -> bool:
        if len(one) < floor:
            return False
        return (least is None or least <= one) and (most is None or one <= most)

    if own == before:
        return
    if fits(own) and known.takes(own, floor):
        now[key] = own
        return
    within = [one for one in known.sets if one <= own and fits(one)]
    best = max(within, key=lambda one: (len(one), sorted(one)), default=None)
    if best is not None and len(best) > len(before or ()):
        now[key] = best


def told(now: Shown, topics: Iterable[UUID], floor: int) -> dict[UUID, Others]:
    """The numbers of topics; what was published under a smaller minimum is not told."""

    def number(topic: UUID, kind: Number) -> int | None:
        size = len(now.get((topic, kind), ()))
        return size if size >= floor else None

    return {topic: Others(number(topic, "hit"), number(topic, "run")) for topic in topics}


def pack(teams: Teams) -> bytes:
    """Sorted ids.

    >>> len(unpack(pack(frozenset({UUID(int=2).bytes, UUID(int=1).bytes}))))
    2
    """
    return b"".join(sorted(teams))


def unpack(packed: bytes) -> Teams:
    """The set again."""
    return frozenset(packed[at : at + 16] for at in range(0, len(packed), 16))
