"""Routes of views: questions that cross rooms."""

from typing import Any

from litestar import Request, Response, get
from litestar.di import NamedDependency as Injected
from litestar.params import FromPath

from ringtest.control.accounts.model import Caller
from ringtest.control.db.pool import Database
from ringtest.control.kernel.ids import parse_id
from ringtest.control.kernel.paging import refuse_unknown
from ringtest.control.views import service
from ringtest.control.wire import answers, requests


@get("/products/{product_id:str}/health", summary="Does the product work, and for whom?")
async def get_health(
    product_id: FromPath[str],
    request: Request[Any, Any, Any],
    db: Injected[Database],
    caller: Injected[Caller],
) -> Response[bytes]:
    """Component sets (newest first) by labs, and the failures with their verdicts.

    `topic_id` names the topic; without it the topic that ran last is shown.
    """
    params = requests.parameters(request)
    refuse_unknown(params, ["topic_id"])
    topic = params.get("topic_id")
    async with db.transaction(caller.tenant) as tx:
        health = await service.get_health(
            tx,
            product_id=parse_id(product_id, "product"),
            topic_id=parse_id(topic, "topic") if topic else None,
        )
    return answers.one("health", answers.encode(health).decode(), fields=requests.fields(request))


routes = [get_health]
