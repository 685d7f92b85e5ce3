"""Routes of analytics: /analytics. Nothing here writes, whatever the method."""

from typing import Any, TypeVar

import msgspec
from litestar import Request, Response, get, post
from litestar.di import NamedDependency as Injected

from ringtest.control.accounts.model import Caller
from ringtest.control.analytics import service
from ringtest.control.analytics.model import (
    AskComparison,
    AskElastic,
    AskJobs,
    AskPipelines,
    AskTerms,
)
from ringtest.control.db.pool import Database
from ringtest.control.kernel.errors import BadRequest
from ringtest.control.kernel.ids import parse_id
from ringtest.control.kernel.paging import refuse_unknown
from ringtest.control.wire import answers, bodies, requests

Http = Request[Any, Any, Any]
T = TypeVar("T", bound=msgspec.Struct)
_QUIET = {"audited": False}
"""A question changes nothing: there is nothing to note."""


def _asked(kind: type[T], request: Http) -> T:
    """Query parameters as the body of a POST would say it."""
    given: dict[str, Any] = requests.parameters(request)
    refuse_unknown(given, [field.encode_name for field in msgspec.structs.fields(kind)])
    try:
        return msgspec.convert(given, kind, strict=False)
    except msgspec.ValidationError as error:
        raise BadRequest("Request malformed", error=str(error)[:300]) from None


def _answer(answer: dict[str, Any]) -> Response[bytes]:
    return answers.raw(answers.encode(answer))


@get("/analytics/jobs", summary="Jobs that fit a query of the second language")
async def get_jobs(
    request: Http, db: Injected[Database], caller: Injected[Caller]
) -> Response[bytes]:
    """Parameters: query, from, to, sort, offset, limit (at most 200), includes, excludes.
    Answers as Elasticsearch does: `hits.hits[]._source`, `hits.total`."""
    ask = _asked(AskJobs, request)
    async with service.asking(db, caller) as tx:
        return _answer(await service.find_jobs(tx, caller=caller, ask=ask))


@post(
    "/analytics/jobs",
    status_code=200,
    summary="Jobs that fit a query of the second language",
    opt=_QUIET,
)
async def post_jobs(
    request: Http, db: Injected[Database], caller: Injected[Caller]
) -> Response[bytes]:
    ask = bodies.closed(AskJobs, await request.body())
    async with service.asking(db, caller) as tx:
        return _answer(await service.find_jobs(tx, caller=caller, ask=ask))


@get("/analytics/jobs/autocomplete", summary="The most frequent values of a field of jobs")
async def get_terms(
    request: Http, db: Injected[Database], caller: Injected[Caller]
) -> Response[bytes]:
    """Parameters: field, size (10), value (part of it)."""
    ask = _asked(AskTerms, request)
    async with service.asking(db, caller) as tx:
        return _answer(await service.find_terms(tx, caller=caller, ask=ask))


@post(
    "/analytics/jobs/autocomplete", status_code=200, summary="The same, asked by a body", opt=_QUIET
)
async def post_terms(
    request: Http, db: Injected[Database], caller: Injected[Caller]
) -> Response[bytes]:
    ask = bodies.closed(AskTerms, await request.body())
    async with service.asking(db, caller) as tx:
        return _answer(await service.find_terms(tx, caller=caller, ask=ask))


@post(
    "/analytics/jobs2",
    status_code=200,
    summary="Jobs that fit a query of Elasticsearch",
    opt=_QUIET,
)
async def post_jobs2(
    request: Http, db: Injected[Database], caller: Injected[Caller]
) -> Response[bytes]:
    """For administrators. Body: query, from, size, sort, _source. Understood of the language:
    bool, term, terms, range, match, match_phrase, match_all, exists, prefix, wildcard, regexp,
    ids, nested; anything else is a 400."""
    ask = bodies.closed(AskElastic, await request.body())
    async with service.asking(db, caller) as tx:
        return _answer(await service.find_elastic(tx, caller=caller, ask=ask))


@get("/analytics/jobs2", summary="All jobs, as POST /analytics/jobs2 without a query")
async def get_jobs2(
    request: Http, db: Injected[Database], caller: Injected[Caller]
) -> Response[bytes]:
    """For administrators. Parameters: from, size."""
    given = requests.parameters(request)
    refuse_unknown(given, ["from", "size"])
    ask = _asked(AskElastic, request)
    async with service.asking(db, caller) as tx:
        return _answer(await service.find_elastic(tx, caller=caller, ask=ask))


@get("/analytics/tasks_duration_cumulated", summary="How long a lab's tasks took, cumulated")
async def get_task_times(
    request: Http, db: Injected[Database], caller: Injected[Caller]
) -> Response[bytes]:
    """Parameters: topic_id, remoteci_id."""
    given = requests.parameters(request)
    refuse_unknown(given, ["topic_id", "remoteci_id"])
    topic_id, remoteci_id = _id(given, "topic"), _id(given, "remoteci")
    async with service.asking(db, caller) as tx:
        answer = await service.task_times(
            tx, caller=caller, topic_id=topic_id, remoteci_id=remoteci_id
        )
    return _answer(answer)


@get("/analytics/tasks_components_coverage", summary="Which components of a topic were tested")
async def get_coverage(
    request: Http, db: Injected[Database], caller: Injected[Caller]
) -> Response[bytes]:
    """Parameters: topic_id, team_id (users name one of theirs), types (may be repeated)."""
    given = requests.parameters(request)
    refuse_unknown(given, ["topic_id", "team_id", "types"])
    topic_id = _id(given, "topic")
    team_id = _id(given, "team") if "team_id" in given else None
    values = [value for name, value in requests.query_pairs(request) if name == "types"]
    types = [part for value in values for part in value.split(",") if part][:100]
    async with service.asking(db, caller) as tx:
        answer = await service.coverage(
            tx, caller=caller, topic_id=topic_id, team_id=team_id, types=types
        )
    return _answer(answer)


@post(
    "/analytics/junit_comparison",
    status_code=200,
    summary="Times of tests in two places",
    opt=_QUIET,
)
async def compare_junit(
    request: Http, db: Injected[Database], caller: Injected[Caller]
) -> Response[bytes]:
    """Body: for each side N (1, 2) topic_N_id, topic_N_start_date, topic_N_end_date,
    remoteci_N_id?, tags_N?, topic_N_baseline_computation? (mean, median, latest); test_name."""
    ask = bodies.closed(AskComparison, await request.body())
    async with service.asking(db, caller) as tx:
        return _answer(await service.compare_junit(tx, caller=caller, ask=ask))


@post(
    "/analytics/pipelines_status",
    status_code=200,
    summary="Pipelines of some days, by day",
    opt=_QUIET,
)
async def pipelines_status(
    request: Http, db: Injected[Database], caller: Injected[Caller]
) -> Response[bytes]:
    """Body: start_date, end_date, teams_ids?, pipelines_names?, components_types?."""
    ask = bodies.closed(AskPipelines, await request.body())
    async with service.asking(db, caller) as tx:
        return _answer(await service.pipelines_status(tx, caller=caller, ask=ask))


def _id(given: dict[str, str], noun: str) -> Any:
    if f"{noun}_id" not in given:
        raise BadRequest("Request malformed", error=f"{noun}_id: is a required parameter")
    return parse_id(given[f"{noun}_id"], noun)


routes = [
    get_jobs,
    post_jobs,
    get_terms,
    post_terms,
    post_jobs2,
    get_jobs2,
    get_task_times,
    get_coverage,
    compare_junit,
    pipelines_status,
]
