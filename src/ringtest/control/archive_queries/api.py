"""Routes of archive queries."""

from typing import Any

from litestar import Request, Response, post
from litestar.di import NamedDependency as Injected

from ringtest.control.accounts.model import Caller
from ringtest.control.archive.service import Archivist
from ringtest.control.archive_queries import service
from ringtest.control.archive_queries.model import AskSql
from ringtest.control.db.pool import Database
from ringtest.control.kernel.settings import Settings
from ringtest.control.ports.columnar import Columnar
from ringtest.control.ports.object_store import ObjectStore
from ringtest.control.wire import answers, bodies


@post(
    "/archive/query",
    status_code=200,
    summary="Ask SQL over the results that the caller may see",
    opt={"audited": False},
)
async def query(
    request: Request[Any, Any, Any],
    db: Injected[Database],
    caller: Injected[Caller],
    objects: Injected[ObjectStore],
    columnar: Injected[Columnar],
    settings: Injected[Settings],
) -> Response[bytes]:
    """Body: sql (one SELECT of DuckDB's over the table `results`, a row per case), topic_id,
    team_id, from, to (dates), limit (rows; 1000, at most 10,000), live (true: results that no
    file holds yet are seen too, the latest million cases of them).

    `columns` are names and SQL types, `rows` objects. `_meta.complete` is false when there are
    more rows, and `stopped` says why: rows, bytes; ask with LIMIT and OFFSET then. `files` were
    looked into, and `live` says how many cases beside. What is wrong with the SQL is a 400 with
    its `position` (characters from 0); so is what takes more than 20 s or too much memory."""
    asked = bodies.closed(AskSql, await request.body())
    archivist = Archivist(db, objects, columnar, settings.data / "archive")
    answer = await service.ask(archivist, caller=caller, asked=asked)
    table = answer["table"]
    about = answers.encode(service.meta(**answer)).decode()
    columns = answers.encode(list(table.columns)).decode()
    rows = table.rows.decode()
    return answers.raw(f'{{"columns":{columns},"rows":{rows},"_meta":{about}}}')


routes = [query]
