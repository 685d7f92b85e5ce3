"""Verbs of tests: each answers one question of a topic within what the caller may see."""

import asyncio
from collections.abc import Mapping, Sequence
from typing import Any
from uuid import UUID

import msgspec

from ringtest.control.accounts.model import Caller
from ringtest.control.catalog import service as catalog
from ringtest.control.db.pool import Transaction
from ringtest.control.kernel.errors import BadRequest, NotFound
from ringtest.control.kernel.windows import Window
from ringtest.control.labs import service as labs
from ringtest.control.plans import service as plans
from ringtest.control.results.model import STATES, WORDS
from ringtest.control.tests import model, store
from ringtest.control.tests.store import Held, Scope
from ringtest.control.triage.model import Change, Sighting, difference


async def _scope(tx: Transaction, caller: Caller, topic_id: UUID, window: Window) -> Scope:
    """401 or 404 for a topic, a lab or a team that is not for the caller."""
    await catalog.require_topic(tx, caller=caller, topic_id=topic_id)
    teams = await labs.require_window(tx, caller=caller, window=window)
    return Scope(topic_id, window, teams)


async def search(
    tx: Transaction, *, caller: Caller, topic_id: UUID, window: Window, text: str
) -> tuple[str, int]:
    """Tests of a topic in whose full name `text` stands, by name: a page as JSON array, and how
    many there are. `last_seen_at` is when a result last listed the test."""
    scope = await _scope(tx, caller, topic_id, window)
    row = await store.search(tx, scope, text)
    if row["cases"] > store.MAX_CASES:
        raise BadRequest(
            f"there are {row['cases']} cases to look through, more than {store.MAX_CASES}:"
            " narrow it down, by from and to or by remoteci_id",
        )
    return row["items"], row["count"]


# flaky tests -----------------------------------------------------------------------


async def flaky_tests(
    tx: Transaction, *, caller: Caller, topic_id: UUID, window: Window
) -> tuple[list[model.Flake], int, bool]:
    """A page of the flakiest tests of a topic, how many were unsteady at all, and whether all
    results were looked at."""
    scope = await _scope(tx, caller, topic_id, window)
    results = await store.select_unsteady(tx, scope)
    lists = await plans.load_plans(tx, (one.plan_id for one in results))
    found = await asyncio.to_thread(model.gather, results, lists)
    parts = []
    if found.unsteady:
        parts = await plans.load_parts(tx, await store.select_runs(tx, scope))
    runs, ranked = await asyncio.to_thread(model.rank, found.unsteady, parts)
    page = ranked[window.offset : window.offset + window.limit]
    flakes = []
    if page:
        told = await asyncio.to_thread(found.evidence, page)
        failed = await store.select_failed(tx, scope, page)
        names = await plans.names_of(tx, teams=scope.teams, ids=page)
        flakes = [
            told[test].flake(plans.show(test, names), runs=runs[test], failed=failed.get(test, 0))
            for test in page
        ]
    return flakes, len(ranked), len(results) < store.MAX_RESULTS


# one test --------------------------------------------------------------------------


class History(msgspec.Struct, frozen=True, kw_only=True):
    """What became of a test in a topic."""

    test: dict[str, Any]
    topic_id: UUID
    days: list[model.Day]
    runs: list[dict[str, Any]]
    last_good: Sighting | None
    first_bad: Sighting | None
    difference: list[Change]
    flake: model.Flake


async def require_test(tx: Transaction, *, caller: Caller, test_id: int) -> dict[str, Any]:
    """A test that the caller has results of; else 404."""
    names = await plans.names_of(tx, teams=caller.visible_teams, ids=[test_id])
    if test_id not in names:
        raise NotFound("test not found")
    return plans.show(test_id, names)


async def history(
    tx: Transaction,
    *,
    caller: Caller,
    test: dict[str, Any],
    test_id: int,
    topic_id: UUID,
    window: Window,
) -> History:
    """A test of `require_test` in a topic: its days, a page of its runs newest first, since when
    it fails and what changed then, how flaky it is."""
    scope = await _scope(tx, caller, topic_id, window)
    held = await store.select_held(tx, scope, test_id)
    rows = await store.select_days(tx, scope, test_id, held)
    moved = [row["day"] for row in rows if row["changes"]]
    wobbles = await store.select_wobbles(tx, scope, held, moved) if moved else []
    runs = await store.select_page(tx, scope, held) if rows else []
    good, bad = await _turn(tx, scope, test_id, held) if rows else (None, None)
    days = model.by_day(rows, wobbles)
    return History(
        test=test,
        topic_id=topic_id,
        days=days,
        runs=[_run(row) for row in runs],
        last_good=good,
        first_bad=bad,
        difference=difference(good.components, bad.components) if good and bad else [],
        flake=model.weigh(wobbles).flake(
            test,
            runs=sum(day.runs for day in days),
            failed=sum(day.failed + day.errored for day in days),
        ),
    )


def _run(row: Mapping[str, Any]) -> dict[str, Any]:
    return {
        **{name: row[name] for name in ("job_id", "file_id", "position", "at")},
        "remoteci": {"id": row["remoteci_id"], "name": row["remoteci_name"]},
        "team": {"id": row["team_id"], "name": row["team_name"]},
        "set_key": row["set_key"],
        "outcome": WORDS[row["outcome"]],
        "state": STATES[row["state"]],
        "seconds": model.seconds(row["duration"]),
        "retried": row["retried"],
    }


async def _turn(
    tx: Transaction, scope: Scope, test_id: int, held: Held
) -> tuple[Sighting | None, Sighting | None]:
    """The last good and the first bad job. Of a test that fails in no lab: the newest good one,
    and none."""
    latest = await store.select_latest(tx, scope, test_id, held)
    newest = model.failing(latest)
    if newest is not None:
        good, bad = model.turn(await store.select_way_back(tx, scope, test_id, newest))
    else:
        passing = model.passing(latest)
        good, bad = (passing.job_id if passing else None), None
    wanted = [one for one in (good, bad) if one is not None]
    found = await _sightings(tx, scope, wanted) if wanted else {}
    return (found.get(good) if good else None), (found.get(bad) if bad else None)


async def _sightings(tx: Transaction, scope: Scope, jobs: Sequence[UUID]) -> dict[UUID, Sighting]:
    text = await store.select_sightings(tx, jobs, scope.teams)
    return msgspec.json.decode(text, type=dict[UUID, Sighting])
