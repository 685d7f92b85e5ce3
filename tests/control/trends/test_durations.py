"""Times of tests are what statistics come to, and what is called changed did change."""

import math
import statistics
from collections import defaultdict
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ringtest.control.reading.model import pack_durations
from ringtest.control.trends.model import (
    LEVEL,
    Sample,
    Times,
    compare,
    discoveries,
    student,
    times_of,
)
from tests.control.trends.lane import Lane

PLANS: list[list[int]] = [[7, 8, -9], [8, 11], [12], [7, 8, -9, 13, 7]]
SECONDS = st.sampled_from([0.0, 0.001, 0.25, 0.5, 2.0, 1000.0, float("nan"), -0.0])
samples = st.lists(
    st.sampled_from(PLANS).flatmap(
        lambda plan: st.tuples(
            st.just(plan),
            st.lists(st.sampled_from("ppXfesxbi"), min_size=len(plan), max_size=len(plan)),
            st.lists(SECONDS, min_size=len(plan), max_size=len(plan)),
        )
    ),
    max_size=12,
)


def _naive(runs: Any) -> dict[int, list[float]]:
    found: dict[int, list[float]] = defaultdict(list)
    for plan, outcomes, seconds in runs:
        for test, outcome, time in zip(plan, outcomes, seconds, strict=True):
            if outcome in "pXi" and not math.isnan(time):
                found[test].append(float(np.float32(abs(time))))
    return found


def _times(runs: Any) -> Times:
    return times_of(
        [
            Sample(plan, "".join(outcomes).encode(), pack_durations(seconds))
            for plan, outcomes, seconds in runs
        ]
    )


@settings(deadline=None, max_examples=100)
@given(runs=samples)
def test_times_are_what_statistics_come_to(runs: Any) -> None:
    found, wanted = _times(runs), _naive(runs)
    assert found.tests.tolist() == sorted(wanted)
    for at, test in enumerate(found.tests.tolist()):
        times = wanted[test]
        logs = [math.log(max(time, 0.001)) for time in times]
        assert found.runs[at] == len(times)
        assert found.median[at] == pytest.approx(statistics.median(times))
        assert found.mean[at] == pytest.approx(statistics.fmean(times))
        assert found.p95[at] == sorted(times)[math.ceil(0.95 * len(times)) - 1]
        variance = statistics.variance(logs) if len(times) > 1 else 0.0
        assert found.log_variance[at] == pytest.approx(variance, abs=1e-9)


@settings(deadline=None, max_examples=100)
@given(before=samples, after=samples)
def test_only_tests_of_both_windows_are_compared(before: Any, after: Any) -> None:
    earlier, later = _times(before), _times(after)
    change = compare(later, earlier)
    old, new = _naive(before), _naive(after)
    for at, test in enumerate(later.tests.tolist()):
        if test not in old:
            assert change.place[at] == -1 and math.isnan(change.ratio[at])
            continue
        medians = [max(statistics.median(times[test]), 0.001) for times in (new, old)]
        assert change.ratio[at] == pytest.approx(medians[0] / medians[1])
        is_tested = len(old[test]) >= 3 and len(new[test]) >= 3
        assert math.isnan(change.p_value[at]) != is_tested
        if is_tested:
            assert change.p_value[at] == pytest.approx(_welch(new[test], old[test]), abs=1e-5)


def _welch(a: list[float], b: list[float]) -> float:
    """The p-value by the textbook, the distribution integrated step by step."""
    means, parts = [], []
    for times in (a, b):
        logs = [math.log(max(time, 0.001)) for time in times]
        means.append(statistics.fmean(logs))
        rounding = (0.001 / math.exp(means[-1])) ** 2 / 12
        parts.append((statistics.variance(logs) + rounding) / len(times))
    t = abs(means[0] - means[1]) / math.sqrt(sum(parts))
    sizes = [part**2 / (len(times) - 1) for part, times in zip(parts, (a, b), strict=True)]
    freedom = sum(parts) ** 2 / sum(sizes)
    return _student(t, freedom)


def _student(t: float, freedom: float) -> float:
    """Two-sided tail of Student's distribution, by the angle: t = sqrt(n) tan(angle)."""
    steps = 2000
    start = math.atan(t / math.sqrt(freedom))
    width = (math.pi / 2 - start) / steps
    total = sum(math.cos(start + (n + 0.5) * width) ** (freedom - 1) for n in range(steps)) * width
    log_factor = math.lgamma((freedom + 1) / 2) - math.lgamma(freedom / 2)
    p: float = 2 * total * math.exp(log_factor) / math.sqrt(math.pi)
    return min(1.0, p)


@settings(deadline=None, max_examples=100)
@given(st.floats(0, 60), st.floats(2, 400))
def test_students_distribution_is_the_textbooks(t: float, freedom: float) -> None:
    found = float(student(np.array([t]), np.array([freedom]))[0])
    assert found == pytest.approx(_student(t, freedom), abs=5e-6)


@settings(deadline=None)
@given(st.lists(st.floats(0, 1) | st.just(float("nan")), max_size=30))
def test_discoveries_are_those_of_benjamini_and_hochberg(values: list[float]) -> None:
    known = sorted(value for value in values if not math.isnan(value))
    ranks = [n for n, value in enumerate(known, 1) if value <= LEVEL * n / len(known)]
    limit = known[ranks[-1] - 1] if ranks else -1.0
    assert discoveries(np.array(values)).tolist() == [value <= limit for value in values]


def test_chance_alone_changes_few_tests() -> None:
    """1,000 tests of one distribution, and 50 that take a third longer."""
    rng = np.random.default_rng(1)
    plan = list(range(1_050))
    factor = np.where(np.arange(1_050) < 50, 4 / 3, 1.0)

    def window(scale: Any) -> Times:
        drawn = rng.lognormal(0, 0.2, (40, 1_050)) * scale
        return times_of([Sample(plan, b"p" * 1_050, pack_durations(row)) for row in drawn])

    found = compare(window(factor), window(np.ones(1_050))).significant
    assert found[:50].sum() >= 48
    assert found[50:].sum() <= 8


async def test_the_slowest_and_the_most_changed_tests_are_told(lane: Lane) -> None:
    for turn in range(4):
        await lane.run({"slow": ("passed", 9 + turn / 100), "fast": ("passed", 0.5 + turn / 100),
                        "broken": ("failed", 60)})  # fmt: skip
    await lane.run({}, hours=24 * 40)
    for turn in range(4):
        await lane.run({"slow": ("passed", 9 + turn / 100), "fast": ("passed", 1 + turn / 100),
                        "young": ("passed", 3)})  # fmt: skip
    found = await lane.of_topic("red user", "durations")
    assert [one["test"]["name"] for one in found["durations"]] == ["slow", "young", "fast"]
    slow = found["durations"][0]
    assert (slow["runs"], slow["median"], slow["before"], slow["ratio"]) == (4, 9.015, None, None)
    assert "Welch" in found["_meta"]["method"]
    first = lane.jobs[0].at.date().isoformat()
    params = {"sort": "changed", "baseline_from": first, "baseline_to": first}
    found = await lane.of_topic("red user", "durations", **params)
    assert [(one["test"]["name"], one["significant"]) for one in found["durations"]] == [
        ("fast", True), ("slow", False),
    ]  # fmt: skip
    fast = found["durations"][0]
    assert fast["before"] == {"runs": 4, "mean": 0.515, "median": 0.515}
    assert fast["ratio"] == pytest.approx(1.94, abs=0.05) and fast["p_value"] < 1e-3
    assert found["_meta"]["baseline"] == {"from": first, "to": first, "results": 4,
                                          "results_there": 4}  # fmt: skip
    assert (await lane.of_topic("blue user", "durations"))["durations"] == []


async def test_plans_take_turns_when_there_is_more_than_is_read(
    lane: Lane, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("ringtest.control.trends.store.CASES", 5)
    for _ in range(4):
        await lane.run({"a": ("passed", 1), "b": ("passed", 1)})
    await lane.run({"rare": ("passed", 2)}, hours=-0.5)
    found = await lane.of_topic("epm", "durations")
    assert {one["test"]["name"]: one["runs"] for one in found["durations"]} == {
        "a": 2, "b": 2, "rare": 1,
    }  # fmt: skip
    assert (found["_meta"]["results"], found["_meta"]["results_there"]) == (3, 5)
