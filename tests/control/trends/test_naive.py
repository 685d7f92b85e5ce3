"""Whatever ran, every answer is what counting plain jobs comes to, for a partner and for all."""

import os
from collections import Counter
from collections.abc import Callable, Iterable
from datetime import date, timedelta
from typing import Any

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tests.control.trends.lane import LABS, Job, Lane

CASES = st.dictionaries(
    st.sampled_from("abcd"),
    st.tuples(
        st.sampled_from(["passed", "passed", "failed", "errored", "skipped"]),
        st.sampled_from([0.0, 0.25, 1.5]),
    ),
    max_size=4,
)
RUNS = st.lists(
    st.fixed_dictionaries(
        {
            "cases": CASES,
            "lab": st.sampled_from(LABS),
            "builds": st.sets(st.sampled_from(["build 1", "build 2", "kernel 6"]), min_size=1).map(
                sorted
            ),
            "hours": st.sampled_from([1, 20, 200, 500]),
            "result": st.sampled_from(["passed", "failed", "errored", "cancelled", None]),
            "tags": st.sets(st.sampled_from(["daily", "big"])).map(sorted),
            "number": st.none() | st.sampled_from([1.0, 2.5]),
        }
    ),
    min_size=1,
    max_size=8,
)
EXAMPLES = 300 if os.environ.get("RINGTEST_SOAK") else 12
STATUS = {
    "passed": "success", "failed": "failure", "errored": "error", "cancelled": "killed",
    None: "new",
}  # fmt: skip
FILTERS: list[tuple[str, Callable[[Job], bool]]] = [
    ("", lambda job: True),
    ("status:failure,error", lambda job: job.result in ("failed", "errored")),
    ("tag:daily or component:build*", lambda job: "daily" in job.tags
     or any(name.startswith("build") for name in job.builds)),
    ('lab:"red lab" -component:"kernel 6" has:tests', lambda job: job.lab == "red lab"
     and "kernel 6" not in job.builds and bool(job.cases)),
]  # fmt: skip
KEYS: dict[str, Callable[[Job], Iterable[str | None]]] = {
    "status": lambda job: [STATUS[job.result]],
    "remoteci": lambda job: [job.lab],
    "team": lambda job: [job.team],
    "tag": lambda job: job.tags or [None],
    "day": lambda job: [job.at.date().isoformat()],
    "month": lambda job: [job.at.date().replace(day=1).isoformat()],
    "component_type:build": lambda job: [n for n in job.builds if n.startswith("build")] or [None],
}


@settings(
    max_examples=EXAMPLES,
    deadline=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)
@given(runs=RUNS, days=st.sampled_from([30, 5]), filtered=st.sampled_from(FILTERS),
       keys=st.tuples(st.sampled_from(list(KEYS)), st.sampled_from(list(KEYS))),
       by=st.sampled_from(["day", "week", "month"]))  # fmt: skip
async def test_every_answer_is_what_counting_jobs_comes_to(
    lane: Lane, runs: Any, days: int, filtered: Any, keys: Any, by: str
) -> None:
    await lane.begin()
    for run in runs:
        await lane.run(**run)
    last = lane.shelf.clock.now().date()
    first = last - timedelta(days=days - 1)
    window = {} if days == 30 else {"from": first.isoformat(), "to": last.isoformat()}
    for who in ("red user", "epm"):
        jobs = [job for job in lane.seen_by(who) if first <= job.at.date() <= last]
        for lab in (None, "red lab"):
            own = [job for job in jobs if lab in (None, job.lab)]
            more = {"remoteci_id": lane.shelf.world.machines[lab]} if lab else {}
            found = await lane.of_topic(who, "trend", by=by, **window, **more)
            assert found["trend"] == _points(lane, own, by), (who, lab)
        await _check_coverage(lane, who, jobs, window)
        await _check_statistics(lane, who, jobs, window, filtered, keys)
        await _check_series(lane, who, jobs, window, filtered)


def _first_of(by: str, day: date) -> date:
    monday = day - timedelta(days=day.weekday())
    return {"day": day, "week": monday, "month": day.replace(day=1)}[by]


def _points(lane: Lane, jobs: list[Job], by: str) -> list[dict[str, Any]]:
    points: dict[date, Counter[str]] = {}
    for job in jobs:
        if not job.cases:
            continue
        point = points.setdefault(_first_of(by, job.at.date()), Counter())
        words = Counter(outcome for outcome, _ in job.cases.values())
        point.update(words)
        changes = _changes(lane, job)
        point.update(changes)
        point.update(
            results=1, total=len(job.cases), milliseconds=sum(
                round(seconds * 1000) for _, seconds in job.cases.values()),
        )  # fmt: skip
    return [
        {
            "at": at.isoformat(),
            **{name: point[name] for name in (
                "results", "total", "passed", "failed", "errored", "skipped", "regressed",
                "recovered", "retried")},
            "pass_rate": _rate(point["passed"], point["failed"], point["errored"]),
            "seconds": point["milliseconds"] / 1000,
        }
        for at, point in sorted(points.items())
    ]  # fmt: skip


def _rate(passed: int, failed: int, errored: int) -> float | None:
    ran = passed + failed + errored
    return round(passed / ran, 6) if ran else None


def _changes(lane: Lane, job: Job) -> Counter[str]:
    """Cases that regressed or recovered against the lab's last job with results."""
    before = [one for one in lane.jobs if one.lab == job.lab and one.at < job.at and one.cases]
    words = {name: outcome for name, (outcome, _) in before[-1].cases.items()} if before else {}
    found: Counter[str] = Counter()
    for name, (outcome, _) in job.cases.items():
        was, bad = words.get(name), ("failed", "errored")
        found["regressed"] += was == "passed" and outcome in bad
        found["recovered"] += was in bad and outcome == "passed"
    return found


async def _check_coverage(lane: Lane, who: str, jobs: list[Job], window: dict[str, str]) -> None:
    for kind in ("", "build"):
        found = await lane.of_topic(who, "coverage", type=kind, **window)
        wanted = [name for name in lane.components if name.startswith(kind)]
        assert found["_meta"]["count"] == len(wanted)
        assert {one["component"]["display_name"]: _numbers(one) for one in found["coverage"]} == {
            name: _covered([job for job in jobs if name in job.builds]) for name in wanted
        }, who


def _numbers(one: dict[str, Any]) -> dict[str, Any]:
    return {name: value for name, value in one.items() if name != "component"}


def _covered(jobs: list[Job]) -> dict[str, Any]:
    passed, failed, errored = (
        sum(job.count(word) for job in jobs) for word in ("passed", "failed", "errored")
    )
    return {
        "jobs": len(jobs),
        "labs": len({job.lab for job in jobs}),
        "teams": len({job.team for job in jobs}),
        "passed": passed,
        "failed": failed,
        "errored": errored,
        "total": sum(len(job.cases) for job in jobs),
        "pass_rate": _rate(passed, failed, errored),
        "last_at": max(job.at for job in jobs).isoformat() if jobs else None,
    }


async def _check_statistics(
    lane: Lane, who: str, jobs: list[Job], window: dict[str, str], filtered: Any, keys: Any
) -> None:
    query, fits = filtered
    rows, columns = keys
    answer = await lane.shelf.world.get(
        who, "/job_statistics", rows=rows, columns=columns, query=query, **window
    )
    found = answer["statistics"]
    wanted: dict[tuple[str | None, str | None], Counter[str]] = {}
    for job in filter(fits, jobs):
        for row in KEYS[rows](job):
            for column in KEYS[columns](job):
                counts = wanted.setdefault((row, column), Counter())
                counts.update(["jobs", STATUS[job.result]])
    names = [{one["key"]: one["name"] for one in found[side]} for side in ("rows", "columns")]
    told = {
        (names[0][cell["row"]], names[1][cell["column"]]): {
            name: number for name, number in cell.items() if name not in ("row", "column")
        }
        for cell in found["cells"]
    }
    words = ("jobs", "success", "failure", "error", "killed")
    assert told == {
        key: {word: counts[word] for word in words} for key, counts in wanted.items()
    }, (who, query)
    assert answer["_meta"] == {
        "rows": len({row for row, _ in wanted}),
        "columns": len({column for _, column in wanted}),
    }


async def _check_series(
    lane: Lane, who: str, jobs: list[Job], window: dict[str, str], filtered: Any
) -> None:
    query, fits = filtered
    found = await lane.shelf.world.get(
        who, "/keys_values_series", key="speed", query=query, **window
    )
    wanted = [(job.id, job.number) for job in jobs if job.number is not None and fits(job)]
    assert [(one["job_id"], one["value"]) for one in found["series"]] == wanted
    assert found["_meta"]["count"] == len(wanted)
