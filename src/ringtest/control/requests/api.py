"""Routes of job requests: /job_requests."""

from typing import Any

from litestar import Request, Response, get
from litestar.di import NamedDependency as Injected

from ringtest.control.accounts.model import Caller
from ringtest.control.db import lists
from ringtest.control.db.pool import Database
from ringtest.control.requests import service


@get("/job_requests", summary="Component sets that rules or people want tested")
async def list_requests(
    request: Request[Any, Any, Any], db: Injected[Database], caller: Injected[Caller]
) -> Response[bytes]:
    return await lists.answer(
        request,
        db,
        caller,
        "job_requests",
        lambda tx, query: service.list_requests(tx, caller=caller, query=query),
    )


routes = [list_requests]
