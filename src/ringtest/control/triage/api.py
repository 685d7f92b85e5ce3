"""Routes of triage: failure groups, each caller's made of its own rows."""

from dataclasses import replace
from typing import Any

from litestar import Request, Response, get
from litestar.di import NamedDependency as Injected
from litestar.params import FromPath

from ringtest.control.accounts.model import Caller
from ringtest.control.db.pool import Database
from ringtest.control.kernel.ids import parse_id
from ringtest.control.triage import service
from ringtest.control.wire import answers, requests


@get("/failure_groups", summary="Failures that are the same, last seen first")
async def list_failure_groups(
    request: Request[Any, Any, Any], db: Injected[Database], caller: Injected[Caller]
) -> Response[bytes]:
    """`topic_id` narrows to a topic, as does `where=topic_id:…`."""
    query = requests.list_query(request, extra=frozenset({"topic_id"}))
    query = replace(query, where=(*query.where, *query.more.items()))
    async with db.transaction(caller.tenant) as tx:
        groups, count = await service.list_groups(tx, query=query)
    return answers.many("failure_groups", answers.encode(groups).decode(), count)


@get("/failure_groups/{group_id:str}", summary="Whom a failure hits, and since when")
async def get_failure_group(
    group_id: FromPath[str], db: Injected[Database], caller: Injected[Caller]
) -> Response[bytes]:
    async with db.transaction(caller.tenant) as tx:
        group = await service.get_group(
            tx,
            group_id=parse_id(group_id, "failure group"),
            teams=caller.visible_teams,
        )
    return answers.one("failure_group", answers.encode(group).decode())


routes = [list_failure_groups, get_failure_group]
