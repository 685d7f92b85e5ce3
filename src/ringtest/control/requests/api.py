"""Routes of job requests: /job_requests."""

from typing import Any

from litestar import Request, Response, get
from litestar.di import NamedDependency as Injected

from ringtest.control.accounts.model import Caller
from ringtest.control.db.pool import Database
from ringtest.control.requests import service
from ringtest.control.wire import answers, requests


@get("/job_requests", summary="Component sets that rules or people want tested")
async def list_requests(
    request: Request[Any, Any, Any], db: Injected[Database], caller: Injected[Caller]
) -> Response[bytes]:
    query = requests.list_query(request)
    async with db.transaction(caller.tenant) as tx:
        items, count = await service.list_requests(tx, caller=caller, query=query)
    return answers.many("job_requests", items, count)


routes = [list_requests]
