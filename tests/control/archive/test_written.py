"""What the files hold is the naive table, whatever happened before and happens later."""

import itertools
import os
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from ringtest.control.archive import service
from ringtest.control.archive.model import Scope
from ringtest.control.kernel.errors import Unauthorised
from ringtest.control.tallies.model import kept_since
from tests.control.archive.attic import Attic, rows_of
from tests.control.tallies.yard import SETS, another_topic

_EXAMPLES = 200 if os.environ.get("RINGTEST_SOAK") == "1" else 6
_topics = itertools.count()
_WORDS = st.dictionaries(
    st.sampled_from("abcdef"),
    st.sampled_from(("passed", "passed", "failed", "errored", "skipped", "xfailed")),
    min_size=1,
    max_size=6,
)
_RUN = st.tuples(
    st.just("run"), st.integers(0, 2), _WORDS, st.sampled_from(SETS), st.integers(1, 20_000)
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
    st.tuples(st.just("try_again"), _WHICH, st.tuples(st.integers(0, 9))),
    st.tuples(st.sampled_from(("write", "month"))),
    st.tuples(st.just("retire"), st.integers(1, 2)),
)
BAD = {"a": "failed", "b": "passed", "c": "skipped"}


async def _do(attic: Attic, verb: str, *given: Any) -> None:
    yard = attic.yard
    if verb == "run":
        await yard.run(*given)
    elif verb == "write":
        await attic.write()
    elif verb == "month":
        await attic.next_month()
    elif verb == "retire":
        await attic.write()
        await attic.retire(given[0])
        attic.retired(kept_since(yard.clock.now().date(), given[0]))
    elif yard.runs:
        run = yard.runs[given[0] % len(yard.runs)]
        if run in attic.kept and verb in ("move", "try_again", "restore"):
            return
        await getattr(yard, verb)(run, *given[1:])
        if verb == "purge" and run in attic.kept:
            attic.kept.remove(run)


@given(steps=st.lists(_STEP, min_size=3, max_size=12))
@settings(
    max_examples=_EXAMPLES,
    deadline=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)
async def test_files_and_what_is_in_none_are_a_naive_table_after_any_order_of_changes(
    attic: Attic, steps: list[tuple[Any, ...]]
) -> None:
    yard = await another_topic(attic.yard, f"topic {next(_topics)}")
    place = Attic(yard, attic.archivist)
    for step in steps:
        await _do(place, *step)
    await place.write()
    files = rows_of(await place.paths(topic_id=yard.topic_id))
    live, _ = await place.live(topic_id=yard.topic_id)
    assert sorted([*files, *live]) == sorted([*place.naive(), *place.naive(place.kept)])
    month = yard.clock.now().date().replace(day=1)
    assert {row[3].date() >= month for row in files} <= {False}


async def test_a_month_is_written_once_it_is_over_a_file_for_each_team(attic: Attic) -> None:
    await attic.yard.run(0, BAD, "set one")
    await attic.yard.run(2, BAD)
    assert await attic.write() == 0
    assert (await attic.live())[0] == attic.naive()
    await attic.next_month()
    assert await attic.write() == 2
    assert await attic.rows() == attic.naive()
    assert (await attic.live())[0] == []
    for lab, team in ((0, "red"), (2, "blue")):
        assert await attic.rows(attic.yard.caller(lab)) == attic.naive(team=team)
    found = await attic.yard.sql("SELECT * FROM archived_months ORDER BY rows")
    assert [(row["rows"], row["month"].isoformat()) for row in found] == [(3, "2026-01-01")] * 2
    assert await attic.write() == 0


async def test_a_late_result_has_the_file_written_again_and_the_old_one_goes(
    attic: Attic,
) -> None:
    run = await attic.yard.run(0, BAD)
    await attic.next_month()
    await attic.write()
    (before,) = await attic.paths()
    await attic.yard.archive_job(run)
    assert await attic.write() == 1
    assert await attic.rows() == [] == await attic.yard.sql("SELECT FROM archived_months")
    await attic.yard.restore(run)
    assert await attic.write() == 1
    assert await attic.rows() == attic.naive() != []
    assert before.exists()
    await attic.forgotten()
    assert not before.exists()
    assert await attic.rows() == attic.naive()


async def test_results_of_many_pages_are_all_there(attic: Attic, monkeypatch: Any) -> None:
    monkeypatch.setattr("ringtest.control.archive.store.PAGE_RESULTS", 2)
    for _ in range(5):
        await attic.yard.run(0, BAD, minutes=0)
    await attic.next_month()
    await attic.write()
    assert await attic.rows() == attic.naive()


async def test_of_what_is_in_no_file_the_latest_are_shown_and_it_is_said(
    attic: Attic, monkeypatch: Any
) -> None:
    for _ in range(4):
        await attic.yard.run(0, BAD)
    monkeypatch.setattr("ringtest.control.archive.service.LIVE_CASES", 7)
    rows, live = await attic.live()
    last = attic.yard.runs[2:]
    assert rows == attic.naive(last)
    assert (live.cases, live.is_complete, live.since) == (6, False, last[0].at)


async def test_policies_alone_hide_what_others_have_and_let_nobody_else_write(
    attic: Attic,
) -> None:
    for lab in (0, 2):
        await attic.yard.run(lab, BAD)
    await attic.next_month()
    await attic.write()
    for lab in (0, 2):
        await attic.yard.run(lab, BAD)
    red, db = attic.yard.caller(0), attic.yard.db
    async with db.transaction(red.tenant) as tx:
        found = await service.find_files(tx, scope=Scope(None))
        assert len(found) == 1
    async with service.live(attic.archivist, caller=red, scope=Scope(None)) as (path, live):
        assert path is not None and live.cases == 3
        assert {row[5] for row in rows_of([path])} == {"red"}
    for sql in (
        "INSERT INTO archive_wanted (topic_id, month, team_id)"
        " SELECT topic_id, month, team_id FROM archived_months",
        "INSERT INTO archive_begun VALUES ('2026-02-01', now())",
    ):
        with pytest.raises(Unauthorised):
            async with db.transaction(red.tenant) as tx:
                await tx.execute(sql)
    async with db.transaction(red.tenant) as tx:
        assert await tx.execute("DELETE FROM archived_months") == 0
