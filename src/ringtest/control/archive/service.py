"""Verbs of the archive: results of a month into files, and which files there are for whom."""

import asyncio
import logging
import os
from array import array
from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path
from typing import Any
from uuid import UUID

import asyncpg

from ringtest.control.accounts.model import Caller, permit
from ringtest.control.archive import store
from ringtest.control.archive.model import (
    LIVE_CASES,
    MESSAGE,
    VERSION,
    Claim,
    File,
    Live,
    Scope,
    key_of,
)
from ringtest.control.catalog import service as catalog
from ringtest.control.db.pool import Database, Transaction
from ringtest.control.evidence import service as evidence
from ringtest.control.kernel.errors import NotFound, Unavailable
from ringtest.control.kernel.ids import new_id
from ringtest.control.kernel.tenant import SYSTEM
from ringtest.control.kernel.windows import Window
from ringtest.control.labs import service as labs
from ringtest.control.objects.service import forget_objects
from ringtest.control.plans import service as plans
from ringtest.control.ports.columnar import Columnar, FileGone, Run, Sheet, Written
from ringtest.control.ports.object_store import ObjectStore, path_of
from ringtest.control.reading.model import bad_positions
from ringtest.control.results.model import STATES, WORDS

log = logging.getLogger(__name__)

_NAMES = 20_000
"""Tests whose names are looked up at a time."""
_SAID = 500
"""Failing cases whose texts are read at a time."""
_CHUNK = 1024 * 1024
_LARGEST = 1 << 40
"""Bytes of a file: more than anybody has."""
_COPIES = 8 << 30
"""Bytes of files from a store elsewhere that lie here for the next question."""
_DRAFT = ".part"
_STALE = 3600.0
"""Seconds after which a half copied file is nobody's."""


# when ----------------------------------------------------------------------------


async def begin_months(db: Database) -> int:
    """Months that are over begin to be written to files; how many. One in which somebody
    writes for long is left for the next time."""
    async with db.transaction(SYSTEM) as tx:
        months = await store.select_past_months(tx, tx.now.date().replace(day=1))
        wanted = await store.want_old_versions(tx)
    begun = 0
    for month in months:
        try:
            async with db.transaction(SYSTEM) as tx:
                await store.begin_month(tx, month)
                begun += 1
        except Unavailable:
            log.info("archive.month_waits %s", month)
    return begun + wanted


async def write_again(tx: Transaction, *, caller: Caller, scope: Scope) -> int:
    """Files of months that are over are to be written again, by the loop; how many."""
    permit(caller.writes_all)
    first, last = scope.months
    return sum(
        [await store.want_month(tx, month) for month in await store.select_begun(tx, first, last)]
    )


# writing -------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Archivist:
    """What writing and reading files needs; `folder` is for copies of objects elsewhere."""

    db: Database
    objects: ObjectStore
    columnar: Columnar
    folder: Path


async def write_next(archivist: Archivist) -> int:
    """Write the file that waits longest; 0 when none waits.

    The object comes first and its row afterwards: what a crash leaves between the two is an
    object without a row, which the search for those finds, and a file that is wanted still.
    """
    db, columnar = archivist.db, archivist.columnar
    async with db.transaction(SYSTEM) as tx:
        claim = await store.claim(tx)
    if claim is None:
        return 0
    async with db.transaction(SYSTEM) as tx:
        wanted = await store.select_wanted(tx, claim.group)
    async with _opened(columnar) as sheet:
        held = await _fill(db, sheet, claim)
        if held is None:
            return 1
        written = await _finish(archivist, sheet, held)
        if written.rows:
            key = key_of(held.group, new_id(), columnar.suffix)
            stored = await archivist.objects.put(key, _bytes_of(written.path), limit=_LARGEST)
            values: dict[str, Any] = {
                "object_key": key, "rows": written.rows, "bytes": stored.size,
                "digest": stored.sha256, "version": VERSION,
            }  # fmt: skip
        else:
            key, values = "", {}
    await _settle(db, held, wanted, key, values)
    return 1


async def _settle(
    db: Database, claim: Claim, wanted: Sequence[int], key: str, values: Mapping[str, Any]
) -> None:
    """The row says what is there; whichever object it does not name goes."""
    async with db.transaction(SYSTEM) as tx:
        more = {**values, "written_at": tx.now} if values else {}
        done = await store.finish(tx, claim, wanted, **more)
        left = claim.object_key if done else key
        await forget_objects(tx, keys=[left] if left else [])


async def _fill(db: Database, sheet: Sheet, claim: Claim) -> Claim | None:
    """All results that there are, page by page; the claim as it is held then, None: lost."""
    after = None
    named: set[UUID] = set()
    while True:
        async with db.transaction(SYSTEM) as tx:
            until = await store.hold(tx, claim)
            if until is None:
                return None
            claim = replace(claim, until=until)
            rows = await store.select_runs(tx, claim.group, after)
            runs = await _runs(tx, sheet, rows, named)
        if not rows:
            return claim
        after = (rows[-1]["created_at"], rows[-1]["id"])
        await _add(sheet, runs)


async def _add(sheet: Sheet, runs: Sequence[Run]) -> None:
    for run in runs:
        await asyncio.to_thread(sheet.add_run, run)


async def _runs(
    tx: Transaction, sheet: Sheet, rows: Sequence[asyncpg.Record], named: set[UUID]
) -> list[Run]:
    """Rows as runs, with what their failing cases said. Tests of plans that are not `named` get
    their names in the sheet."""
    lists = await plans.load_plans(tx, [row["plan_id"] for row in rows])
    for row in rows:
        if row["plan_id"] not in named:
            named.add(row["plan_id"])
            await _name(tx, sheet, row["team_id"], lists[row["plan_id"]])
    return [_run(row, lists[row["plan_id"]], await _said(tx, row)) for row in rows]


async def _name(tx: Transaction, sheet: Sheet, team_id: UUID, ids: "array[int]") -> None:
    for start in range(0, len(ids), _NAMES):
        names = await plans.names_of(tx, teams=[team_id], ids=ids[start : start + _NAMES])
        await asyncio.to_thread(sheet.add_tests, names)


async def _said(tx: Transaction, row: asyncpg.Record) -> dict[int, tuple[str | None, str | None]]:
    bad = bad_positions(row["outcomes"])
    said: dict[int, tuple[str | None, str | None]] = {}
    for start in range(0, len(bad), _SAID):
        cases = [(row["id"], row["created_at"], at) for at in bad[start : start + _SAID]]
        for (_, at), texts in (await evidence.of_cases(tx, cases=cases)).items():
            said[at] = (_short(texts.type), _short(texts.message))
    return said


def _short(text: str | None) -> str | None:
    return text if text is None or len(text) <= MESSAGE else f"{text[: MESSAGE - 1]}…"


def _run(
    row: asyncpg.Record,
    test_ids: "array[int]",
    said: Mapping[int, tuple[str | None, str | None]],
) -> Run:
    about: dict[str, Any] = {
        name: str(value) if isinstance(value, UUID) else value
        for name, value in row.items()
        if name not in ("id", "plan_id")
    }
    return Run(**about, test_ids=test_ids, said=said)


async def _finish(archivist: Archivist, sheet: Sheet, claim: Claim) -> Written:
    """The file: of a month that is kept no longer, with what its file held before, unless that
    went for good or is there again."""
    db, objects, columnar = archivist.db, archivist.objects, archivist.columnar
    if not claim.is_retired or claim.object_key is None:
        return await asyncio.to_thread(sheet.finish)
    (before,) = await nearby(objects, archivist.folder, [claim.object_key])
    ids = await asyncio.to_thread(lambda: list(columnar.file_ids(before)))
    async with db.transaction(SYSTEM) as tx:
        there = await store.select_there(tx, ids)
        again = await store.select_again(tx, claim.group)
    without = [one for one in ids if one not in there or one in again]
    return await asyncio.to_thread(partial(sheet.finish, before=before, without=without))


@asynccontextmanager
async def _opened(columnar: Columnar) -> AsyncIterator[Sheet]:
    """A sheet, opened and left in threads."""
    made = columnar.sheet(WORDS, STATES)
    sheet = await asyncio.to_thread(made.__enter__)
    try:
        yield sheet
    finally:
        await asyncio.to_thread(made.__exit__, None, None, None)


async def _bytes_of(path: Path) -> AsyncIterator[bytes]:
    file = await asyncio.to_thread(path.open, "rb")
    try:
        while chunk := await asyncio.to_thread(file.read, _CHUNK):
            yield chunk
    finally:
        file.close()


# reading -------------------------------------------------------------------------


async def require_scope(
    tx: Transaction, *, caller: Caller, window: Window, topic_id: UUID | None
) -> Scope:
    """What of the archive a question is about; 401 or 404 for a topic or a team that is not
    for the caller."""
    if topic_id is not None:
        await catalog.require_topic(tx, caller=caller, topic_id=topic_id)
    teams = await labs.require_window(tx, caller=caller, window=window)
    return Scope(teams, topic_id, window.first, window.last)


async def list_files(tx: Transaction, *, scope: Scope, window: Window) -> tuple[str, int]:
    """A page of the files as JSON array, and how many there are."""
    return await store.select_list(tx, scope, limit=window.limit, offset=window.offset)


async def find_files(tx: Transaction, *, scope: Scope) -> list[File]:
    """Every file."""
    return await store.select_files(tx, scope)


async def get_file(tx: Transaction, *, caller: Caller, file_id: UUID) -> File:
    """One file; NotFound when there is none for the caller."""
    for file in await store.select_files(tx, Scope(caller.visible_teams), file_id):
        return file
    raise NotFound("archived file not found")


@asynccontextmanager
async def live(
    archivist: Archivist, *, caller: Caller, scope: Scope
) -> AsyncIterator[tuple[Path | None, Live]]:
    """A file, for as long as it is open, of results that no file holds: the latest cases, as
    many as a question may see. None when there are none."""
    async with _opened(archivist.columnar) as sheet:
        found = Live()
        named: set[UUID] = set()
        before = None
        while found.is_complete:
            async with archivist.db.transaction(caller.tenant) as tx:
                rows = await store.select_live(tx, scope, before)
                some = _within(rows, found.cases)
                runs = await _runs(tx, sheet, some, named)
            if not rows:
                break
            before = (rows[-1]["created_at"], rows[-1]["id"])
            await _add(sheet, runs)
            found = Live(found.cases + sum(len(run.outcomes) for run in runs))
            if len(some) < len(rows):
                found = replace(found, is_complete=False, since=_since(some, before))
        if not found.cases:
            yield None, found
            return
        written = await asyncio.to_thread(sheet.finish)
        yield written.path, found


def _since(some: Sequence[asyncpg.Record], before: tuple[Any, UUID]) -> Any:
    return some[-1]["created_at"] if some else before[0]


def _within(rows: Sequence[asyncpg.Record], cases: int) -> list[asyncpg.Record]:
    """The first rows for which there is room; one that alone is too much for it has none."""
    some: list[asyncpg.Record] = []
    for row in rows:
        cases += len(row["outcomes"])
        if cases > LIVE_CASES:
            break
        some.append(row)
    return some


async def nearby(objects: ObjectStore, folder: Path, keys: Sequence[str]) -> list[Path]:
    """Files of this machine with what these objects hold: they themselves, or copies in
    `folder`. FileGone when one is not there any more."""
    paths: list[Path] = []
    for key in keys:
        path = path_of(objects, key)
        if path is None:
            path = folder / key.rpartition("/")[2]
            if not await asyncio.to_thread(_is_there, path):
                await _copy(objects, key, path)
        paths.append(path)
    await asyncio.to_thread(_make_room, folder, frozenset(paths))
    return paths


def _is_there(path: Path) -> bool:
    """Whether there is a copy; it counts as used then."""
    try:
        os.utime(path)
    except FileNotFoundError:
        return False
    return True


async def _copy(objects: ObjectStore, key: str, path: Path) -> None:
    """Whole or not at all."""
    draft = path.with_name(f"{new_id()}{_DRAFT}")
    await asyncio.to_thread(lambda: path.parent.mkdir(parents=True, exist_ok=True))
    try:
        file = await asyncio.to_thread(draft.open, "xb")
        try:
            async for chunk in objects.get(key):
                await asyncio.to_thread(file.write, chunk)
        finally:
            file.close()
        await asyncio.to_thread(draft.replace, path)
    except NotFound as error:
        raise FileGone from error
    finally:
        await asyncio.to_thread(draft.unlink, missing_ok=True)


def _make_room(folder: Path, used: frozenset[Path]) -> None:
    """Copies that were not used for longest go when they are too many, and with them what a
    killed process left half copied."""
    if not folder.is_dir():
        return
    there = [(path.stat().st_mtime, path.stat().st_size, path) for path in folder.iterdir()]
    left = sum(size for _, size, _ in there)
    newest = max((at for at, _, _ in there), default=0.0)
    for at, size, path in sorted(there):
        is_left_over = path.name.endswith(_DRAFT) and at < newest - _STALE
        if path not in used and (left > _COPIES or is_left_over):
            path.unlink(missing_ok=True)
            left -= size
