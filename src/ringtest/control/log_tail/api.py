"""The route that follows a log."""

import asyncio
from collections.abc import AsyncIterator
from typing import Any

from litestar import Request, get
from litestar.di import NamedDependency as Injected
from litestar.params import FromPath
from litestar.response import Stream

from ringtest.control.accounts.model import Caller
from ringtest.control.db.notify import Notifications
from ringtest.control.db.pool import Database
from ringtest.control.kernel.errors import RingtestError
from ringtest.control.kernel.ids import parse_id
from ringtest.control.log_tail import service
from ringtest.control.log_tail.model import Chunk
from ringtest.control.logs import service as logs
from ringtest.control.ports.object_store import ObjectStore
from ringtest.control.wire import sse
from ringtest.control.wire.asked import Asked

Http = Request[Any, Any, Any]


@get("/jobs/{job_id:str}/log/stream", summary="A job's log as it is printed")
async def follow_log(
    job_id: FromPath[str],
    request: Http,
    db: Injected[Database],
    caller: Injected[Caller],
    objects: Injected[ObjectStore],
    notifications: Injected[Notifications],
    closing: Injected[asyncio.Event],
) -> Stream:
    """Server-sent events `lines` `{"from_line","lines"}`, then `end` when the attempt is over.
    A reader that was cut off goes on from its `from_line` + the lines it has. Lines wait for a
    slow reader on the server's disk, not in its memory."""
    asked = Asked(request, {"from_line", "attempt"})
    the_id = parse_id(job_id, "job")
    attempt = asked.attempt()
    from_line = asked.number("from_line", 0, least=0, most=2**62)
    await logs.open_log(db, caller=caller, job_id=the_id, attempt=attempt)
    chunks = service.follow(
        db,
        objects,
        notifications,
        caller=caller,
        job_id=the_id,
        attempt=attempt,
        from_line=from_line,
    )
    return sse.stream(_messages(chunks), closing=closing)


async def _messages(chunks: AsyncIterator[Chunk]) -> AsyncIterator[sse.Message]:
    try:
        async for chunk in chunks:
            yield sse.Message("lines", chunk.json)
    except RingtestError:
        return  # the reader comes back, when the database does and if it still may
    yield sse.Message("end", "{}")


routes = [follow_log]
