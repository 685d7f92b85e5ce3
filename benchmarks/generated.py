"""Runs of labs made up from a seed: what breaks, is flaky, does not run and gets slower.

Teams, labs and topics share one list of tests; versions break and mend tests for everybody,
labs have troubles of their own, some tests are flaky, some do not run on some hardware, and
some get slower. Everything comes from the seed: two generators make the same runs.
"""

import random
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta
from uuid import UUID

from ringtest.control.reading.model import pack_durations

TEAMS, LABS, TOPICS, VERSIONS, DAYS, CASES = 8, 24, 6, 33, 90, 5_000
"""Labs belong to teams in turn, and all of them run every topic."""
_VECTORS = 8
"""Vectors of durations per topic and month, of which a run has one."""
_FRAME = '  File "tests/area{0:02}/module_{1:03}.py", line {2}, in step_{3}\n    check(node, {2})\n'
_FRAMES = (4, 4, 4, 7, 7, 42)
BAD = b"fe"


@dataclass(frozen=True, slots=True)
class Size:
    """How much: `cases` in a run, so many `runs` over `days` that end at `until`, of the first
    `labs`."""

    runs: int
    until: datetime
    cases: int = CASES
    days: int = DAYS
    labs: int = LABS
    seed: int = 1


@dataclass(slots=True)
class Run:
    """A job of a lab with one result file."""

    topic: int
    lab: int
    version: int
    at: datetime
    outcomes: bytes
    durations: bytes
    retried: list[int]
    job_id: UUID
    file_id: UUID
    result_id: UUID


@dataclass(slots=True)
class Topic:
    """Its tests as places in the list of all, what breaks when, and how long it takes."""

    places: list[int]
    broken: list[dict[int, int]]  # by version: outcome by place in the plan
    flaky: dict[int, float]
    absent: list[list[int]]  # by lab
    durations: list[list[bytes]]  # by month, some vectors


def name_of(number: int) -> tuple[str, str, str]:
    """Suite, class name and name of a test."""
    area, module = number // 500, number // 50
    return "regression", f"tests.area{area:02}.module_{module:03}.Test", f"test_{number:05}[x86]"


def text_of(number: int, version: int) -> str:
    """The traceback of a test that broke: 300, 550 or 3,000 characters."""
    frames = "".join(
        _FRAME.format(number // 500, number // 50, 10 + (number * step) % 400, step)
        for step in range(1, _FRAMES[number % len(_FRAMES)])
    )
    return f"Traceback (most recent call last):\n{frames}AssertionError: node {version} is late\n"


class Generator:
    """Runs in the order of time; every one knows what its lab had before."""

    def __init__(self, size: Size) -> None:
        self.size = size
        self._random = random.Random(size.seed)
        self.names = [name_of(number) for number in range(size.cases)]
        self.topics = [self._topic(number) for number in range(TOPICS)]
        self._troubles: dict[tuple[int, int], dict[int, datetime]] = {}

    def _topic(self, number: int) -> Topic:
        rng, cases = self._random, self.size.cases
        places = [place for place in range(cases) if place % 50 != number]
        count = len(places)
        broken: list[dict[int, int]] = [{} for _ in range(VERSIONS)]
        for version in range(VERSIONS):
            for place in rng.sample(range(count), max(1, count // 450)):
                outcome = BAD[rng.random() < 0.2]
                for later in range(version, min(VERSIONS, version + rng.randint(1, 10))):
                    broken[later].setdefault(place, outcome)
        flaky = {
            place: rng.uniform(0.02, 0.3)
            for place in rng.sample(range(count), max(1, count // 250))
        }
        hardware = [
            sorted(rng.sample(range(count), count // rng.randint(25, 80))) for _ in range(4)
        ]
        seconds = [rng.lognormvariate(-1, 1.2) for _ in range(count)]
        durations = []
        for _ in range(4):
            for place in rng.sample(range(count), max(1, count // 100)):
                seconds[place] *= rng.choice((0.6, 1.5, 2.5))
            durations.append(
                [
                    pack_durations(round(abs(rng.gauss(1, 0.08)) * one, 3) for one in seconds)
                    for _ in range(_VECTORS)
                ]
            )
        return Topic(places, broken, flaky, [hardware[lab % 4] for lab in range(LABS)], durations)

    def runs(self) -> Iterator[Run]:
        """All of them."""
        rng, size = self._random, self.size
        begin, step = size.until - timedelta(days=size.days), timedelta(days=size.days) / size.runs
        for number in range(size.runs):
            at = begin + step * number
            topic, lab = number % TOPICS, (number // TOPICS * 7) % size.labs
            version = number * VERSIONS // size.runs
            outcomes, retried = self._outcomes(topic, lab, version, at)
            month = number * 4 // size.runs
            durations = rng.choice(self.topics[topic].durations[month])
            ids = (UUID(bytes=rng.randbytes(16), version=4) for _ in range(3))
            yield Run(topic, lab, version, at, outcomes, durations, retried, *ids)

    def _outcomes(
        self, topic: int, lab: int, version: int, at: datetime
    ) -> tuple[bytes, list[int]]:
        rng, about = self._random, self.topics[topic]
        count = len(about.places)
        outcomes = bytearray(b"p") * count
        for place in range(7, count, 500):
            outcomes[place] = ord("x")
        for place, outcome in about.broken[version].items():
            outcomes[place] = outcome
        retried = []
        for place, share in about.flaky.items():
            if rng.random() < share:
                if rng.random() < 0.3:
                    retried.append(place)
                else:
                    outcomes[place] = ord("f")
        troubles = self._troubles.setdefault((topic, lab), {})
        for place in rng.sample(range(count), max(1, count // 2000)):
            troubles[place] = at + timedelta(days=rng.uniform(0.2, 6))
        for place, until in list(troubles.items()):
            if until < at:
                del troubles[place]
            else:
                outcomes[place] = ord("e" if place % 3 else "f")
        for place in about.absent[lab]:
            outcomes[place] = ord("s")
        return bytes(outcomes), sorted(place for place in retried if outcomes[place] == ord("p"))
