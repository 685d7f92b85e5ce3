"""Routes of the archive's files."""

from collections.abc import Mapping
from dataclasses import replace
from datetime import date
from typing import Any

from litestar import Request, Response, get, post
from litestar.di import NamedDependency as Injected
from litestar.params import FromPath

from ringtest.control.accounts.model import Caller
from ringtest.control.archive import service
from ringtest.control.archive.model import EVER
from ringtest.control.db.pool import Database
from ringtest.control.kernel.errors import BadRequest
from ringtest.control.kernel.ids import parse_id
from ringtest.control.kernel.windows import Window, read_day, read_window
from ringtest.control.ports.object_store import ObjectStore
from ringtest.control.wire import answers, downloads, requests

Http = Request[Any, Any, Any]


def _window(params: Mapping[str, str], today: date, *extra: str) -> Window:
    """As other questions have it, but of any number of days: all when none are named."""
    others = {name: text for name, text in params.items() if name not in ("from", "to")}
    first = read_day("from", params["from"]) if "from" in params else EVER[0]
    last = read_day("to", params["to"]) if "to" in params else EVER[1]
    if first > last:
        raise BadRequest(f"from {first} is after to {last}")
    window = read_window(others, today, extra=extra)
    return replace(window, first=first, last=last, is_given=True)


@get("/archive", summary="Files of results of months that are over")
async def list_files(
    request: Http, db: Injected[Database], caller: Injected[Caller]
) -> Response[bytes]:
    """Parameters: topic_id, team_id, from and to (dates; files of their months, else all),
    limit (at most 200), offset. A file for each topic, month and team, the latest month first:
    `rows` cases, `bytes`, `digest` (SHA-256), `version` of its columns, `written_at`."""
    params = requests.parameters(request)
    window = _window(params, db.clock.now().date(), "topic_id")
    topic = parse_id(params["topic_id"], "topic") if "topic_id" in params else None
    async with db.transaction(caller.tenant) as tx:
        scope = await service.require_scope(tx, caller=caller, window=window, topic_id=topic)
        items, count = await service.list_files(tx, scope=scope, window=window)
    return answers.many("archive", items, count)


@get("/archive/{file_id:str}/content", summary="One of these files, as it is")
async def get_content(
    file_id: FromPath[str],
    request: Http,
    db: Injected[Database],
    caller: Injected[Caller],
    objects: Injected[ObjectStore],
) -> Response[Any]:
    """Parquet, whole or by ranges."""
    async with db.transaction(caller.tenant) as tx:
        found = await service.get_file(
            tx, caller=caller, file_id=parse_id(file_id, "archived file")
        )
    key = found.object_key
    about = downloads.Download(
        name=f"{found.id}.{key.rpartition('.')[2]}",
        mime="application/vnd.apache.parquet",
        size=found.size,
        digest=found.digest,
        open=lambda start, end: objects.get(key, start=start, end=end),
    )
    return await downloads.send(request, about)


@post("/archive/write", status_code=202, summary="Write files again")
async def write_again(
    request: Http, db: Injected[Database], caller: Injected[Caller]
) -> Response[bytes]:
    """For administrators. Parameters: from and to (dates; files of their months, else all). The
    server does it by itself when results change; `files` says how many are to be written."""
    params = requests.parameters(request)
    window = _window(params, db.clock.now().date())
    async with db.transaction(caller.tenant) as tx:
        scope = await service.require_scope(tx, caller=caller, window=window, topic_id=None)
        files = await service.write_again(tx, caller=caller, scope=scope)
    return answers.raw(answers.encode({"archive": {"files": files}}), status=202)


routes = [list_files, get_content, write_again]
