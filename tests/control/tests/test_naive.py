"""Whatever ran, every answer is what counting plain rows comes to, for a partner and for all."""

import os
from collections import defaultdict
from collections.abc import Callable, Iterable
from itertools import pairwise
from typing import Any

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from ringtest.control.kernel.tenant import SYSTEM
from ringtest.control.tests.model import wilson
from tests.control.tests.track import Row, Track, id_of, naive_days

TESTS = ("a", "b", "c")
LABS = ("red lab", "blue lab")
BUILDS = ("build 1", "build 2")
WORDS = st.sampled_from(["passed", "passed", "failed", "errored", "skipped", "flaky"])
CASES = st.lists(st.tuples(st.sampled_from(TESTS), WORDS), min_size=1, max_size=4)
RUNS = st.lists(
    st.tuples(st.sampled_from(LABS), st.sampled_from(BUILDS), st.sampled_from([1, 20, 60]), CASES),
    min_size=1,
    max_size=8,
)
EXAMPLES = 300 if os.environ.get("RINGTEST_SOAK") else 12


@settings(
    max_examples=EXAMPLES,
    deadline=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)
@given(runs=RUNS, before=st.integers(0, 8))
async def test_every_answer_is_what_counting_rows_comes_to(
    track: Track, runs: Any, before: int
) -> None:
    """The first `before` runs were stored when places of changes were not."""
    await track.begin()
    for number, (lab, build, hours, cases) in enumerate(runs):
        await track.run(cases, lab=lab, build=build, hours=hours)
        if number < before:
            async with track.shelf.world.db.transaction(SYSTEM) as tx:
                await tx.execute("UPDATE test_results SET turned = NULL")
    first, last = (track.rows[at].at.date().isoformat() for at in (0, -1))
    for who in ("red user", "epm"):
        await _check_tests(track, who)
        await _check_flaky(track, who)
        await _check_comparisons(track, who, first, last)


async def _check_tests(track: Track, who: str) -> None:
    rows = track.seen_by(who)
    found = await track.ask(who, "/tests")
    assert {one["name"]: one["last_seen_at"] for one in found["tests"]} == {
        row.test: row.at.isoformat() for row in rows
    }
    for name in {row.test for row in rows}:
        for lab in (None, "red lab"):
            own = [row for row in rows if row.test == name and lab in (None, row.lab)]
            params = {"remoteci_id": track.shelf.world.machines[lab]} if lab else {}
            answer = await track.ask(who, f"/tests/{id_of(name)}/history", **params)
            history = answer["history"]
            assert history["days"] == naive_days(track, own), (who, name, lab)
            assert history["flake"] == {"test": history["test"]} | _flake(track, own)
            assert sorted((one["job_id"], one["outcome"]) for one in history["runs"]) == sorted(
                (row.job_id, row.outcome) for row in own
            )
            _check_turn(history, own)


def _check_turn(history: dict[str, Any], rows: list[Row]) -> None:
    good, bad = history["last_good"], history["first_bad"]
    newest = {row.lab: [one for one in rows if one.lab == row.lab and one.ran] for row in rows}
    failing = [runs for runs in newest.values() if runs and _worst(runs, runs[-1].job_id)]
    assert (bad is not None) == bool(failing)
    if bad is None:
        return
    (lab,) = {row.lab for row in rows if row.job_id == bad["job_id"]}
    jobs = list(dict.fromkeys(row.job_id for row in newest[lab]))
    streak = jobs[jobs.index(bad["job_id"]) :]
    assert all(_worst(newest[lab], job) for job in streak)
    before = jobs[: jobs.index(bad["job_id"])]
    assert (good["job_id"] if good else None) == (before[-1] if before else None)
    assert not before or not _worst(newest[lab], before[-1])


def _worst(rows: Iterable[Row], job_id: str) -> bool:
    return any(row.is_bad for row in rows if row.job_id == job_id)


def _flake(track: Track, rows: list[Row]) -> dict[str, Any]:
    unsteady = [row for row in rows if row.retried or track.is_flip(row)]
    runs = sum(row.ran for row in rows)
    low, high = wilson(len(unsteady), runs)
    return {
        "score": round(len(unsteady) / runs, 4) if runs else 0.0,
        "low": low,
        "high": high,
        "runs": runs,
        "failed": sum(row.is_bad for row in rows),
        "unsteady": len(unsteady),
        "flips": sum(track.is_flip(row) for row in rows),
        "retried": sum(row.retried for row in rows),
        "labs": len({row.lab for row in unsteady}),
        "last_seen_at": unsteady[-1].at.isoformat() if unsteady else None,
    }


async def _check_flaky(track: Track, who: str) -> None:
    path = f"/topics/{track.shelf.topic_id}/flaky_tests"
    for lab in (None, "red lab"):
        params = {"remoteci_id": track.shelf.world.machines[lab]} if lab else {}
        answer = await track.shelf.world.get(who, path, **params)
        rows = [row for row in track.seen_by(who) if lab in (None, row.lab)]
        wanted = {name: _flake(track, [r for r in rows if r.test == name]) for name in TESTS}
        told = {one["test"]["name"]: one for one in answer["flaky_tests"]}
        assert told == {
            name: {"test": told[name]["test"]} | flake
            for name, flake in wanted.items()
            if flake["unsteady"]
        }
        lows = [one["low"] for one in answer["flaky_tests"]]
        assert lows == sorted(lows, reverse=True)


async def _check_comparisons(track: Track, who: str, first: str, last: str) -> None:
    machines = track.shelf.world.machines
    sides: list[tuple[str, Callable[[Row], bool]]] = [
        (f"dates:{first}..{first}", lambda row: row.at.date().isoformat() == first),
        (f"dates:{first}..{last}", lambda row: True),
        (f"job:{track.seen_by('epm')[0].job_id}", lambda row: row.job_id == track.rows[0].job_id),
        *(
            (f"component:{identity}", lambda row, name=name: row.set_name == name)
            for name, identity in track.components.items()
        ),
        *((f"lab:{machines[lab]}", lambda row, lab=lab: row.lab == lab) for lab in LABS),
    ]  # fmt: skip
    if who != "epm":
        sides = [one for one in sides if "lab:" not in one[0] or one[0].endswith(
            str(machines["red lab"]))]  # fmt: skip
        sides = [one for one in sides if "job:" not in one[0] or track.rows[0].team == "red"]
    rows = track.seen_by(who)
    for (left, is_left), (right, is_right) in pairwise(sides):
        every = ",".join(
            ("regression", "new_failure", "still_failing", "fixed", "new_pass", "appeared",
             "disappeared", "unchanged")
        )  # fmt: skip
        answer = await track.ask(who, "/comparisons", left=left, right=right, category=every)
        found = answer["comparison"]
        before = _halves([row for row in rows if is_left(row)])
        after = _halves([row for row in rows if is_right(row)])
        assert {
            case["test"]["name"]: (case["category"], case["left"], case["right"])
            for case in found["cases"]
        } == {
            name: (_category(before.get(name), after.get(name)), before.get(name), after.get(name))
            for name in before.keys() | after.keys()
        }, (who, left, right)
        assert found["left"]["jobs"] == len({row.job_id for row in rows if is_left(row)})
        assert found["right"]["runs"] == sum(row.ran for row in rows if is_right(row))


def _halves(rows: list[Row]) -> dict[str, dict[str, Any]]:
    tests: dict[str, list[Row]] = defaultdict(list)
    for row in rows:
        tests[row.test].append(row)
    return {
        name: {
            "outcome": next(
                (word for word in ("failed", "errored", "passed") if word in
                 {row.outcome for row in own}), "skipped",
            ),
            "runs": sum(row.ran for row in own),
            "failed": sum(row.is_bad for row in own),
        }
        for name, own in tests.items()
    }  # fmt: skip


def _category(left: dict[str, Any] | None, right: dict[str, Any] | None) -> str:
    before, after = (
        "none" if half is None else "bad" if half["failed"] else half["outcome"]
        for half in (left, right)
    )
    table = {
        ("passed", "bad"): "regression", ("none", "bad"): "new_failure",
        ("skipped", "bad"): "new_failure", ("bad", "bad"): "still_failing",
        ("bad", "passed"): "fixed", ("none", "passed"): "new_pass",
        ("skipped", "passed"): "new_pass", ("none", "skipped"): "appeared",
    }  # fmt: skip
    same = before == after
    is_gone = after == "none" or (after == "skipped" and not same)
    return table.get((before, after)) or ("disappeared" if is_gone else "unchanged")
