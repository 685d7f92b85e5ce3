"""The verb of comparisons."""

import asyncio
import re
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any
from uuid import UUID

import msgspec

from ringtest.control.accounts.model import Caller
from ringtest.control.catalog import service as catalog
from ringtest.control.comparisons import model, store
from ringtest.control.comparisons.model import Half, Side
from ringtest.control.comparisons.store import Scope
from ringtest.control.db.pool import Transaction
from ringtest.control.db.unseen import seen
from ringtest.control.kernel.errors import BadRequest
from ringtest.control.kernel.windows import Window
from ringtest.control.labs import service as labs
from ringtest.control.plans import service as plans
from ringtest.control.plans.model import Part


@dataclass(frozen=True, slots=True)
class Question:
    """What to compare. `text` and `suite` choose tests before the sides are joined,
    `categories` after."""

    left: Side
    right: Side
    topic_id: UUID | None
    window: Window
    text: str = ""
    suite: str = ""
    categories: frozenset[str] = model.SHOWN
    share: float = 0.0


class SideJson(msgspec.Struct, frozen=True):
    """A side as the API shows it. `runs` are those of its tests."""

    kind: str
    label: str
    jobs: int
    runs: int


class Comparison(msgspec.Struct, frozen=True):
    """The answer: tests by category, and a page of them."""

    left: SideJson
    right: SideJson
    counts: dict[str, int]
    cases: list[dict[str, Any]]


@dataclass(frozen=True, slots=True)
class _Found:
    """A side as it is found: who it is, what ran there, what failed."""

    side: Side
    label: str
    jobs: int
    parts: Sequence[Part]
    failed: Mapping[int, tuple[int, int]]

    def shown(self, halves: Mapping[int, Half]) -> SideJson:
        runs = sum(half.runs for half in halves.values())
        return SideJson(self.side.kind, self.label, self.jobs, runs)


async def compare(tx: Transaction, *, caller: Caller, question: Question) -> tuple[Comparison, int]:
    """Two sides compared test by test, and how many cases there are in the categories."""
    if question.topic_id is not None:
        await catalog.require_topic(tx, caller=caller, topic_id=question.topic_id)
    teams = await labs.require_window(tx, caller=caller, window=question.window)
    sides = [
        await _find(tx, caller, question, side, teams, name)
        for name, side in (("left", question.left), ("right", question.right))
    ]
    only: frozenset[int] | None = None
    if question.text or question.suite:
        every = {test for side in sides for part in side.parts for test in part.tests}
        only = await plans.search(
            tx, teams=teams, ids=every, text=question.text, suite=question.suite
        )
    halves, counts, cases = await asyncio.to_thread(_join, sides, question, only)
    window = question.window
    page = cases[window.offset : window.offset + window.limit]
    names = await plans.names_of(tx, teams=teams, ids=[case.test for case in page]) if page else {}
    shown = [
        {
            "test": plans.show(case.test, names),
            "category": case.category,
            "left": case.left,
            "right": case.right,
        }
        for case in page
    ]
    left, right = (side.shown(half) for side, half in zip(sides, halves, strict=True))
    return Comparison(left, right, counts, shown), len(cases)


def _join(
    sides: Sequence[_Found], question: Question, only: frozenset[int] | None
) -> tuple[list[dict[int, Half]], dict[str, int], Sequence[model.Case]]:
    halves = [
        model.stand(side.parts, side.failed, share=question.share, only=only) for side in sides
    ]
    return halves, *model.join(halves[0], halves[1], question.categories)


async def _find(
    tx: Transaction,
    caller: Caller,
    question: Question,
    side: Side,
    teams: list[UUID] | None,
    name: str,
) -> _Found:
    topic_id = question.topic_id
    if side.kind == "job":
        assert side.id is not None
        return await _find_job(tx, caller, question, side, teams, name)
    if side.kind == "component":
        assert side.id is not None
        component = await catalog.require_component(tx, caller=caller, component_id=side.id)
        topic_id, label = topic_id or component.topic_id, component.display_name
    elif side.kind == "lab":
        assert side.id is not None
        text, _ = await labs.get_machine(tx, caller=caller, kind="remoteci", machine_id=side.id)
        label = msgspec.json.decode(text)["name"]
    else:
        label = f"{side.first} – {side.last}"
    if topic_id is None:
        error = f"topic_id: is a required parameter of a comparison of {name}={side.kind}:…"
        raise BadRequest("Request malformed", error=error)
    scope = Scope(side, topic_id, question.window, teams)
    runs, jobs = await store.select_runs(tx, scope)
    failed = await store.select_failed(tx, scope) if runs else {}
    return _Found(side, label, jobs, await plans.load_parts(tx, runs), failed)


_GONE, _FAILED, _ERRORED = re.compile(rb"[sb]"), re.compile(rb"f"), re.compile(rb"e")


async def _find_job(
    tx: Transaction,
    caller: Caller,
    question: Question,
    side: Side,
    teams: list[UUID] | None,
    name: str,
) -> _Found:
    """A job of whatever age and its last attempt alone, from the results themselves."""
    assert side.id is not None
    found = await store.select_job(tx, side.id, caller.visible_teams)
    job = await seen(tx, "job", side.id, found)
    if question.topic_id is not None and question.topic_id != job["topic_id"]:
        raise BadRequest(f"{name}: the job is of another topic", topic_id=str(job["topic_id"]))
    label = f"{job['name'] or 'job'} of {job['created_at']:%Y-%m-%d %H:%M}"
    lab = question.window.remoteci_id
    if (teams is not None and job["team_id"] not in teams) or lab not in (None, job["remoteci_id"]):
        return _Found(side, label, 0, [], {})
    vectors = await store.select_vectors(tx, side.id)
    lists = await plans.load_plans(tx, (row["plan_id"] for row in vectors))
    parts, failed, errored = [], Counter[int](), Counter[int]()
    for row in vectors:
        tests, outcomes = lists[row["plan_id"]], row["outcomes"]
        absent = Counter(found.start() for found in _GONE.finditer(outcomes))
        parts.append(Part(tests, 1, absent))
        failed.update(tests[found.start()] for found in _FAILED.finditer(outcomes))
        errored.update(tests[found.start()] for found in _ERRORED.finditer(outcomes))
    bad = {test: (failed[test], errored[test]) for test in failed.keys() | errored.keys()}
    return _Found(side, label, 1, parts, bad)
