"""Routes of tests: search, history, flaky tests."""

from typing import Any

from litestar import Request, Response, get
from litestar.di import NamedDependency as Injected
from litestar.params import FromPath

from ringtest.control.accounts.model import Caller
from ringtest.control.db.pool import Database
from ringtest.control.db.questions import asking
from ringtest.control.kernel.errors import BadRequest
from ringtest.control.kernel.ids import parse_id, parse_test_id
from ringtest.control.kernel.windows import read_window
from ringtest.control.tests import model, service
from ringtest.control.wire import answers, requests

Http = Request[Any, Any, Any]


def _topic(params: dict[str, str]) -> str:
    if "topic_id" not in params:
        raise BadRequest("Request malformed", error="topic_id: is a required parameter")
    return params["topic_id"]


@get("/tests", summary="Tests of a topic by part of their name")
async def search_tests(
    request: Http, db: Injected[Database], caller: Injected[Caller]
) -> Response[bytes]:
    """Parameters: topic_id, q (part of suite, class name and name, in any case), from and to
    (dates; else the last 30 days), remoteci_id, team_id, limit (at most 200), offset. By name;
    `last_seen_at` is when a result last listed the test."""
    params = requests.parameters(request)
    window = read_window(params, db.clock.now().date(), extra=("topic_id", "q"))
    topic_id = parse_id(_topic(params), "topic")
    async with asking(db, caller.tenant) as tx:
        items, count = await service.search(
            tx, caller=caller, topic_id=topic_id, window=window, text=params.get("q", "")[:500]
        )
    return answers.many("tests", items, count)


@get("/tests/{test_id:str}/history", summary="What became of a test in a topic, and since when")
async def get_history(
    test_id: FromPath[str], request: Http, db: Injected[Database], caller: Injected[Caller]
) -> Response[bytes]:
    """Parameters: topic_id, from and to (dates; else the last 30 days), remoteci_id, team_id,
    limit (of runs, at most 200), offset.

    `days` count the runs in which the test ran, and `absent` those in which it did not. `runs`
    are the newest. `first_bad` is the job in which it began to fail, in the lab in which it has
    failed longest; null when no lab's newest run fails. `last_good` is that lab's newest job
    before it in which the test passed; `difference` is what changed between their components.
    """
    params = requests.parameters(request)
    number = parse_test_id(test_id)
    async with asking(db, caller.tenant) as tx:
        test = await service.require_test(tx, caller=caller, test_id=number)
        window = read_window(params, db.clock.now().date(), extra=("topic_id",))
        topic_id = parse_id(_topic(params), "topic")
        found = await service.history(
            tx, caller=caller, test=test, test_id=number, topic_id=topic_id, window=window
        )
    return answers.one("history", answers.encode(found).decode())


@get("/topics/{topic_id:str}/flaky_tests", summary="Tests that change without a reason")
async def list_flaky_tests(
    topic_id: FromPath[str], request: Http, db: Injected[Database], caller: Injected[Caller]
) -> Response[bytes]:
    """Parameters: from and to (dates; else the last 30 days), remoteci_id, team_id, limit (at
    most 200), offset. The flakiest first, by `low`; `_meta.method` says what the score is, and
    `_meta.complete` whether all results of these days were looked at."""
    topic = parse_id(topic_id, "topic")
    window = read_window(requests.parameters(request), db.clock.now().date())
    async with asking(db, caller.tenant) as tx:
        found, count, complete = await service.flaky_tests(
            tx, caller=caller, topic_id=topic, window=window
        )
    items = answers.encode(found).decode()
    return answers.many("flaky_tests", items, count, method=model.METHOD, complete=complete)


routes = [search_tests, get_history, list_flaky_tests]
