"""Routes of trends: over time, durations, coverage, statistics, series of numbers."""

from typing import Any

from litestar import Request, Response, get
from litestar.di import NamedDependency as Injected
from litestar.params import FromPath

from ringtest.control.accounts.model import Caller
from ringtest.control.db.pool import Database
from ringtest.control.db.questions import asking
from ringtest.control.kernel.errors import BadRequest
from ringtest.control.kernel.ids import parse_id
from ringtest.control.kernel.query import Node
from ringtest.control.kernel.query_words import parse_query
from ringtest.control.kernel.windows import read_window
from ringtest.control.trends import model, service
from ringtest.control.wire import answers, requests

Http = Request[Any, Any, Any]


def _filter(params: dict[str, str]) -> Node | None:
    text = params.get("query", "")
    return parse_query(text) if text.strip() else None


@get("/topics/{topic_id:str}/trend", summary="Results of a topic by day, week or month")
async def get_trend(
    topic_id: FromPath[str], request: Http, db: Injected[Database], caller: Injected[Caller]
) -> Response[bytes]:
    """Parameters: by (day, week, month), from and to (dates; else the last 30 days),
    remoteci_id, team_id. A point for each day, week (its Monday) or month (its first day) that
    had results; `pass_rate` is passed among passed, failed and errored."""
    params = requests.parameters(request)
    topic = parse_id(topic_id, "topic")
    window = read_window(params, db.clock.now().date(), extra=("by",))
    by = model.read_by(params)
    async with asking(db, caller.tenant) as tx:
        items = await service.trend(tx, caller=caller, topic_id=topic, window=window, by=by)
    return answers.raw(f'{{"trend":{items}}}')


@get("/topics/{topic_id:str}/durations", summary="The slowest tests, and those that changed most")
async def get_durations(
    topic_id: FromPath[str], request: Http, db: Injected[Database], caller: Injected[Caller]
) -> Response[bytes]:
    """Parameters: sort (slowest, changed), from and to (dates; else the last 30 days),
    baseline_from and baseline_to (what to compare with; for `changed` else as many days
    before), remoteci_id, team_id, limit (at most 200), offset. `_meta.method` says how."""
    params = requests.parameters(request)
    topic = parse_id(topic_id, "topic")
    extra = ("sort", "baseline_from", "baseline_to")
    window = read_window(params, db.clock.now().date(), extra=extra)
    query = model.read_durations(params, window)
    async with asking(db, caller.tenant) as tx:
        found, meta = await service.durations(tx, caller=caller, topic_id=topic, query=query)
    count = meta.pop("count")
    return answers.many("durations", answers.encode(found).decode(), count, **meta)


@get("/topics/{topic_id:str}/coverage", summary="Which components were tested, and how it went")
async def get_coverage(
    topic_id: FromPath[str], request: Http, db: Injected[Database], caller: Injected[Caller]
) -> Response[bytes]:
    """Parameters: type (of components), from and to (dates; else the last 30 days),
    remoteci_id, team_id, limit (at most 200), offset. All components of the topic, newest first;
    jobs, labs and teams that ran with them in these days, and their results."""
    params = requests.parameters(request)
    topic = parse_id(topic_id, "topic")
    window = read_window(params, db.clock.now().date(), extra=("type",))
    async with asking(db, caller.tenant) as tx:
        items, count = await service.coverage(
            tx, caller=caller, topic_id=topic, window=window, type_=params.get("type", "")[:200]
        )
    return answers.many("coverage", items, count)


@get("/job_statistics", summary="Jobs counted by any two keys")
async def get_statistics(
    request: Http, db: Injected[Database], caller: Injected[Caller]
) -> Response[bytes]:
    """Parameters: rows and columns (topic, team, remoteci, product, pipeline, status, name,
    configuration, tag, set, day, week, month, component_type:<type>), query (a filter of jobs),
    from and to (dates; else the last 30 days), remoteci_id, team_id, limit (of rows, at most
    200). The rows and columns of most jobs, of days the latest; `_meta` says how many there are.
    A job with several tags counts under each."""
    params = requests.parameters(request)
    today = db.clock.now().date()
    window = read_window(params, today, extra=("rows", "columns", "query"))
    rows, columns = model.read_key("rows", params), model.read_key("columns", params)
    node = _filter(params)
    async with asking(db, caller.tenant) as tx:
        text, meta = await service.statistics(
            tx, caller=caller, window=window, node=node, rows=rows, columns=columns
        )
    return answers.raw(f'{{"statistics":{text},"_meta":{answers.encode(meta).decode()}}}')


@get("/keys_values_series", summary="Numbers that jobs have under a key, over time")
async def get_series(
    request: Http, db: Injected[Database], caller: Injected[Caller]
) -> Response[bytes]:
    """Parameters: key, query (a filter of jobs), from and to (dates; else the last 30 days),
    remoteci_id, team_id, limit (200, which is the most), offset. The newest, oldest first."""
    params = requests.parameters(request)
    given = {"limit": "200", **params}
    window = read_window(given, db.clock.now().date(), extra=("key", "query"))
    key = params.get("key", "")
    if not key or "\0" in key or len(key) > 1000:
        raise BadRequest("Request malformed", error="key: is a required parameter")
    node = _filter(params)
    async with asking(db, caller.tenant) as tx:
        items, count = await service.series(tx, caller=caller, window=window, node=node, key=key)
    return answers.many("series", items, count)


routes = [get_trend, get_durations, get_coverage, get_statistics, get_series]
