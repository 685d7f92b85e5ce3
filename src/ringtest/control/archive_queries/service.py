"""Verbs of archive queries: ask SQL over what the caller may see."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager
from typing import Any

from ringtest.control.accounts.model import Caller
from ringtest.control.archive import service as archive
from ringtest.control.archive.model import Live
from ringtest.control.archive.service import Archivist
from ringtest.control.archive_queries.model import AskSql
from ringtest.control.kernel.errors import TooManyRequests, Unavailable
from ringtest.control.ports.columnar import Ask, FileGone, Table

_AT_ONCE = 2
_WAITING = 8
"""Questions that wait for their turn; who comes after is sent away for a while."""
_TRIES = 3
_RETRY_SECONDS = 5


class Turns:
    """So many questions at a time in a process, and so many that wait."""

    def __init__(self, at_once: int = _AT_ONCE, waiting: int = _WAITING) -> None:
        self._turns = asyncio.Semaphore(at_once)
        self._most = at_once + waiting
        self._there = 0

    @asynccontextmanager
    async def one(self) -> AsyncIterator[None]:
        """Wait for a turn and take it; TooManyRequests when too many wait already."""
        if self._there >= self._most:
            message = "too many questions in SQL wait already; ask again"
            raise TooManyRequests(message, retry_after=_RETRY_SECONDS)
        self._there += 1
        try:
            async with self._turns:
                yield
        finally:
            self._there -= 1


_turns = Turns()


async def ask(archivist: Archivist, *, caller: Caller, asked: AskSql) -> dict[str, Any]:
    """The answer: columns, rows (JSON text), and what it is an answer about.

    Files are listed for the caller first: the process that runs the SQL reaches these alone.
    A file that is replaced between the two is looked for again.
    """
    async with _turns.one():
        for _ in range(_TRIES):
            try:
                return await _ask(archivist, caller, asked)
            except FileGone:
                continue
    raise Unavailable("files of the archive change at the moment; try again")


async def _ask(archivist: Archivist, caller: Caller, asked: AskSql) -> dict[str, Any]:
    window = asked.window()
    async with archivist.db.transaction(caller.tenant) as tx:
        scope = await archive.require_scope(
            tx, caller=caller, window=window, topic_id=asked.topic()
        )
        files = await archive.find_files(tx, scope=scope)
    keys = [file.object_key for file in files]
    async with AsyncExitStack() as stack:
        paths = await archive.nearby(archivist.objects, archivist.folder, keys)
        live: Live | None = None
        if asked.live:
            path, live = await stack.enter_async_context(
                archive.live(archivist, caller=caller, scope=scope)
            )
            paths += [path] if path else []
        since, until = asked.moments()
        question = Ask(asked.sql, paths, window.limit, since, until)
        table = await archivist.columnar.ask(question)
    return {"table": table, "files": len(files), "live": live}


def meta(table: Table, files: int, live: Live | None) -> dict[str, Any]:
    """What is told beside the rows."""
    told: dict[str, Any] = {"count": table.count, "complete": not table.stopped, "files": files}
    if table.stopped:
        told["stopped"] = table.stopped
    if live is not None:
        told["live"] = {"cases": live.cases, "complete": live.is_complete}
        if live.since is not None:
            told["live"]["since"] = live.since
    return told
