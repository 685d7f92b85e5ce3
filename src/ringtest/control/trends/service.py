"""Verbs of trends: each answers one question within what the caller may see."""

import asyncio
from collections.abc import Sequence
from typing import Any
from uuid import UUID

from ringtest.control.accounts.model import Caller
from ringtest.control.catalog import service as catalog
from ringtest.control.db.pool import Transaction
from ringtest.control.kernel.query import Node
from ringtest.control.kernel.windows import Window
from ringtest.control.labs import service as labs
from ringtest.control.plans import service as plans
from ringtest.control.trends import model, store
from ringtest.control.trends.model import By, DurationsQuery, Key, Sample
from ringtest.control.trends.store import Scope


async def _scope(tx: Transaction, caller: Caller, window: Window) -> Scope:
    """401 or 404 for a lab or a team that is not for the caller."""
    return Scope(window, await labs.require_window(tx, caller=caller, window=window))


async def trend(tx: Transaction, *, caller: Caller, topic_id: UUID, window: Window, by: By) -> str:
    """Results of a topic over time: JSON array of a point per day, week or month that had any."""
    await catalog.require_topic(tx, caller=caller, topic_id=topic_id)
    return await store.select_trend(tx, await _scope(tx, caller, window), topic_id, by)


async def durations(
    tx: Transaction, *, caller: Caller, topic_id: UUID, query: DurationsQuery
) -> tuple[list[dict[str, Any]], dict[str, Any]]:
    """A page of the topic's slowest or most changed tests, and what there is to know about it."""
    await catalog.require_topic(tx, caller=caller, topic_id=topic_id)
    scope = await _scope(tx, caller, query.window)
    samples, number = await _samples(tx, scope, topic_id)
    meta: dict[str, Any] = {"results": len(samples), "results_there": number}
    later = await asyncio.to_thread(model.times_of, samples)
    earlier, change = None, None
    if query.baseline is not None:
        before, there = await _samples(tx, Scope(query.baseline, scope.teams), topic_id)
        earlier = await asyncio.to_thread(model.times_of, before)
        change = await asyncio.to_thread(model.compare, later, earlier)
        meta["baseline"] = {
            "from": query.baseline.first,
            "to": query.baseline.last,
            "results": len(before),
            "results_there": there,
        }
        meta["significant"] = int(change.significant.sum())
    ordered = model.order(later, change, query.sort)
    page = ordered[query.window.offset : query.window.offset + query.window.limit].tolist()
    names = await plans.names_of(tx, teams=scope.teams, ids=[int(later.tests[at]) for at in page])
    rows = [
        {"test": plans.show(int(later.tests[at]), names), **model.row(later, at, earlier, change)}
        for at in page
    ]
    return rows, {"count": len(ordered), "method": model.METHOD, **meta}


async def _samples(tx: Transaction, scope: Scope, topic_id: UUID) -> tuple[Sequence[Sample], int]:
    """Result files to compute times from, and how many there are."""
    rows, number = await store.select_vectors(tx, scope, topic_id)
    first = {row["digest"]: row["plan_id"] for row in rows}
    lists = await plans.load_plans(tx, first.values())
    return [
        Sample(lists[first[row["digest"]]], row["outcomes"], row["durations"]) for row in rows
    ], number


async def coverage(
    tx: Transaction, *, caller: Caller, topic_id: UUID, window: Window, type_: str
) -> tuple[str, int]:
    """A page of the topic's components, newest first, with what ran with each in the window and
    how that went; and how many components there are."""
    await catalog.require_topic(tx, caller=caller, topic_id=topic_id)
    scope = await _scope(tx, caller, window)
    granted = caller.visible_component_teams
    return await store.select_coverage(tx, scope, granted, topic_id=topic_id, type_=type_)


async def statistics(
    tx: Transaction, *, caller: Caller, window: Window, node: Node | None, rows: Key, columns: Key
) -> tuple[str, dict[str, Any]]:
    """Jobs of a window counted by two keys: JSON object, and how many rows, columns there are."""
    scope = await _scope(tx, caller, window)
    found = await store.select_statistics(tx, scope, node, rows, columns)
    text = f'{{"rows":{found["rows"]},"columns":{found["columns"]},"cells":{found["cells"]}}}'
    return text, {"rows": found["row_count"], "columns": found["column_count"]}


async def series(
    tx: Transaction, *, caller: Caller, window: Window, node: Node | None, key: str
) -> tuple[str, int]:
    """The newest numbers that jobs have under a key, oldest first; and how many there are."""
    return await store.select_series(tx, await _scope(tx, caller, window), node, key)
