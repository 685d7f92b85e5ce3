"""How long tests took and which changed beyond chance; keys that jobs are counted by. Pure.

Times of many runs are kept flat: a number of the test and the seconds it took, sorted once.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import timedelta
from typing import Any, Literal

import numpy as np
from numpy.typing import NDArray

from ringtest.control.kernel.errors import BadRequest
from ringtest.control.kernel.windows import Window, check_days, read_day

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]

CASES = 300_000
"""Cases of one window that durations are computed from."""
RESULTS = 200
"""Result files of one plan and window that durations are computed from: the newest."""
LEVEL = 0.05
"""Share of false alarms among the tests that are called changed."""
_LEAST = 3
"""Runs on either side without which nothing is said about chance."""
_RESOLUTION = 0.001
"""Seconds: how finely result files tell times."""
METHOD = (
    "Seconds of the runs that passed, of the newest 200 result files of each list of tests and"
    " 300,000 cases per window. p_value: Welch's t-test, two-sided, on the logarithms of the"
    " seconds (at least 0.001, with the variance that rounding to 0.001 adds), where both windows"
    " have 3 runs; significant: by Benjamini and Hochberg over all tests compared, at most 5 %"
    " false alarms."
)

_PASSED = np.zeros(256, dtype=bool)
_PASSED[list(b"pXi")] = True


@dataclass(frozen=True, slots=True)
class Sample:
    """A result file: the tests of its plan, and its packed outcomes and durations."""

    tests: Sequence[int]
    outcomes: bytes
    durations: bytes


@dataclass(frozen=True, slots=True)
class Times:
    """Of each test, sorted by its id: runs that passed, and what their seconds come to."""

    tests: Ints
    runs: Ints
    mean: Floats
    median: Floats
    p95: Floats
    log_mean: Floats
    log_variance: Floats  # of the sample; with n - 1, and 0 for a single run

    def __len__(self) -> int:
        return len(self.tests)


def times_of(samples: Sequence[Sample]) -> Times:
    """What the samples come to, test by test.

    >>> from ringtest.control.reading.model import pack_durations
    >>> found = times_of([Sample([7, 9], b"pp", pack_durations([1, 2])),
    ...                   Sample([7, 9], b"pf", pack_durations([3, 9]))])
    >>> found.tests.tolist(), found.runs.tolist(), found.median.tolist(), found.p95.tolist()
    ([7, 9], [2, 1], [2.0, 2.0], [3.0, 2.0])
    """
    together: dict[int, list[Sample]] = {}
    for sample in samples:
        together.setdefault(id(sample.tests), []).append(sample)
    plans = [np.asarray(group[0].tests, dtype=np.int64) for group in together.values()]
    tests = np.unique(np.concatenate([np.empty(0, np.int64), *plans]))
    keys = [np.empty(0, np.uint64)]
    for plan, group in zip(plans, together.values(), strict=True):
        shape = len(group), len(plan)
        outcomes = np.frombuffer(b"".join(one.outcomes for one in group), dtype=np.uint8)
        seconds = np.frombuffer(b"".join(one.durations for one in group), dtype="<f4")
        counts = (_PASSED[outcomes] & np.isfinite(seconds)).reshape(shape)
        # no -0.0: floats that are not negative sort like their bits
        bits = (np.maximum(seconds, np.float32(0)) + np.float32(0)).view(np.uint32).reshape(shape)
        high = np.searchsorted(tests, plan).astype(np.uint64) << np.uint64(32)
        keys.append(np.broadcast_to(high, shape)[counts] | bits[counts])
    return _reduce(tests, np.concatenate(keys))


def _reduce(tests: Ints, keys: NDArray[np.uint64]) -> Times:
    """`keys` are the number of a test and the bits of a time: one sort orders times by test."""
    keys.sort()
    times = keys.astype(np.uint32).view(np.float32).astype(np.float64)  # the lower half
    bounds = np.searchsorted(keys, np.arange(len(tests) + 1, dtype=np.uint64) << np.uint64(32))
    all_runs = np.diff(bounds)
    tests, runs, start = tests[all_runs > 0], all_runs[all_runs > 0], bounds[:-1][all_runs > 0]
    if not len(tests):
        empty = np.empty(0)
        return Times(tests, runs, empty, empty, empty, empty, empty)
    logs = np.log(np.maximum(times, _RESOLUTION))
    log_mean = np.add.reduceat(logs, start) / runs
    squares = np.add.reduceat((logs - np.repeat(log_mean, runs)) ** 2, start)
    return Times(
        tests=tests,
        runs=runs,
        mean=np.add.reduceat(times, start) / runs,
        median=(times[start + (runs - 1) // 2] + times[start + runs // 2]) / 2,
        p95=times[start + (runs * 95 + 99) // 100 - 1],
        log_mean=log_mean,
        log_variance=squares / np.maximum(runs - 1, 1),
    )


# Change ----------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Change:
    """Per test of the later window: its place in the earlier one (-1: not there), the ratio of
    medians, the probability of such a difference by chance (NaN: too few runs), and whether it
    is called significant."""

    place: Ints
    ratio: Floats
    p_value: Floats
    significant: NDArray[np.bool_]


def compare(later: Times, earlier: Times) -> Change:
    """How the tests of one window differ from the same tests in another."""
    place = np.full(len(later), -1, dtype=np.int64)
    _, mine, theirs = np.intersect1d(
        later.tests, earlier.tests, assume_unique=True, return_indices=True
    )
    place[mine] = theirs
    ratio = np.full(len(later), np.nan)
    ratio[mine] = np.maximum(later.median[mine], _RESOLUTION) / np.maximum(
        earlier.median[theirs], _RESOLUTION
    )
    p_value = np.full(len(later), np.nan)
    enough = (later.runs[mine] >= _LEAST) & (earlier.runs[theirs] >= _LEAST)
    mine, theirs = mine[enough], theirs[enough]
    p_value[mine] = welch(later, mine, earlier, theirs)
    return Change(place, ratio, p_value, discoveries(p_value))


def welch(a: Times, of_a: Ints, b: Times, of_b: Ints) -> Floats:
    """Two-sided p-values of Welch's test on the logarithms, for chosen tests of two windows."""
    parts = []
    for times, of in ((a, of_a), (b, of_b)):
        seconds = np.exp(np.maximum(times.log_mean[of], np.log(_RESOLUTION)))
        rounding = (_RESOLUTION / seconds) ** 2 / 12
        parts.append((times.log_variance[of] + rounding) / times.runs[of])
    va, vb = parts
    t = (a.log_mean[of_a] - b.log_mean[of_b]) / np.sqrt(va + vb)
    freedom = (va + vb) ** 2 / (va**2 / (a.runs[of_a] - 1) + vb**2 / (b.runs[of_b] - 1))
    return student(t, freedom)


def student(t: Floats, freedom: Floats) -> Floats:
    """The probability of a value as far from 0 as `t` under Student's distribution.

    >>> student(np.array([0.0, 2.228138852]), np.array([10.0, 10.0])).round(6).tolist()
    [1.0, 0.05]
    """
    return _beta(freedom / 2, freedom / (freedom + t**2))


def _beta(a: Floats, x: Floats) -> Floats:
    """The regularised incomplete beta function I_x(a, 1/2)."""
    with np.errstate(divide="ignore"):
        front = np.exp(
            _log_gamma(a + 0.5) - _log_gamma(a) - 0.5 * np.log(np.pi)
            + a * np.log(x) + 0.5 * np.log1p(-x)
        )  # fmt: skip
    swap = x > (a + 1) / (a + 2.5)
    half = np.full_like(a, 0.5)
    direct = front * _fraction(np.where(swap, half, a), np.where(swap, a, half),
                               np.where(swap, 1 - x, x)) / np.where(swap, half, a)  # fmt: skip
    result: Floats = np.clip(np.where(swap, 1 - direct, direct), 0.0, 1.0)
    return result


def _fraction(a: Floats, b: Floats, x: Floats) -> Floats:
    """The continued fraction of the incomplete beta function, by Lentz's method."""
    tiny = 1e-300
    c = np.ones_like(x)
    d = 1 / _away(1 - (a + b) * x / (a + 1), tiny)
    found = d.copy()
    for m in range(1, 200):
        even = m * (b - m) * x / ((a + 2 * m - 1) * (a + 2 * m))
        odd = -(a + m) * (a + b + m) * x / ((a + 2 * m) * (a + 2 * m + 1))
        step = np.ones_like(x)
        for term in (even, odd):
            d = 1 / _away(1 + term * d, tiny)
            c = _away(1 + term / c, tiny)
            step *= d * c
        found *= step
        if np.all(np.abs(step - 1) < 1e-12):
            break
    return found


def _away(x: Floats, tiny: float) -> Floats:
    """Not zero."""
    result: Floats = np.where(np.abs(x) < tiny, tiny, x)
    return result


_LANCZOS = (
    676.5203681218851, -1259.1392167224028, 771.32342877765313, -176.61502916214059,
    12.507343278686905, -0.13857109526572012, 9.9843695780195716e-6, 1.5056327351493116e-7,
)  # fmt: skip


def _log_gamma(x: Floats) -> Floats:
    """ln of the gamma function for x >= 1/2, by Lanczos."""
    z = x - 1
    series = np.full_like(z, 0.99999999999980993)
    for number, factor in enumerate(_LANCZOS, 1):
        series += factor / (z + number)
    t = z + len(_LANCZOS) - 0.5
    result: Floats = 0.5 * np.log(2 * np.pi) + (z + 0.5) * np.log(t) - t + np.log(series)
    return result


def discoveries(p_values: Floats) -> NDArray[np.bool_]:
    """Which p-values count as found, by Benjamini and Hochberg; NaN never does.

    >>> discoveries(np.array([0.01, 0.02, 0.5, np.nan])).tolist()
    [True, True, False, False]
    """
    known = p_values[~np.isnan(p_values)]
    ordered = np.sort(known)
    fits = np.flatnonzero(ordered <= LEVEL * np.arange(1, len(ordered) + 1) / max(len(ordered), 1))
    limit = ordered[fits[-1]] if len(fits) else -1.0
    found: NDArray[np.bool_] = p_values <= limit  # NaN compares as false
    return found


# Pages -------------------------------------------------------------------------------

Sort = Literal["slowest", "changed"]


@dataclass(frozen=True, slots=True)
class DurationsQuery:
    """What is asked of durations: a window, and one to compare it with."""

    window: Window
    sort: Sort
    baseline: Window | None


def read_durations(params: Mapping[str, str], window: Window) -> DurationsQuery:
    """`sort`, `baseline_from` and `baseline_to`; the baseline of changes is as many days before
    the window unless it is given. 400 for what makes no sense."""
    sort = params.get("sort", "slowest")
    if sort not in ("slowest", "changed"):
        raise BadRequest(f"sort: not by {sort[:40]!r}", valid_sort_keys=["slowest", "changed"])
    given = [name for name in ("baseline_from", "baseline_to") if name in params]
    length = (window.last - window.first).days
    if not given and sort == "slowest":
        return DurationsQuery(window, "slowest", None)
    last = read_day("baseline_to", params["baseline_to"]) if "baseline_to" in params else None
    if "baseline_from" in params:
        first = read_day("baseline_from", params["baseline_from"])
        last = last or first + timedelta(days=length)
    else:
        last = last or window.first - timedelta(days=1)
        first = last - timedelta(days=length)
    check_days(first, last)
    baseline = Window(first, last, window.remoteci_id, window.team_id)
    return DurationsQuery(window, "changed" if sort == "changed" else "slowest", baseline)


def order(later: Times, change: Change | None, sort: Sort) -> Ints:
    """Places of `later` as they are to be shown: slowest by median; changed: the significant
    ones first, by how many times longer or shorter; what cannot be compared is left out."""
    if sort == "slowest" or change is None:
        return np.lexsort((later.tests, -later.median))
    far = np.abs(np.log(change.ratio))
    found = np.lexsort((later.tests, -far, ~change.significant))
    return found[~np.isnan(far[found])]


def row(later: Times, at: int, earlier: Times | None, change: Change | None) -> dict[str, Any]:
    """A test's numbers as the API shows them."""
    there = int(change.place[at]) if change is not None else -1
    p = float(change.p_value[at]) if change is not None else float("nan")
    before = None
    if earlier is not None and there >= 0:
        before = {
            "runs": int(earlier.runs[there]),
            "mean": round(float(earlier.mean[there]), 6),
            "median": round(float(earlier.median[there]), 6),
        }
    return {
        "runs": int(later.runs[at]),
        "mean": round(float(later.mean[at]), 6),
        "median": round(float(later.median[at]), 6),
        "p95": round(float(later.p95[at]), 6),
        "before": before,
        "ratio": round(float(change.ratio[at]), 4) if before and change is not None else None,
        "p_value": None if np.isnan(p) else float(f"{p:.4g}"),
        "significant": bool(change.significant[at]) if change is not None else False,
    }


# Keys -------------------------------------------------------------------------------

By = Literal["day", "week", "month"]
KEYS = (
    "topic", "team", "remoteci", "product", "pipeline", "status", "name", "configuration", "tag",
    "set", "day", "week", "month", "component_type:<type>",
)  # fmt: skip
_ALSO = {"lab": "remoteci", "tags": "tag", "set_key": "set"}


@dataclass(frozen=True, slots=True)
class Key:
    """What jobs are counted by; `type` is that of components."""

    name: str
    type: str = ""

    @property
    def is_time(self) -> bool:
        """Whether its values have an order of their own."""
        return self.name in ("day", "week", "month")


def read_key(parameter: str, params: Mapping[str, str]) -> Key:
    """The key that a parameter names; 400 with those there are.

    >>> read_key("rows", {"rows": "component_type:build"})
    Key(name='component_type', type='build')
    """
    text = params.get(parameter, "")
    name, colon, kind = text.partition(":")
    name = _ALSO.get(name, name)
    is_component = name == "component_type" and bool(kind)
    if not is_component and (colon or name not in KEYS):
        said = f"{parameter}: {text[:60]!r} is no key" if text else f"{parameter}: which key?"
        raise BadRequest(said, valid_keys=list(KEYS))
    return Key(name, kind[:200])


def read_by(params: Mapping[str, str]) -> By:
    """How long the steps of a trend are."""
    match params.get("by", "day"):
        case "day" | "week" | "month" as by:
            return by
        case other:
            raise BadRequest(f"by: day, week or month, not {other[:40]!r}")
