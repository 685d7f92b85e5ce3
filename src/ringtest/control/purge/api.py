"""Routes of purges: GET and POST /<kind>/purge, and /purges."""

from typing import Any

from litestar import Request, Response, get, post
from litestar.di import NamedDependency as Injected

from ringtest.control.accounts.model import Caller
from ringtest.control.db.pool import Database
from ringtest.control.purge import service
from ringtest.control.purge.model import KINDS
from ringtest.control.wire import answers, requests

Http = Request[Any, Any, Any]
_PATHS = [f"/{kind}/purge" for kind in KINDS]


def _kind(request: Http) -> str:
    return request.url.path.rstrip("/").split("/")[-2]


@get(_PATHS, summary="What is archived and would be removed for good")
async def list_archived(
    request: Http, db: Injected[Database], caller: Injected[Caller]
) -> Response[bytes]:
    """For super administrators; list parameters as everywhere."""
    kind, query = _kind(request), requests.list_query(request, now=db.clock.now())
    async with db.transaction(caller.tenant) as tx:
        page = await service.list_archived(tx, caller=caller, kind=kind, query=query)
    return answers.many(kind, *page)


@post(_PATHS, status_code=204, summary="Remove what is archived for good, with its objects")
async def purge(request: Http, db: Injected[Database], caller: Injected[Caller]) -> Response[None]:
    """What stands under an archived row goes with it. What takes longer than 20 seconds goes
    on after the answer; `GET /purges` says how far it is."""
    async with db.transaction(caller.tenant) as tx:
        purge_id = await service.ask(tx, caller=caller, kind=_kind(request))
    await service.work_on(db, tenant=caller.tenant, purge_id=purge_id)
    return answers.nothing()


@get("/purges", summary="Purges, and how far they are")
async def list_purges(
    request: Http, db: Injected[Database], caller: Injected[Caller]
) -> Response[bytes]:
    query = requests.list_query(request, now=db.clock.now())
    async with db.transaction(caller.tenant) as tx:
        page = await service.list_purges(tx, caller=caller, query=query)
    return answers.many("purges", *page)


routes = [list_archived, purge, list_purges]
