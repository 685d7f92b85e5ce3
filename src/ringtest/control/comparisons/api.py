"""The route of comparisons: /comparisons."""

from typing import Any

from litestar import Request, Response, get
from litestar.di import NamedDependency as Injected

from ringtest.control.accounts.model import Caller
from ringtest.control.comparisons import model, service
from ringtest.control.db.pool import Database
from ringtest.control.db.questions import asking
from ringtest.control.kernel.ids import parse_id
from ringtest.control.kernel.windows import read_window
from ringtest.control.wire import answers, requests

_OWN = ("left", "right", "topic_id", "category", "q", "suite", "share")


@get("/comparisons", summary="What became of each test between two jobs, versions, labs or times")
async def compare(
    request: Request[Any, Any, Any], db: Injected[Database], caller: Injected[Caller]
) -> Response[bytes]:
    """Parameters: left and right (`job:<id>`, `component:<id>`, `lab:<id>` or
    `dates:2026-10-01..2026-10-31`), topic_id (required unless both are jobs or components),
    q (part of a test's full name), suite, category (several, separated by commas; else all but
    unchanged), share (from which share of failed runs on a side has failed; else any), from and
    to (of labs: else the last 30 days; of components: else all), remoteci_id, team_id, limit (at
    most 200), offset.

    `counts` are of all tests that q and suite leave, `cases` of the categories asked for.
    """
    params = requests.parameters(request)
    window = read_window(params, db.clock.now().date(), extra=_OWN)
    share = model.read_share(params.get("share"))
    topic = params.get("topic_id")
    question = service.Question(
        left=model.read_side("left", params.get("left")),
        right=model.read_side("right", params.get("right")),
        topic_id=parse_id(topic, "topic") if topic is not None else None,
        window=window,
        text=params.get("q", "")[:500],
        suite=params.get("suite", "")[:500],
        categories=model.read_categories(params.get("category")),
        share=share,
    )
    async with asking(db, caller.tenant) as tx:
        found, count = await service.compare(tx, caller=caller, question=question)
    method = model.METHOD.format(f"at least {share:.0%}" if share else "any")
    items = answers.encode(found).decode()
    return answers.raw(f'{{"comparison":{items},"_meta":{_meta(count, method)}}}')


def _meta(count: int, method: str) -> str:
    return answers.encode({"count": count, "method": method}).decode()


routes = [compare]
