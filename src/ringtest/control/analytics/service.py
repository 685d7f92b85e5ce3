"""Verbs of analytics: each answers one question within what the caller may see."""

import asyncio
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from typing import Any
from uuid import UUID

import asyncpg
import msgspec

from ringtest.control.accounts.model import Caller, permit
from ringtest.control.analytics import model, store
from ringtest.control.catalog import service as catalog
from ringtest.control.db.pool import Database, Transaction
from ringtest.control.kernel.errors import BadRequest
from ringtest.control.labs import service as labs
from ringtest.control.reading.model import unpack_durations
from ringtest.control.results.model import ACTIONS

_SLOW = "this question takes too long: narrow it down, by from and to for example"


@asynccontextmanager
async def asking(db: Database, caller: Caller) -> AsyncIterator[Transaction]:
    """A transaction that reads, and is ended when a question takes too long: 400."""
    try:
        async with db.transaction(caller.tenant) as tx:
            await store.hurry(tx)
            yield tx
    except asyncpg.QueryCanceledError as error:
        raise BadRequest(_SLOW, limit_ms=store.PATIENCE_MS) from error


async def find_jobs(tx: Transaction, *, caller: Caller, ask: model.AskJobs) -> dict[str, Any]:
    """Jobs that fit a query of the second language, as Elasticsearch would answer."""
    return await _find(tx, caller, model.read_ask(ask, store.LISTS))


async def find_elastic(tx: Transaction, *, caller: Caller, ask: model.AskElastic) -> dict[str, Any]:
    """The same for a query in Elasticsearch's own language, for administrators."""
    permit(caller.writes_all)
    return await _find(tx, caller, model.read_elastic(ask, store.LISTS))


async def _find(tx: Transaction, caller: Caller, found: model.Found) -> dict[str, Any]:
    items, count, oldest = await store.select_jobs(tx, caller.visible_teams, found)
    documents: list[dict[str, Any]] = msgspec.json.decode(items)
    if any(name == "tests" or name.startswith("tests.") for name in found.includes):
        await _add_tests(tx, documents)
    answer = hits([model.pick(document, found) for document in documents])
    for hit, document in zip(answer["hits"]["hits"], documents, strict=True):
        hit["_id"] = document["id"]
    is_exact = count <= model.COUNTED
    answer["hits"]["total"] = {
        "value": count if is_exact else model.COUNTED,
        "relation": "eq" if is_exact else "gte",
    }
    answer["_meta"] = {"first_sync_date": oldest, "last_sync_date": tx.now}
    return answer


async def _add_tests(tx: Transaction, documents: Sequence[dict[str, Any]]) -> None:
    """The test cases of jobs, by file and suite; asked for with `includes` alone."""
    ids = [UUID(document["id"]) for document in documents]
    rows = await store.select_cases(tx, ids, model.MAX_CASES)
    tests = {test for row in rows for test in row["test_ids"]}
    names = await store.select_names(tx, list({row["team_id"] for row in rows}), list(tests))
    by_job: dict[str, list[dict[str, Any]]] = {}
    for row in rows:
        suites: dict[str, list[dict[str, Any]]] = {}
        seconds = unpack_durations(row["durations"])
        for test, outcome, time in zip(row["test_ids"], row["outcomes"], seconds, strict=True):
            suite, classname, name = names.get(test, ("", "", ""))
            case = {"classname": classname, "name": name, "time": round(time, 6)}
            suites.setdefault(suite, []).append({**case, "action": ACTIONS[outcome]})
        file = {
            "name": row["name"],
            "file_id": row["file_id"],
            "created_at": row["created_at"],
            "testsuites": [{"name": n, "testcases": cases} for n, cases in suites.items()],
        }
        by_job.setdefault(str(row["job_id"]), []).append(file)
    for document in documents:
        document["tests"] = by_job.get(document["id"], [])


def hits(sources: Sequence[Any]) -> dict[str, Any]:
    """The envelope that clients of Elasticsearch read."""
    return {
        "took": 0,
        "timed_out": False,
        "_shards": {"total": 1, "successful": 1, "skipped": 0, "failed": 0},
        "hits": {
            "total": {"value": len(sources), "relation": "eq"},
            "max_score": None,
            "hits": [{"_index": "jobs", "_source": source} for source in sources],
        },
    }


async def find_terms(tx: Transaction, *, caller: Caller, ask: model.AskTerms) -> dict[str, Any]:
    """The most frequent values of a field, for completion while somebody types."""
    if not 1 <= ask.size <= model.MAX_LIMIT:
        raise BadRequest(f"size must be from 1 to {model.MAX_LIMIT}")
    text = await store.select_terms(tx, caller.visible_teams, ask.field, ask.value, ask.size)
    buckets = msgspec.json.decode(text)
    return {**hits([]), "aggregations": {"autocomplete": {"buckets": buckets}}}


async def task_times(
    tx: Transaction, *, caller: Caller, topic_id: UUID, remoteci_id: UUID
) -> dict[str, Any]:
    """How long the tasks of a lab's newest jobs took, cumulated."""
    await catalog.require_topic(tx, caller=caller, topic_id=topic_id)
    await labs.get_machine(tx, caller=caller, kind="remoteci", machine_id=remoteci_id)
    text = await store.select_task_times(tx, caller.visible_teams, topic_id, remoteci_id)
    return hits(msgspec.json.decode(text))


async def coverage(
    tx: Transaction,
    *,
    caller: Caller,
    topic_id: UUID,
    team_id: UUID | None,
    types: Sequence[str],
) -> dict[str, Any]:
    """Which components of a topic were tested, and how that went. A user names its team."""
    await catalog.require_topic(tx, caller=caller, topic_id=topic_id)
    if team_id is None and not caller.reads_all:
        raise BadRequest("team_id is required: one of your teams")
    permit(team_id is None or caller.reads_all or team_id in caller.team_ids)
    text = await store.select_coverage(
        tx,
        caller.visible_teams,
        caller.visible_component_teams,
        topic_id=topic_id,
        team_id=team_id,
        types=types,
    )
    return hits(msgspec.json.decode(text))


async def compare_junit(
    tx: Transaction, *, caller: Caller, ask: model.AskComparison
) -> dict[str, Any]:
    """How much longer tests took in one place than in another."""
    sides: list[list[model.Run]] = []
    teams: set[UUID] = set()
    for side in ("1", "2"):
        topic_id: UUID = getattr(ask, f"topic_{side}_id")
        remoteci_id: UUID | None = getattr(ask, f"remoteci_{side}_id")
        await catalog.require_topic(tx, caller=caller, topic_id=topic_id)
        if remoteci_id is not None:
            await labs.get_machine(tx, caller=caller, kind="remoteci", machine_id=remoteci_id)
        first, last = f"topic_{side}_start_date", f"topic_{side}_end_date"
        rows = await store.select_runs(
            tx,
            caller.visible_teams,
            topic_id=topic_id,
            remoteci_id=remoteci_id,
            since=model.moment(first, getattr(ask, first)),
            until=model.moment(last, getattr(ask, last), end=True),
            tags=getattr(ask, f"tags_{side}"),
            name=ask.test_name,
        )
        teams |= {row["team_id"] for row in rows}
        sides.append([
            model.Run(
                row["job_id"], row["created_at"], row["test_ids"],
                unpack_durations(row["durations"]),
            )
            for row in rows
        ])  # fmt: skip
    answer = await asyncio.to_thread(
        model.compare_times,
        sides[0],
        sides[1],
        ask.topic_1_baseline_computation,
        ask.topic_2_baseline_computation,
    )
    tests = [detail["test"] for detail in answer["details"]]
    names = await store.select_names(tx, list(teams), tests)
    for detail in answer["details"]:
        suite, classname, name = names.get(detail.pop("test"), ("", "", ""))
        detail |= {"id": f"{classname}/{name}", "testsuite": suite}
        detail |= {"classname": classname, "testcase": name}
    return answer


async def pipelines_status(
    tx: Transaction, *, caller: Caller, ask: model.AskPipelines
) -> dict[str, Any]:
    """Pipelines of some days with their jobs, by day."""
    teams = caller.visible_teams
    if ask.teams_ids:
        permit(teams is None or set(ask.teams_ids) <= set(teams))
        teams = ask.teams_ids
    text = await store.select_pipelines(
        tx,
        teams,
        since=model.moment("start_date", ask.start_date),
        until=model.moment("end_date", ask.end_date, end=True),
        names=ask.pipelines_names,
        types=ask.components_types,
    )
    return {"days": msgspec.json.decode(text)}
