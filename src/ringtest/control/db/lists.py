"""Answers of lists: read, or known to be what the caller has already."""

import hashlib
from collections.abc import Awaitable, Callable
from typing import Any, Protocol
from uuid import UUID

from litestar import Request, Response

from ringtest.control.db.pool import Database, Transaction
from ringtest.control.db.rows import Page
from ringtest.control.kernel.paging import DEFAULT_LIMIT, ListQuery
from ringtest.control.kernel.query_words import is_moving
from ringtest.control.kernel.tenant import Tenant
from ringtest.control.wire import answers, requests

Read = Callable[[Transaction, ListQuery], Awaitable[Page]]
"""A page of a list for a query: a service's verb with all but these two given."""


class Asking(Protocol):
    """Of a caller what decides which rows it sees."""

    @property
    def kind(self) -> str: ...
    @property
    def id(self) -> UUID: ...
    @property
    def tenant(self) -> Tenant: ...
    @property
    def is_super_admin(self) -> bool: ...
    @property
    def is_epm(self) -> bool: ...
    @property
    def is_read_only(self) -> bool: ...


async def answer(
    request: Request[Any, Any, Any],
    db: Database,
    caller: Asking,
    noun: str,
    read: Read,
    *,
    extra: frozenset[str] = frozenset(),
    default: int = DEFAULT_LIMIT,
) -> Response[bytes]:
    """`{"<noun>": [...], "_meta": {...}}` with an ETag, or 304 when it is what If-None-Match
    names. The tag is a digest of the body, so it means the same in every process; while no
    table of the answer changed, 304 costs no statement.

    `extra` are the list's own parameters, `default` the limit of who asks for none.
    """
    wanted = requests.header(request, b"if-none-match")
    key = (
        request.scope["path"], request.scope["query_string"], caller.kind, caller.id,
        caller.tenant, caller.is_super_admin, caller.is_epm, caller.is_read_only,
    )  # fmt: skip
    if wanted is not None:
        known = db.memory.answers.recall(key)
        if known is not None and _names(wanted, known):
            return answers.not_modified(known)
    query = requests.list_query(request, extra=extra, default=default, now=db.clock.now())
    async with db.reading(caller.tenant) as tx:
        page = await read(tx, query)
        footprint = tx.footprint
    body = answers.listed(noun, *page).encode()
    etag = f'W/"{hashlib.blake2b(body, digest_size=12).hexdigest()}"'
    if query.query is None or not is_moving(query.query):
        db.memory.answers.keep(key, etag, reads=footprint.reads, since=footprint.since)
    if wanted is not None and _names(wanted, etag):
        return answers.not_modified(etag)
    response = answers.raw(body, etag=etag)
    response.headers["Cache-Control"] = answers.PRIVATE
    return response


def _names(wanted: str, etag: str) -> bool:
    """Whether If-None-Match names the tag; weak and strong ones count the same.

    >>> _names('W/"a", "b"', 'W/"b"'), _names("b", 'W/"b"'), _names('"c"', 'W/"b"')
    (True, True, False)
    """
    given = [one.strip().removeprefix("W/").strip('"') for one in wanted.split(",")]
    return etag.removeprefix("W/").strip('"') in given or given == ["*"]
