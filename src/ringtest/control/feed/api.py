"""Routes of the feed: `GET /events` and its live twin `GET /events/stream`."""

import asyncio
from collections.abc import AsyncIterator
from typing import Any

from litestar import Request, Response, get
from litestar.di import NamedDependency as Injected
from litestar.response import Stream

from ringtest.control.accounts.model import Caller
from ringtest.control.db.pool import Database
from ringtest.control.feed import service
from ringtest.control.feed.service import Hub
from ringtest.control.kernel.errors import BadRequest
from ringtest.control.kernel.paging import parse_list_query, refuse_unknown
from ringtest.control.wire import answers, requests, sse


@get("/events", summary="What happened, oldest first; `after` is the last id you know")
async def list_events(
    request: Request[Any, Any, Any], db: Injected[Database], caller: Injected[Caller]
) -> Response[bytes]:
    given = requests.parameters(request)
    refuse_unknown(given, ["after", "limit", "offset", "types"])
    query = parse_list_query(given, extra=frozenset({"after", "types"}))
    types = [word for word in query.more.get("types", "").split(",") if word]
    async with db.transaction(caller.tenant) as tx:
        items, last = await service.list_events(
            tx, after=_event_id("after", query.after or "0"), types=types, limit=query.limit
        )
    return answers.raw(f'{{"events":{items},"_meta":{{"next":{answers.encode(last).decode()}}}}}')


@get("/events/stream", summary="What happens, as server-sent events; Last-Event-ID resumes")
async def stream_events(
    request: Request[Any, Any, Any],
    caller: Injected[Caller],
    hub: Injected[Hub],
    closing: Injected[asyncio.Event],
) -> Stream:
    header = request.headers.get("last-event-id", "")
    last_id = _event_id("Last-Event-ID", header) if header else None

    async def messages() -> AsyncIterator[sse.Message]:
        async for told in hub.stream(caller, last_id=last_id):
            yield sse.Message(told.type, told.json, told.id)

    return sse.stream(messages(), closing=closing)


def _event_id(name: str, text: str) -> int:
    if not (text.isascii() and text.isdigit()) or len(text) > 18:
        raise BadRequest(f"{name} must be the id of an event, not {text[:40]!r}")
    return int(text)


routes = [list_events, stream_events]
