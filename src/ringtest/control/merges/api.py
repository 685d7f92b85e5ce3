"""Routes of merges: groups that look alike, and making two of them one."""

from typing import Any

from litestar import Request, Response, delete, get, post
from litestar.di import NamedDependency as Injected
from litestar.params import FromPath

from ringtest.control.accounts.model import Caller
from ringtest.control.db.pool import Database
from ringtest.control.kernel.errors import BadRequest
from ringtest.control.kernel.ids import parse_id
from ringtest.control.kernel.paging import refuse_unknown
from ringtest.control.merges import service
from ringtest.control.merges.model import MergeGroup
from ringtest.control.wire import answers, bodies, requests

Http = Request[Any, Any, Any]
_WORDS = "failure group"
_MOST = 100


@get("/failure_groups/{group_id:str}/similar", summary="Groups of the topic that look like it")
async def list_similar(
    group_id: FromPath[str], request: Http, db: Injected[Database], caller: Injected[Caller]
) -> Response[bytes]:
    """The most alike first, with a `score` from 0.7 to 1; `limit` of them (20, at most 100).
    `_meta.compared` says with how many groups it was compared."""
    given = requests.parameters(request)
    refuse_unknown(given, ["limit"])
    text = given.get("limit", "20")
    if not (text.isascii() and text.isdigit() and 1 <= int(text[:9]) <= _MOST):
        raise BadRequest(f"limit must be a whole number from 1 to {_MOST}")
    async with db.transaction(caller.tenant) as tx:
        shown, compared = await service.list_similar(
            tx, caller=caller, group_id=parse_id(group_id, _WORDS), limit=int(text[:9])
        )
    return answers.many("similar", answers.encode(shown).decode(), len(shown), compared=compared)


@post("/failure_groups/{group_id:str}/merge", status_code=200, summary="Make two groups one")
async def merge(
    group_id: FromPath[str], request: Http, db: Injected[Database], caller: Injected[Caller]
) -> Response[bytes]:
    """Body: `into`, the id of the group that stays. Failures of both are counted, listed and
    told as its own, those to come too; the other id goes on as a name of it."""
    body = bodies.closed(MergeGroup, await request.body())
    async with db.transaction(caller.tenant) as tx:
        group = await service.merge(
            tx, caller=caller, group_id=parse_id(group_id, _WORDS), into=body.into
        )
    return answers.one("failure_group", answers.encode(group).decode())


@delete("/failure_groups/{group_id:str}/merge", status_code=204, summary="Take a group out again")
async def unmerge(
    group_id: FromPath[str], db: Injected[Database], caller: Injected[Caller]
) -> Response[None]:
    """The group that was merged into another is one of its own again."""
    async with db.transaction(caller.tenant) as tx:
        await service.unmerge(tx, caller=caller, group_id=parse_id(group_id, _WORDS))
    return answers.nothing()


routes = [list_similar, merge, unmerge]
