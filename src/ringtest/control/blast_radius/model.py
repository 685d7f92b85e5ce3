"""Whom a failure hits; and which numbers of others tell nothing of a few. Pure."""

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
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
MAX_LABS = 200
"""Labs of a topic that are shown; all of them are counted."""
MAX_SETS = 300
"""Sets remembered for a product. When there are as many, only these are published."""


# what rows say -----------------------------------------------------------------


class Named(msgspec.Struct, frozen=True):
    """An id and its name."""

    id: UUID
    name: str


@dataclass(frozen=True, slots=True)
class Sight:
    """A lab in a topic: the last job that it hit, the first one's beginning, the last verdict."""

    topic: Named
    remoteci: Named
    team: Named
    hardware: str | None
    is_subscribed: bool
    hit_job_id: UUID | None
    hit_at: datetime | None
    began_at: datetime | None
    ran_job_id: UUID | None
    ran_at: datetime | None
    ran_created_at: datetime | None


def since(sights: Iterable[Sight]) -> datetime | None:
    """When the first job began that the failure hit: who ran before says nothing of it."""
    return min((one.began_at for one in sights if one.began_at), default=None)


def status_of(sight: Sight, begun: datetime | None) -> Status:
    """Hit in any job; else passed, if a job made since could have told; else not run."""
    if sight.hit_job_id is not None:
        return "hit"
    ran = sight.ran_created_at
    return "passed" if ran is not None and begun is not None and ran >= begun else "not_run"


# what is shown -----------------------------------------------------------------


class Lab(msgspec.Struct, frozen=True):
    """A lab in a topic; `job_id` is the last job it was hit in, else the last that told."""

    remoteci: Named
    team: Named
    hardware: str | None
    status: Status
    job_id: UUID | None
    at: datetime | None


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
    others: Others | None


class Hardware(msgspec.Struct, frozen=True):
    """Labs with the same word for their hardware; None: they say none."""

    name: str | None = msgspec.field(name="class")
    hit: int = 0
    passed: int = 0
    not_run: int = 0


class Radius(msgspec.Struct, frozen=True):
    """The answer."""

    group_id: UUID
    minimum: int
    since: datetime | None
    topics: tuple[Topic, ...]
    hardware: tuple[Hardware, ...]


_ORDER: tuple[Status, ...] = ("hit", "not_run", "passed")


def describe(
    group_id: UUID,
    sights: Sequence[Sight],
    *,
    minimum: int,
    others: Mapping[UUID, Others] | None,
) -> Radius:
    """The answer of what a reader sees. `others` by topic; None: the reader sees everything."""
    begun = since(sights)
    by_topic: dict[UUID, list[tuple[Status, Sight]]] = {}
    for one in sights:
        by_topic.setdefault(one.topic.id, []).append((status_of(one, begun), one))
    topics = [_topic(found, others) for found in by_topic.values()]
    topics.sort(key=lambda one: (-one.hit, one.topic.name, one.topic.id))
    return Radius(
        group_id=group_id,
        minimum=minimum,
        since=begun,
        topics=tuple(topics),
        hardware=tuple(_hardware(sights, begun)),
    )


def _topic(found: list[tuple[Status, Sight]], others: Mapping[UUID, Others] | None) -> Topic:
    topic = found[0][1].topic
    found.sort(key=lambda one: (_ORDER.index(one[0]), one[1].remoteci.name, one[1].remoteci.id))
    counts = Counter(status for status, _ in found)
    return Topic(
        topic=topic,
        hit=counts["hit"],
        passed=counts["passed"],
        not_run=counts["not_run"],
        labs=tuple(_lab(*one) for one in found[:MAX_LABS]),
        left_out=max(0, len(found) - MAX_LABS),
        others=None if others is None else others.get(topic.id, Others()),
    )


def _lab(status: Status, sight: Sight) -> Lab:
    job_id, at = (sight.ran_job_id, sight.ran_at)
    if status == "hit":
        job_id, at = (sight.hit_job_id, sight.hit_at)
    return Lab(sight.remoteci, sight.team, sight.hardware, status, job_id, at)


def _hardware(sights: Sequence[Sight], begun: datetime | None) -> Iterator[Hardware]:
    """A lab counts once, by the worst it met in any topic."""
    worst: dict[UUID, tuple[str | None, Status]] = {}
    rank: tuple[Status, ...] = ("not_run", "passed", "hit")
    for one in sights:
        status = status_of(one, begun)
        known = worst.get(one.remoteci.id)
        if known is None or rank.index(status) > rank.index(known[1]):
            worst[one.remoteci.id] = (one.hardware, status)
    counts: dict[str | None, Counter[Status]] = {}
    for hardware, status in worst.values():
        counts.setdefault(hardware, Counter())[status] += 1
    for name in sorted(counts, key=lambda name: (name is None, name or "")):
        found = counts[name]
        yield Hardware(name, found["hit"], found["passed"], found["not_run"])


# numbers for partners ----------------------------------------------------------


def floor_of(minimum: int) -> int:
    """Teams of the smallest set whose size is told: who is in it and takes itself away still
    has `minimum` others before it.

    >>> floor_of(5)
    6
    """
    return max(1, minimum) + 1


def are_apart(one: Teams, other: Teams, floor: int) -> bool:
    """Neither set has a few teams that the other lacks: none, or at least `floor`.

    >>> are_apart(frozenset({b"a", b"b", b"c"}), frozenset({b"a"}), 2)
    True
    >>> are_apart(frozenset({b"a", b"b"}), frozenset({b"a"}), 2)
    False
    """
    return all(not few or len(few) >= floor for few in (one - other, other - one))


@dataclass(frozen=True, slots=True)
class Truth:
    """Teams that a failure hit in a topic, and those that could have told, these included."""

    hit: Teams
    run: Teams


def truths(sights: Sequence[Sight]) -> dict[UUID, Truth]:
    """By topic, of what the server itself sees."""
    begun = since(sights)
    hit: dict[UUID, set[bytes]] = {}
    run: dict[UUID, set[bytes]] = {}
    for one in sights:
        status = status_of(one, begun)
        if status != "not_run":
            run.setdefault(one.topic.id, set()).add(one.team.id.bytes)
        if status == "hit":
            hit.setdefault(one.topic.id, set()).add(one.team.id.bytes)
    return {
        topic: Truth(frozenset(hit.get(topic, ())), frozenset(teams))
        for topic, teams in run.items()
    }


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
    now, known = dict(shown), list(sets)
    for topic in sorted(truth):
        run: tuple[UUID, Number] = (topic, "run")
        hit: tuple[UUID, Number] = (topic, "hit")
        _move(now, known, run, truth[topic].run, floor, least=now.get(hit), most=None)
        if run in now:
            _move(now, known, hit, truth[topic].hit, floor, least=None, most=now[run])
    return now, known[len(sets) :]


def _move(
    now: dict[tuple[UUID, Number], Teams],
    known: list[Teams],
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
    if fits(own) and (own in known or _may_join(own, known, floor)):
        if own not in known:
            known.append(own)
        now[key] = own
        return
    within = [one for one in known if one <= own and fits(one)]
    best = max(within, key=lambda one: (len(one), sorted(one)), default=None)
    if best is not None and len(best) > len(before or ()):
        now[key] = best


def _may_join(own: Teams, known: Sequence[Teams], floor: int) -> bool:
    return len(known) < MAX_SETS and all(are_apart(own, one, floor) for one in known)


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
