"""What can be asked of jobs, in either language, and what is computed from the answers. Pure."""

import statistics
from array import array
from collections.abc import Collection, Mapping, Sequence
from datetime import UTC, datetime
from typing import Annotated, Any, Literal
from uuid import UUID

import msgspec
from msgspec import Meta, Struct

from ringtest.control.kernel.errors import BadRequest
from ringtest.control.kernel.query import Compare, Empty, Every, Node, Not, Op, Some, joined
from ringtest.control.kernel.query_words import parse_query
from ringtest.control.kernel.texts import Line

MAX_LIMIT = 200
MAX_OFFSET = 10_000
COUNTED = 10_000
"""Hits beyond these are told as `gte`, as Elasticsearch does: exact totals cost a full scan."""
MAX_CASES = 100_000
"""Test cases in one answer."""
MAX_JOBS = 100
"""Jobs on either side of a comparison, the newest ones."""

Names = Annotated[list[Line], Meta(max_length=200)]


class AskJobs(Struct, kw_only=True, rename={"from_": "from"}):
    """Body of `POST /analytics/jobs`; the same as parameters of GET."""

    query: Annotated[str, Meta(max_length=8000)] = ""
    from_: Line | None = None
    to: Line | None = None
    sort: Line = "-created_at"
    offset: int = 0
    limit: int = 20
    includes: Line | Names | None = None
    excludes: Line | Names | None = None


class AskTerms(Struct, kw_only=True):
    """Body of `POST /analytics/jobs/autocomplete`; the same as parameters of GET."""

    field: Line
    size: int = 10
    value: Line = ""


class AskElastic(Struct, kw_only=True, rename={"from_": "from", "source": "_source"}):
    """Body of `POST /analytics/jobs2`."""

    query: dict[str, Any] = msgspec.field(default_factory=dict)
    from_: int = 0
    size: int = 20
    sort: Any = None
    source: Any = None
    track_total_hits: Any = None


Baseline = Literal["mean", "median", "latest"]


class AskComparison(Struct, kw_only=True):
    """Body of `POST /analytics/junit_comparison`."""

    topic_1_id: UUID
    topic_2_id: UUID
    test_name: Line
    topic_1_start_date: Line
    topic_1_end_date: Line
    topic_2_start_date: Line
    topic_2_end_date: Line
    remoteci_1_id: UUID | None = None
    remoteci_2_id: UUID | None = None
    topic_1_baseline_computation: Baseline = "mean"
    topic_2_baseline_computation: Baseline = "mean"
    tags_1: Names = []
    tags_2: Names = []


class AskPipelines(Struct, kw_only=True):
    """Body of `POST /analytics/pipelines_status`."""

    start_date: Line
    end_date: Line
    teams_ids: Annotated[list[UUID], Meta(max_length=200)] = []
    pipelines_names: Names = []
    components_types: Names = []


class Found(Struct, frozen=True):
    """What to look for, and which part of it to show."""

    node: Node | None
    since: datetime | None
    until: datetime | None
    sort: str
    offset: int
    limit: int
    includes: tuple[str, ...] = ()
    excludes: tuple[str, ...] = ()


def read_ask(ask: AskJobs, lists: Collection[str]) -> Found:
    """The question of `/analytics/jobs`. `lists` are the fields that hold lists."""
    return Found(
        node=adapt(parse_query(ask.query), lists) if ask.query.strip() else None,
        since=moment("from", ask.from_) if ask.from_ else None,
        until=moment("to", ask.to, end=True) if ask.to else None,
        sort=ask.sort,
        offset=_within("offset", ask.offset, 0, MAX_OFFSET),
        limit=min(_within("limit", ask.limit, 1, 2**31), MAX_LIMIT),
        includes=_csv(ask.includes),
        excludes=_csv(ask.excludes),
    )


def _csv(value: str | Sequence[str] | None) -> tuple[str, ...]:
    parts = value.split(",") if isinstance(value, str) else value or ()
    return tuple(part.strip() for part in parts if part.strip())


def _within(name: str, number: int, least: int, most: int) -> int:
    if not least <= number <= most:
        raise BadRequest(f"{name} must be from {least} to {most}")
    return number


def moment(name: str, text: str, *, end: bool = False) -> datetime:
    """A date or a time as naive UTC; `end`: a date alone means its last moment.

    >>> moment("to", "2026-01-02", end=True)
    datetime.datetime(2026, 1, 2, 23, 59, 59, 999999)
    """
    try:
        at = datetime.fromisoformat(text)
        at = at.astimezone(UTC).replace(tzinfo=None) if at.tzinfo else at
    except (ValueError, OverflowError):
        raise BadRequest(f"{name}: expected an ISO date, not {text[:40]!r}") from None
    is_date = len(text) <= 10
    return at.replace(hour=23, minute=59, second=59, microsecond=999_999) if end and is_date else at


def adapt(node: Node, lists: Collection[str]) -> Node:
    """Of a field that holds a list, `=` and `!=` ask whether it contains the value.

    >>> adapt(Compare("tags", "eq", ("a",)), {"tags"})
    Compare(field='tags', op='contains', values=('a',), position=0)
    """
    turned: dict[Op, Op] = {"eq": "contains", "ne": "not_contains"}
    match node:
        case Compare(field, op, values, position) if field in lists and op in turned:
            return Compare(field, turned[op], values, position)
        case Every(parts):
            return Every(tuple(adapt(part, lists) for part in parts))
        case Some(parts):
            return Some(tuple(adapt(part, lists) for part in parts))
        case Not(part):
            return Not(adapt(part, lists))
        case _:
            return node


# Elasticsearch's language ----------------------------------------------------------

_UNDERSTOOD = (
    "bool", "term", "terms", "range", "match", "match_phrase", "match_all", "exists", "prefix",
    "wildcard", "regexp", "ids", "nested",
)  # fmt: skip
_RANGES: dict[str, Op] = {"gte": "ge", "gt": "gt", "lte": "le", "lt": "lt"}
_DEEPEST = 30


def read_elastic(ask: AskElastic, lists: Collection[str]) -> Found:
    """The question of `/analytics/jobs2`; 400 says what of the language is understood."""
    node = _clause(ask.query, _DEEPEST) if ask.query else None
    includes, excludes = _source(ask.source)
    return Found(
        node=adapt(node, lists) if node else None,
        since=None,
        until=None,
        sort=_elastic_sort(ask.sort),
        offset=_within("from", ask.from_, 0, MAX_OFFSET),
        limit=min(_within("size", ask.size, 1, 2**31), MAX_LIMIT),
        includes=includes,
        excludes=excludes,
    )


def _not_understood(what: str) -> BadRequest:
    return BadRequest(f"{what[:120]} is not understood", understood=list(_UNDERSTOOD))


def _clause(query: object, levels: int) -> Node | None:
    """A clause as a filter; None: everything."""
    if not isinstance(query, dict) or len(query) != 1 or not levels:
        raise _not_understood("a query that is not one clause, or nested too deep,")
    ((kind, inside),) = query.items()
    if kind == "match_all":
        return None
    if kind not in _UNDERSTOOD or not isinstance(inside, dict):
        raise _not_understood(f"query {kind!r}")
    if kind == "bool":
        return _bool(inside, levels - 1)
    if kind == "nested":
        return _clause(inside.get("query"), levels - 1)
    if kind == "exists":
        return Not(Empty(_name(inside.get("field"))))
    if kind == "ids":
        return Compare("id", "in", _values(inside.get("values")))
    given = {name: value for name, value in inside.items() if name not in ("boost", "_name")}
    if len(given) != 1:
        raise _not_understood(f"{kind} of several fields")
    ((field, value),) = given.items()
    return _leaf(kind, _name(field), value)


def _leaf(kind: str, field: str, value: object) -> Node:
    if kind == "range":
        bounds = value if isinstance(value, dict) else {}
        parts = [
            Compare(field, op, _values([bounds[k]])) for k, op in _RANGES.items() if k in bounds
        ]
        if not parts or set(bounds) - set(_RANGES) - {"format", "boost"}:
            raise _not_understood("a range without gte, gt, lte or lt, or with more,")
        return joined(Every, parts)
    if kind == "terms":
        values = _values(value)
        return joined(Some, [Compare(field, "eq", (one,)) for one in values])
    if isinstance(value, dict):
        value = value.get("value", value.get("query"))
    (text,) = _values([value])
    match kind:
        case "prefix":
            return Compare(field, "match", (_escape(text) + ".*",))
        case "wildcard":
            parts_ = [{"*": ".*", "?": "."}.get(sign, _escape(sign)) for sign in text]
            return Compare(field, "match", ("".join(parts_),))
        case "regexp":
            return Compare(field, "match", (text,))
        case _:
            return Compare(field, "eq", (text,))


def _escape(text: str) -> str:
    return "".join(sign if sign.isalnum() or sign.isspace() else f"\\{sign}" for sign in text)


def _bool(inside: Mapping[str, Any], levels: int) -> Node | None:
    unknown = set(inside) - {
        "must",
        "filter",
        "should",
        "must_not",
        "minimum_should_match",
        "boost",
    }
    if unknown or inside.get("minimum_should_match", 1) not in (0, 1, "0", "1"):
        raise _not_understood(f"bool with {sorted(unknown) or 'minimum_should_match over 1'}")

    def clauses(name: str) -> list[Node | None]:
        given = inside.get(name, [])
        return [_clause(one, levels) for one in (given if isinstance(given, list) else [given])]

    parts = [node for name in ("must", "filter") for node in clauses(name) if node]
    either = clauses("should")
    is_bound = "minimum_should_match" in inside or not (inside.get("must") or inside.get("filter"))
    if either and is_bound and all(either) and str(inside.get("minimum_should_match", 1)) == "1":
        parts.append(joined(Some, [node for node in either if node]))
    for node in clauses("must_not"):
        if node is None:
            raise _not_understood("must_not of everything")
        parts.append(Not(node))
    return joined(Every, parts) if parts else None


def _name(field: object) -> str:
    if not isinstance(field, str):
        raise _not_understood("a field that is not a name")
    return field.removesuffix(".keyword")


def _values(given: object) -> tuple[str, ...]:
    if not isinstance(given, list) or not given or len(given) > 200:
        raise _not_understood("no value, or more than 200,")
    if not all(isinstance(value, str | int | float | bool) for value in given):
        raise _not_understood("a value that is not a text or a number")
    return tuple(str(v).lower() if isinstance(v, bool) else str(v) for v in given)


def _elastic_sort(sort: object) -> str:
    if not sort:
        return "-created_at"
    first = sort[0] if isinstance(sort, list) else sort
    if isinstance(first, str):
        name, order = first.removeprefix("-"), "desc" if first.startswith("-") else "asc"
    elif isinstance(first, dict) and len(first) == 1:
        ((name, order),) = first.items()
        order = order.get("order", "asc") if isinstance(order, dict) else order
    else:
        raise _not_understood("such a sort")
    return f"{'-' if order == 'desc' else ''}{_name(name)}"


def _source(source: object) -> tuple[tuple[str, ...], tuple[str, ...]]:
    match source:
        case None | True:
            return (), ()
        case str() | list() if all(isinstance(one, str) for one in source):
            return _csv(source), ()
        case {**parts} if set(parts) <= {"includes", "excludes"}:
            return _source(parts.get("includes"))[0], _source(parts.get("excludes"))[0]
        case _:
            raise _not_understood("such a _source")


# Showing -----------------------------------------------------------------------


def pick(document: Mapping[str, Any], found: Found) -> dict[str, Any]:
    """The parts of a document that were asked for; names are dotted paths.

    >>> ask = Found(None, None, None, "", 0, 1, includes=("id", "team.name"))
    >>> pick({"id": 1, "name": "x", "team": {"id": 2, "name": "red"}}, ask)
    {'id': 1, 'team': {'name': 'red'}}
    """
    kept: Any = _keep(document, found.includes) if found.includes else dict(document)
    for path in found.excludes:
        kept = _drop(kept, path.split("."))
    return dict(kept)


def _keep(value: Any, paths: Sequence[str]) -> Any:
    if isinstance(value, list):
        return [_keep(one, paths) for one in value]
    if not isinstance(value, Mapping):
        return value
    kept = {}
    for name, part in value.items():
        if name in paths or "*" in paths or f"{name}.*" in paths:
            kept[name] = part
            continue
        under = [path.removeprefix(f"{name}.") for path in paths if path.startswith(f"{name}.")]
        if under:
            kept[name] = _keep(part, under)
    return kept


def _drop(value: Any, path: Sequence[str]) -> Any:
    if isinstance(value, list):
        return [_drop(one, path) for one in value]
    if not isinstance(value, Mapping):
        return value
    if len(path) == 1 or path[1] == "*":
        return {name: part for name, part in value.items() if name != path[0]}
    return {n: _drop(part, path[1:]) if n == path[0] else part for n, part in value.items()}


# Comparing test times ------------------------------------------------------------

BINS = tuple(range(-110, 110, 5))
"""Lower ends of the histogram's bins, in percent; the outer ones hold what is beyond."""


class Run(Struct, frozen=True):
    """The times of one file of one job, by test."""

    job_id: UUID
    created_at: datetime
    tests: Sequence[int]
    seconds: Sequence[float]


def compare_times(
    first: Sequence[Run], second: Sequence[Run], how_first: Baseline, how_second: Baseline
) -> dict[str, Any]:
    """How much longer the second's tests took, per test in percent of the first.

    `values` count the tests in each of `intervals`; `trend_percentage` has the 95th
    percentile of every job of the second against the first; `details` the 500 tests that
    changed most.
    """
    before, after = _baseline(first, how_first), _baseline(second, how_second)
    changes = {test: _percent(before[test], after[test]) for test in after if test in before}
    counts = [0] * len(BINS)
    for change in changes.values():
        counts[min(max(int((change - BINS[0]) // 5), 0), len(BINS) - 1)] += 1
    trend = []
    for run in sorted(second, key=lambda run: run.created_at):
        own = [
            _percent(before[test], seconds)
            for test, seconds in zip(run.tests, run.seconds, strict=True)
            if test in before
        ]
        if own:
            value = round(_percentile(own, 0.95), 2)
            trend.append({"job_id": run.job_id, "created_at": run.created_at, "value": value})
    most = sorted(changes, key=lambda test: -abs(changes[test]))[:500]
    return {
        "values": counts,
        "intervals": list(BINS),
        "trend_percentage": trend,
        "details": [
            {"test": t, "diff": round(changes[t], 2), "value_1": before[t], "value_2": after[t]}
            for t in most
        ],
        "len_jobs_topic_1": len({run.job_id for run in first}),
        "len_jobs_topic_2": len({run.job_id for run in second}),
    }


def _baseline(runs: Sequence[Run], how: Baseline) -> dict[int, float]:
    ordered = sorted(runs, key=lambda run: run.created_at)
    if how == "latest":
        return {t: s for run in ordered for t, s in zip(run.tests, run.seconds, strict=True)}
    times: dict[int, array[float]] = {}
    for run in ordered:
        for test, seconds in zip(run.tests, run.seconds, strict=True):
            times.setdefault(test, array("d")).append(seconds)
    reduce = statistics.median if how == "median" else statistics.fmean
    return {test: float(reduce(values)) for test, values in times.items()}


def _percent(before: float, after: float) -> float:
    """Change in percent; a time of 0 counts as 1, as in DCI.

    >>> _percent(2.0, 3.0), _percent(0.0, 2.0)
    (50.0, 100.0)
    """
    base = before or 1.0
    return ((after or 1.0) - base) * 100 / base


def _percentile(values: Sequence[float], share: float) -> float:
    ordered = sorted(values)
    return ordered[min(int(len(ordered) * share), len(ordered) - 1)]
