"""Routes of triage: failure groups, each caller's made of its own rows."""

from dataclasses import replace
from typing import Any

from litestar import Request, Response, get
from litestar.di import NamedDependency as Injected
from litestar.params import FromPath

from ringtest.control.accounts.model import Caller
from ringtest.control.db import lists
from ringtest.control.db.pool import Database, Transaction
from ringtest.control.db.rows import Page
from ringtest.control.kernel.cursors import foreign_cursor, read_cursor, write_cursor
from ringtest.control.kernel.ids import parse_id
from ringtest.control.kernel.paging import ListQuery
from ringtest.control.triage import service
from ringtest.control.wire import answers, requests


@get("/failure_groups", summary="Failures that are the same, last seen first")
async def list_failure_groups(
    request: Request[Any, Any, Any], db: Injected[Database], caller: Injected[Caller]
) -> Response[bytes]:
    """`topic_id` narrows to a topic, as does `where=topic_id:…`; `known_issue` to failures that
    a rule names (`yes`), none does (`no`), or that of an id."""

    async def read(tx: Transaction, query: ListQuery) -> Page:
        more = dict(query.more)
        known = more.pop("known_issue", None)
        query = replace(query, where=(*query.where, *more.items()), offset=_offset(query))
        groups, count = await service.list_groups(tx, query=query, known_issue=known)
        shown = [answers.selected(answers.encode(group).decode(), query.fields) for group in groups]
        full = len(groups) == query.limit
        after = write_cursor(_ORDER, [query.offset + query.limit]) if full else None
        return Page(f"[{','.join(shown)}]", count if query.after is None else None, after)

    return await lists.answer(
        request, db, caller, "failure_groups", read, extra=frozenset({"topic_id", "known_issue"})
    )


_ORDER = "-last_seen_at"


def _offset(query: ListQuery) -> int:
    """Groups move in their order whenever they are seen: their cursors only count."""
    if query.after is None:
        return query.offset
    match read_cursor(_ORDER, query.after):
        case [int(offset)] if 0 <= offset < 2**31:
            return offset
        case _:
            raise foreign_cursor()


@get("/failure_groups/{group_id:str}", summary="Whom a failure hits, and since when")
async def get_failure_group(
    group_id: FromPath[str],
    request: Request[Any, Any, Any],
    db: Injected[Database],
    caller: Injected[Caller],
) -> Response[bytes]:
    async with db.transaction(caller.tenant) as tx:
        group = await service.get_group(
            tx,
            group_id=parse_id(group_id, "failure group"),
            teams=caller.visible_teams,
        )
    return answers.one(
        "failure_group", answers.encode(group).decode(), fields=requests.fields(request)
    )


routes = [list_failure_groups, get_failure_group]
