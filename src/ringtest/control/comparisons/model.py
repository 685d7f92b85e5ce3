"""Two sides of a comparison, how each test stands on either, and in which category it is. Pure.

A test *ran* on a side unless it was skipped or blocked in every run there; it *failed* there
when it failed or errored in at least one run, or in `share` of its runs if that is asked for.

| left | right | category |
|---|---|---|
| passed | failed | regression |
| did not run | failed | new_failure |
| failed | failed | still_failing |
| failed | passed | fixed |
| did not run | passed | new_pass |
| not there | did not run | appeared |
| ran, or was there | did not run, or is not there | disappeared |
| otherwise | | unchanged |
"""

from collections.abc import Iterable, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from datetime import date
from typing import Literal, get_args
from uuid import UUID

import msgspec

from ringtest.control.kernel.errors import BadRequest
from ringtest.control.kernel.windows import check_days, read_day
from ringtest.control.plans.model import Part

Kind = Literal["job", "component", "lab", "dates"]
Category = Literal[
    "regression", "new_failure", "still_failing", "fixed", "new_pass", "appeared", "disappeared",
    "unchanged",
]  # fmt: skip
CATEGORIES: tuple[Category, ...] = get_args(Category)
"""In the order in which cases are listed."""
SHOWN = frozenset(CATEGORIES) - {"unchanged"}
"""What is listed when nobody says what."""
METHOD = (
    "a test has failed on a side when it failed or errored in {} of its runs there; skipped and"
    " blocked cases did not run"
)
_THINGS: tuple[Kind, ...] = ("job", "component", "lab")
_SIDES = "job:<id>, component:<id>, lab:<id> or dates:<first>..<last>"


@dataclass(frozen=True, slots=True)
class Side:
    """What is compared: a thing by its id, or days."""

    kind: Kind
    id: UUID | None = None
    first: date | None = None
    last: date | None = None


def read_side(name: str, text: str | None) -> Side:
    """A side as a request names it; anything else is a 400.

    >>> read_side("left", "dates:2026-10-01..2026-10-31").last
    datetime.date(2026, 10, 31)
    """
    if text is None:
        raise BadRequest("Request malformed", error=f"{name}: is a required parameter")
    kind, _, rest = text.partition(":")
    if kind == "dates":
        first, _, last = rest.partition("..")
        days = read_day(name, first), read_day(name, last)
        check_days(*days)
        return Side("dates", None, *days)
    for known in _THINGS:
        if kind == known:
            with suppress(ValueError):
                return Side(known, UUID(rest))
    raise BadRequest(f"{name}: expected {_SIDES}, not {text[:80]!r}")


def read_categories(text: str | None) -> frozenset[str]:
    """Categories separated by commas; none given: all but unchanged.

    >>> sorted(read_categories("fixed,regression"))
    ['fixed', 'regression']
    """
    wanted = frozenset(one.strip() for one in (text or "").split(",") if one.strip())
    unknown = sorted(wanted - set(CATEGORIES))
    if unknown:
        said = f"category: {unknown[0][:40]!r} is unknown"
        raise BadRequest(said, allowed=list(CATEGORIES))
    return wanted or SHOWN


def read_share(text: str | None) -> float:
    """From which share of failed runs on a test has failed; 0: any."""
    try:
        share = float(text or 0)
    except ValueError:
        share = -1.0
    if not 0 <= share <= 1:
        raise BadRequest(f"share must be a number from 0 to 1, not {(text or '')[:40]!r}")
    return share


class Half(msgspec.Struct, frozen=True):
    """How a test stands on a side."""

    outcome: Literal["passed", "failed", "errored", "skipped"]
    runs: int
    failed: int

    @property
    def is_bad(self) -> bool:
        return self.outcome in ("failed", "errored")

    @property
    def share(self) -> float:
        return self.failed / self.runs if self.runs else 0.0


Failed = Mapping[int, tuple[int, int]]
"""Runs that failed and that errored, by test."""


def stand(
    parts: Iterable[Part], failed: Failed, *, share: float, only: frozenset[int] | None
) -> dict[int, Half]:
    """How each test of a side stands; of all tests, or `only` of these.

    >>> halves = stand([Part([7, 8], 2)], {8: (1, 0)}, share=0.0, only=None)
    >>> [(test, half.outcome, half.runs, half.failed) for test, half in halves.items()]
    [(7, 'passed', 2, 0), (8, 'failed', 2, 1)]
    """
    runs: dict[int, int] = {}
    for part in parts:
        if not runs:
            runs = dict.fromkeys(part.tests, 0)
        for test in part.tests:
            runs[test] = runs.get(test, 0) + part.runs
        for place, number in part.absent.items():
            runs[part.tests[place]] -= number
    wanted = runs if only is None else only & runs.keys()
    none = (0, 0)
    passed: dict[int, Half] = {}  # most tests passed, and ran equally often: one for all
    halves: dict[int, Half] = {}
    for test in wanted:
        number, (bad, errors) = runs[test], failed.get(test, none)
        if bad or errors or not number:
            halves[test] = _half(number, bad, errors, share)
        else:
            halves[test] = passed.get(number) or passed.setdefault(
                number, Half("passed", number, 0)
            )
    return halves


def _half(runs: int, failed: int, errored: int, share: float) -> Half:
    if not runs:
        return Half("skipped", 0, 0)
    bad = failed + errored
    if not bad or bad / runs < share:
        return Half("passed", runs, bad)
    return Half("failed" if failed else "errored", runs, bad)


def category_of(left: Half | None, right: Half | None) -> Category:
    """See the table above.

    >>> good, bad, skipped = Half("passed", 1, 0), Half("errored", 1, 1), Half("skipped", 0, 0)
    >>> category_of(good, bad), category_of(skipped, bad), category_of(None, skipped)
    ('regression', 'new_failure', 'appeared')
    >>> category_of(bad, None), category_of(good, skipped), category_of(skipped, skipped)
    ('disappeared', 'disappeared', 'unchanged')
    """
    if right is None:
        return "disappeared"
    if not right.runs:
        if left is None:
            return "appeared"
        return "disappeared" if left.runs else "unchanged"
    if left is None or not left.runs:
        return "new_failure" if right.is_bad else "new_pass"
    if right.is_bad:
        return "still_failing" if left.is_bad else "regression"
    return "fixed" if left.is_bad else "unchanged"


@dataclass(frozen=True, slots=True)
class Case:
    """A test that both sides, or one of them, have."""

    test: int
    category: Category
    left: Half | None
    right: Half | None

    @property
    def order(self) -> tuple[int, float, int]:
        """By category; in it those first whose share of failures changed most."""
        before = self.left.share if self.left else 0.0
        after = self.right.share if self.right else 0.0
        return CATEGORIES.index(self.category), -abs(after - before), self.test


def join(
    left: Mapping[int, Half], right: Mapping[int, Half], wanted: frozenset[str]
) -> tuple[dict[str, int], Sequence[Case]]:
    """How many tests are in each category, and the cases of the wanted ones in their order."""
    counts: dict[str, int] = dict.fromkeys(CATEGORIES, 0)
    cases = []
    for test in left.keys() | right.keys():
        before, after = left.get(test), right.get(test)
        category = category_of(before, after)
        counts[category] += 1
        if category in wanted:
            cases.append(Case(test, category, before, after))
    return counts, sorted(cases, key=lambda case: case.order)
