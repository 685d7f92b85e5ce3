"""Tallies are what the results add up to, whatever was done to them and in which order."""

import asyncio
import itertools
import os
from datetime import date
from typing import Any

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from ringtest.control.tallies import service
from ringtest.control.tallies.model import kept_since
from tests.control.results.shelf import junit
from tests.control.tallies.yard import SETS, Yard, another_topic

_WORDS = st.dictionaries(
    st.sampled_from("abcdefghijk"),
    st.sampled_from(("passed", "passed", "failed", "errored", "skipped", "xfailed")),
    min_size=1,
    max_size=10,
)
_RUN = st.tuples(
    st.just("run"), st.integers(0, 2), _WORDS, st.sampled_from(SETS), st.integers(1, 15_000)
)
_WHICH = st.integers(0, 100)
_STEP = st.one_of(
    _RUN,
    _RUN,
    st.tuples(
        st.sampled_from(
            ("archive_file", "archive_job", "archive_with_many", "restore", "purge", "read_again")
        ),
        _WHICH,
    ),
    st.tuples(st.just("move"), _WHICH, st.sampled_from(SETS)),
    st.tuples(st.just("try_again"), _WHICH, st.tuples(st.integers(0, 9), st.integers(0, 9))),
    st.tuples(st.sampled_from(("count", "months"))),
    st.tuples(st.just("retire"), st.integers(1, 2)),
)
_EXAMPLES = 400 if os.environ.get("RINGTEST_SOAK") else 25
_topics = itertools.count()


async def _do(yard: Yard, verb: str, *given: Any) -> None:
    if verb == "run":
        await yard.run(*given)
    elif verb == "count":
        while await service.count_waiting(yard.db):
            pass
        yard.counted_what_waits()
    elif verb == "months":
        await service.ready_months(yard.db)
    elif verb == "retire":
        while await service.retire(yard.db, keep_months=given[0]):
            pass
        yard.retired(kept_since(yard.clock.now().date(), given[0]))
    elif yard.runs:
        run = yard.runs[given[0] % len(yard.runs)]
        if verb not in ("move", "try_again") or run.stored:
            await getattr(yard, verb)(run, *given[1:])


@given(steps=st.lists(_STEP, min_size=3, max_size=14))
@settings(
    max_examples=_EXAMPLES,
    deadline=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)
async def test_tallies_are_a_naive_table_added_up_after_any_order_of_changes(
    yard: Yard, steps: list[tuple[Any, ...]]
) -> None:
    place = await another_topic(yard, f"topic {next(_topics)}")
    for step in steps:
        await _do(place, *step)
    await place.require_equal()


async def test_what_ran_and_what_did_not(yard: Yard) -> None:
    await yard.run(0, {"a": "passed", "b": "skipped", "c": "xfailed", "d": "failed"}, "set one")
    await yard.run(0, {"a": "passed", "b": "passed", "c": "xfailed", "d": "passed"}, "set one")
    day = date(2026, 1, 1)
    assert await yard.runs_of_tests() == {
        (day, "set one", 0, name): (number,)
        for name, number in {"a": 2, "b": 1, "c": 2, "d": 2}.items()
    }
    assert await yard.by_test("test_days", "d.day") == {(day, "red", "d"): (1, 0, 0, 1, 0)}
    await yard.require_equal()
    (row,) = await yard.sql("SELECT topic_id, set_key, component_id FROM component_sets")
    assert tuple(row) == (yard.topic_id, "set one", yard.components["set one"])


async def test_a_week_ends_with_its_month(yard: Yard) -> None:
    for days in (28, 3, 1, 1):  # Thursday 29 January, Sunday 1 February, Monday 2, Tuesday 3
        await yard.run(0, {"a": "failed"}, minutes=days * 24 * 60)
    weeks = {
        key[0]: counts[0] for key, counts in (await yard.by_test("test_weeks", "d.week")).items()
    }
    assert weeks == {date(2026, 1, 26): 1, date(2026, 2, 1): 1, date(2026, 2, 2): 2}


async def test_a_test_that_stands_twice_in_a_file_counts_twice(yard: Yard) -> None:
    body = junit({"a": "failed", "b": "passed"})
    twice = body.replace(b'name="b"', b'name="a"')
    run = await yard.run(0, {"a": "failed"}, body=twice)
    day = date(2026, 1, 1)
    assert await yard.runs_of_tests() == {(day, "", 0, "a"): (2,)}
    assert await yard.by_test("test_days", "d.day") == {(day, "red", "a"): (1, 0, 0, 0, 0)}
    await yard.purge(run)
    await yard.require_equal()


async def test_writers_of_the_same_tests_wait_and_never_deadlock(yard: Yard) -> None:
    writers = 6
    names = [f"t{n}" for n in range(40)]
    bad = {name: "failed" for name in names}
    first = [await yard.run(lab, bad) for lab in (0, 1, 0, 1)]

    async def write(number: int) -> None:
        order = names if number % 2 else names[::-1]
        for _ in range(3):
            await yard.run(number % 2, {name: "failed" for name in order})

    await asyncio.gather(
        *(write(number) for number in range(writers)),
        *(yard.archive_job(run) for run in first[:2]),
        *(yard.read_again(run) for run in first[2:]),
    )
    found = await yard.by_test("test_days", "d.day")
    assert {counts[0] for counts in found.values()} == {writers * 3 + 2}
    assert len(found) == len(names)


async def test_teams_whose_tests_have_the_same_names_never_mix(yard: Yard) -> None:
    await yard.run(0, {"a": "failed", "b": "passed"}, "set one")
    await yard.run(2, {"a": "passed", "b": "failed"}, "set one")
    assert await yard.by_test("test_days", "d.day") == {
        (date(2026, 1, 1), "red", "a"): (1, 0, 0, 0, 0),
        (date(2026, 1, 1), "blue", "b"): (1, 0, 0, 0, 0),
    }
    for lab, name in ((0, "a"), (2, "b")):
        async with yard.db.transaction(yard.caller(lab).tenant) as tx:
            found = await tx.fetch(
                "SELECT t.name FROM test_days d JOIN tests t"
                " ON t.id = d.test_id AND t.team_id = d.team_id"
            )
        assert [row["name"] for row in found] == [name]


async def test_a_lab_that_changes_hands_is_counted_for_each_of_its_teams(yard: Yard) -> None:
    await yard.run(0, {"a": "failed"}, "set one")
    await yard.run(0, {"a": "failed"}, "set one", team="blue")
    for table in ("topic_days", "shape_days"):
        found = await yard.sql(f"SELECT team_id FROM {table}")
        assert {row["team_id"] for row in found} == set(yard.teams.values())
    assert len(await yard.by_test("test_days", "d.day")) == 2
