"""Route of lab caches: where agents of one lab get files from each other."""

from typing import Any

from litestar import Request, Response, post
from litestar.di import NamedDependency as Injected

from ringtest.control.accounts.model import Caller
from ringtest.control.db.pool import Database
from ringtest.control.lab_caches import service
from ringtest.control.lab_caches.model import TellCache
from ringtest.control.wire import answers, bodies


@post("/agent/caches", status_code=200, summary="Where an agent of the lab gives files to others")
async def tell_cache(
    request: Request[Any, Any, Any], db: Injected[Database], caller: Injected[Caller]
) -> Response[bytes]:
    """Answers where the lab's other agents do. An address is known for 90 seconds; nobody but
    agents of the same lab is told."""
    body = bodies.closed(TellCache, await request.body())
    async with db.transaction(caller.tenant) as tx:
        items, count = await service.tell_cache(tx, caller=caller, body=body)
    return answers.many("caches", items, count)


routes = [tell_cache]
