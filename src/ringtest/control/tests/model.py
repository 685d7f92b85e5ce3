"""What the runs of a test say: by day, since when it fails, how flaky it is. Pure.

A test *ran* unless it was skipped or blocked; it *failed* when it failed or errored. A run is
*unsteady* when its outcome says less about the product than about the test:

- it *flipped*: regressed or recovered against the previous comparable run although both had
  the same components, or
- it was *retried*: another attempt within the run decided.

The flake score is the share of unsteady runs of those in which the test ran, with its Wilson
interval at 95 %; lists are sorted by the lower end, so that one flip in two runs does not stand
above fifty in two hundred.
"""

import math
import struct
from collections import Counter
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime
from typing import Any
from uuid import UUID

import msgspec

from ringtest.control.plans.model import Part, runs_of
from ringtest.control.tallies.model import turns_of

ABSENT = b"sb"
"""Packed outcomes of cases that did not run."""
BAD = b"fe"
"""Packed outcomes of cases that failed."""
METHOD = (
    "score: the share of runs in which the outcome changed against the previous comparable run"
    " without a change of components, or was decided by another attempt; low and high: its"
    " Wilson interval at 95 %"
)
_Z = 1.959963984540054  # the normal distribution's 97.5 %


def wilson(hits: int, runs: int) -> tuple[float, float]:
    """Where the share behind `hits` of `runs` lies with a confidence of 95 %.

    >>> wilson(1, 2)
    (0.0945, 0.9055)
    >>> wilson(0, 0)
    (0.0, 1.0)
    """
    if runs <= 0:
        return 0.0, 1.0
    share, z2 = hits / runs, _Z * _Z
    middle = share + z2 / (2 * runs)
    spread = _Z * math.sqrt(share * (1 - share) / runs + z2 / (4 * runs * runs))
    low, high = ((middle + sign * spread) / (1 + z2 / runs) for sign in (-1, 1))
    return round(max(0.0, low), 4), round(min(1.0, high), 4)


class Flake(msgspec.Struct, frozen=True, kw_only=True):
    """How flaky a test is. `labs`: in how many it was unsteady; `last_seen_at`: when last."""

    test: dict[str, Any]
    score: float
    low: float
    high: float
    runs: int
    failed: int
    unsteady: int
    flips: int
    retried: int
    labs: int
    last_seen_at: datetime | None


@dataclass(slots=True)
class Evidence:
    """Unsteady runs of a test."""

    unsteady: int = 0
    flips: int = 0
    retried: int = 0
    labs: set[UUID] = field(default_factory=set)
    last_at: datetime | None = None

    def add(self, at: datetime, lab: UUID, *, flipped: bool, retried: bool) -> None:
        """One more of them."""
        self.unsteady += 1
        self.flips += flipped
        self.retried += retried
        self.labs.add(lab)
        self.last_at = max(at, self.last_at or at)

    def flake(self, test: dict[str, Any], *, runs: int, failed: int) -> Flake:
        """What it comes to, of `runs`."""
        low, high = wilson(self.unsteady, runs)
        return Flake(
            test=test,
            score=round(self.unsteady / runs, 4) if runs else 0.0,
            low=low,
            high=high,
            runs=runs,
            failed=failed,
            unsteady=self.unsteady,
            flips=self.flips,
            retried=self.retried,
            labs=len(self.labs),
            last_seen_at=self.last_at,
        )


@dataclass(frozen=True, slots=True)
class Unsteady:
    """A result in which something was unsteady. What changed since the run before is in
    `turned`, the places, or else in `states`; neither unless that run had the same components."""

    plan_id: UUID
    remoteci_id: UUID
    created_at: datetime
    turned: Sequence[int] | None
    states: bytes
    retried: Sequence[int]

    @property
    def flips(self) -> set[int]:
        """Where a case regressed or recovered."""
        return turns_of(self.states) if self.turned is None else set(self.turned)


@dataclass(frozen=True, slots=True)
class Gathered:
    """Unsteady results with the places that flipped in each; `unsteady` has how many unsteady
    runs each test had."""

    results: Sequence[tuple[Unsteady, set[int]]]
    plans: Mapping[UUID, Sequence[int]]
    unsteady: Mapping[int, int]

    def evidence(self, wanted: Collection[int]) -> dict[int, Evidence]:
        """All that is known of these tests."""
        found = {test: Evidence() for test in wanted}
        places = {
            plan_id: {place for place, test in enumerate(tests) if test in found}
            for plan_id, tests in self.plans.items()
        }
        for result, flips in self.results:
            tests, here = self.plans[result.plan_id], places[result.plan_id]
            for place in sorted((here & flips).union(here.intersection(result.retried))):
                found[tests[place]].add(
                    result.created_at,
                    result.remoteci_id,
                    flipped=place in flips,
                    retried=place in result.retried,
                )
        return found


def gather(results: Iterable[Unsteady], plans: Mapping[UUID, Sequence[int]]) -> Gathered:
    """What was unsteady, counted by test: of thousands of runs all at once, for only the tests
    of a page are looked at more closely.

    >>> plan, lab = UUID(int=1), UUID(int=2)
    >>> run = Unsteady(plan, lab, datetime(2026, 1, 1), [1, 2], b"", [2])
    >>> found = gather([run], {plan: [7, 8, 9]})
    >>> found.unsteady
    {8: 1, 9: 1}
    >>> {test: (one.flips, one.retried) for test, one in found.evidence([8, 9]).items()}
    {8: (1, 0), 9: (1, 1)}
    """
    flipped = [(result, result.flips) for result in results]
    by_plan: dict[UUID, Counter[int]] = {}
    for result, flips in flipped:
        places = by_plan.setdefault(result.plan_id, Counter())
        places.update(flips.union(result.retried) if result.retried else flips)
    unsteady: dict[int, int] = {}
    for plan_id, counts in by_plan.items():
        tests = plans[plan_id]
        for place in sorted(counts):
            unsteady[tests[place]] = unsteady.get(tests[place], 0) + counts[place]
    return Gathered(flipped, plans, unsteady)


def rank(unsteady: Mapping[int, int], parts: Iterable[Part]) -> tuple[dict[int, int], list[int]]:
    """How often each test ran, and the tests, the flakiest first."""
    runs = runs_of(parts, unsteady)

    scores: dict[tuple[int, int], tuple[float, float]] = {}  # many tests have the same two numbers

    def key(test: int) -> tuple[float, float, int]:
        pair = bad, ran = unsteady[test], runs[test]
        if pair not in scores:
            scores[pair] = (-wilson(bad, ran)[0], -bad / ran if ran else 0.0)
        return *scores[pair], test

    return runs, sorted(unsteady, key=key)


# One test ------------------------------------------------------------------------


class Day(msgspec.Struct, kw_only=True):
    """A day of a test. `runs` are those in which it ran; `absent` those in which it did not."""

    day: date
    runs: int = 0
    passed: int = 0
    failed: int = 0
    errored: int = 0
    absent: int = 0
    retried: int = 0
    flips: int = 0


@dataclass(frozen=True, slots=True)
class Wobble:
    """An unsteady run of one test."""

    created_at: datetime
    remoteci_id: UUID
    flipped: bool
    retried: bool


def by_day(rows: Iterable[Mapping[str, Any]], changes: Iterable[Wobble]) -> list[Day]:
    """Days in their order; `rows` have day, runs, absent, failed, errored."""
    days = {
        row["day"]: Day(
            day=row["day"],
            runs=row["runs"],
            passed=row["runs"] - row["failed"] - row["errored"],
            failed=row["failed"],
            errored=row["errored"],
            absent=row["absent"],
        )
        for row in rows
    }
    for change in changes:
        day = days.get(change.created_at.date())
        if day is not None:
            day.retried += change.retried
            day.flips += change.flipped
    return [days[one] for one in sorted(days)]


def weigh(changes: Iterable[Wobble]) -> Evidence:
    """The evidence of one test."""
    evidence = Evidence()
    for one in changes:
        evidence.add(one.created_at, one.remoteci_id, flipped=one.flipped, retried=one.retried)
    return evidence


@dataclass(frozen=True, slots=True)
class Latest:
    """The newest run of a test in a lab: of one job name, configuration and result name."""

    job_id: UUID
    remoteci_id: UUID
    job_name: str | None
    configuration: str | None
    name: str
    created_at: datetime
    outcome: int
    since_at: datetime | None


def failing(latest: Sequence[Latest]) -> Latest | None:
    """Of those that fail, the one that began first; None: none does."""
    bad = [one for one in latest if one.outcome in BAD]
    return min(bad, key=lambda one: (one.since_at or one.created_at, one.job_id), default=None)


def passing(latest: Sequence[Latest]) -> Latest | None:
    """The newest of those that pass."""
    good = [one for one in latest if one.outcome not in BAD]
    return max(good, key=lambda one: (one.created_at, one.job_id), default=None)


def turn(runs: Iterable[tuple[UUID, int]]) -> tuple[UUID | None, UUID | None]:
    """Of a lab's runs (job, outcome), newest first and the newest bad: the newest good job, and
    the first bad one after it. Runs in which the test was skipped say nothing; where it ran
    several times, a job is bad if one of them was.

    >>> a, b, c, d = (UUID(int=n) for n in range(4))
    >>> turn([(a, ord("f")), (b, ord("e")), (c, ord("s")), (d, ord("p"))]) == (d, b)
    True
    """
    jobs: dict[UUID, bool] = {}
    for job, outcome in runs:
        if outcome not in ABSENT:
            jobs[job] = jobs.get(job, False) or outcome in BAD
    first_bad = None
    for job, is_bad in jobs.items():
        if not is_bad:
            return job, first_bad
        first_bad = job
    return None, first_bad


def seconds(data: bytes) -> float:
    """A packed duration.

    >>> seconds(struct.pack("<f", 0.25))
    0.25
    """
    return round(float(struct.unpack("<f", data)[0]), 6) if len(data) == 4 else 0.0
