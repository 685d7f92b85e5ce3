"""Verbs of fetching. `rows` is the owner's connection (`db.bulk`).

Bytes come before their digests and digests before the note that they wait is gone, so that
whatever is cut short is simply done again.
"""

import asyncio
from collections.abc import AsyncIterator, Callable, Mapping
from datetime import datetime
from uuid import UUID

import asyncpg

from ringtest.control.db.bulk import Rows
from ringtest.control.db.pool import Database
from ringtest.control.fetching import store
from ringtest.control.fetching.model import component_path, id_of_path
from ringtest.control.files import service as files
from ringtest.control.kernel.errors import RingtestError
from ringtest.control.ports.file_source import FileSource
from ringtest.control.ports.object_store import ObjectStore, Stored
from ringtest.control.ports.result_parser import ResultParser
from ringtest.control.results import service as results

Advance = Callable[[int], None]
"""Told how many more are done."""

_Brought = tuple[Stored, bytes | None]
_AT_ONCE = 8
_BATCH = 128
_PATHS = 1000
_NO_LIMIT = 1 << 62
_FIRST = UUID(int=0)


async def find_paths(rows: Rows, source: FileSource) -> int:
    """Give files that lie beside components without a row a row; how many there are."""
    found: list[tuple[UUID, UUID, str, str, int]] = []
    added = 0
    async for listed in source.list():
        place = component_path(listed.key)
        if place is not None:
            found.append((id_of_path(*place), *place, listed.key, listed.size))
        if len(found) == _PATHS:
            added += await store.add_paths(rows, found)
            found.clear()
    return added + (await store.add_paths(rows, found) if found else 0)


async def count_contents(rows: Rows) -> int:
    """Files whose bytes are still to come."""
    return await store.count_contents(rows)


async def fetch_contents(
    rows: Rows,
    objects: ObjectStore,
    sources: Mapping[str, FileSource],
    *,
    inline: int,
    advance: Advance,
) -> int:
    """Copy waiting bytes: `sources` by kind (`file`, `component_file`). How many came.

    Files of jobs of at most `inline` bytes live in their rows.
    """
    after, done = ("", _FIRST), 0
    gate = asyncio.Semaphore(_AT_ONCE)

    async def bring(row: asyncpg.Record) -> _Brought | str:
        kind, source = row["kind"], sources.get(row["kind"])
        if source is None:
            return "nobody said where these files are"
        limits = files.Limits(_NO_LIMIT, inline if kind == "file" else 0)
        async with gate:
            try:
                small, chunks = await files.read_small(source.get(row["source_key"]), limits)
                if small is not None:
                    return files.digests_of(small), small
                return await objects.put(row["target_key"], chunks, limit=_NO_LIMIT), None
            except RingtestError as error:
                return error.message

    while batch := await store.next_contents(rows, after, _BATCH):
        after = (batch[-1]["kind"], batch[-1]["id"])
        brought = await asyncio.gather(*map(bring, batch))
        done += await _remember(rows, list(zip(batch, brought, strict=True)))
        advance(len(batch))
    return done


async def _remember(rows: Rows, batch: list[tuple[asyncpg.Record, _Brought | str]]) -> int:
    came = 0
    async with rows.transaction():
        for kind in {row["kind"] for row, _ in batch}:
            mine = [(row["id"], what) for row, what in batch if row["kind"] == kind]
            failed = [(one, what) for one, what in mine if isinstance(what, str)]
            here = [(one, *what) for one, what in mine if not isinstance(what, str)]
            if here:
                await store.set_contents(rows, kind, here)
            if failed:
                await store.fail_contents(rows, kind, failed)
            came += len(here)
    return came


async def failed_contents(rows: Rows) -> AsyncIterator[tuple[str, str, str]]:
    """Bytes that could not be brought: kind, id, and their key with what was wrong."""
    after = ("", _FIRST)
    while batch := await store.failed_contents(rows, after, _BATCH):
        after = (batch[-1]["kind"], batch[-1]["id"])
        for row in batch:
            yield row["kind"], str(row["id"]), f"{row['source_key']}: {row['error']}"


async def count_results(rows: Rows) -> int:
    """Result files that are still to be read."""
    return await store.count_results(rows)


async def read_results(
    rows: Rows,
    db: Database,
    objects: ObjectStore,
    parsers: Mapping[str, ResultParser],
    *,
    advance: Advance,
) -> int:
    """Read waiting result files, oldest job first; how many could be read."""
    after, done = (datetime.min, _FIRST), 0
    while batch := await store.next_results(rows, after, _BATCH):
        after = (batch[-1]["created_at"], batch[-1]["file_id"])
        for row in batch:
            done += await results.read_again(db, objects, parsers, file_id=row["file_id"])
            await store.results_read(rows, row["file_id"])
            advance(1)
    return done
