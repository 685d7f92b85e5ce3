"""Verbs of moving from a DCI server: everything in one snapshot of it, table after table."""

import asyncio
from collections.abc import AsyncIterator, Mapping, Sequence, Set
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass, field
from datetime import datetime
from typing import Protocol
from uuid import UUID

from ringtest.control.db.bulk import Rows
from ringtest.control.db.pool import Database
from ringtest.control.dci.model import BY_NAME, Table
from ringtest.control.dci.service import Source
from ringtest.control.fetching import service as fetching
from ringtest.control.importing import store
from ringtest.control.importing.model import (
    APPENDED,
    BY_TABLE,
    CONTENTS,
    MACHINES,
    PARTS,
    RESULTS,
    Compared,
    Landing,
    Outcome,
)
from ringtest.control.kernel.errors import Conflict
from ringtest.control.ports.file_source import FileSource
from ringtest.control.ports.object_store import ObjectStore
from ringtest.control.ports.result_parser import ResultParser
from ringtest.control.ports.secret_box import SecretBox

_WHOLE = 10_000_000
_MISSING = 5_000
_NOTES = 1_000


class Watcher(Protocol):
    """Who is told how far it is. Calls come in order, one part after the other."""

    def begin(self, part: str, total: int) -> None:
        """A part begins; it has at most so many rows or files."""
        ...

    def advance(self, number: int) -> None:
        """So many more are done."""
        ...

    def end(self) -> None:
        """The part is done."""
        ...


@dataclass(frozen=True, slots=True)
class Tools:
    """What an import works with: this server's parts, and where DCI's files are.

    Files of jobs of at most `inline` bytes live in their rows; `batch` rows are one
    transaction.
    """

    db: Database
    objects: ObjectStore
    parsers: Mapping[str, ResultParser]
    secrets: SecretBox
    watcher: Watcher
    files: Mapping[str, FileSource] = field(default_factory=dict)
    parts: Set[str] = frozenset(PARTS)
    inline: int = 0
    batch: int = 10_000


async def check_free(rows: Rows) -> None:
    """Conflict when another import runs; until the connection ends there is no other."""
    if not await store.lock(rows):
        raise Conflict("another import into this server is running")


async def look(source: Source, parts: Set[str]) -> list[Compared]:
    """What a run would read: rows by table; nothing is written."""
    tables = [table for table in source.survey.tables if table.name in parts]
    return [Compared(table.name, await source.count(table), 0) for table in tables]


async def bring(source: Source, rows: Rows, tools: Tools) -> Outcome:
    """Bring what is not here yet, in `tools.parts`, and say how the two compare.

    Cut short at any moment, the next run goes on; run again, it brings what changed.
    """
    moving = _Moving(source, rows, tools)
    await moving.bring_tables()
    if "jobs_events" in tools.parts:
        await store.settle_events(rows)
    if CONTENTS in tools.parts:
        await moving.fetch_contents()
    if RESULTS in tools.parts:
        await moving.read_results()
    return await moving.outcome()


class _Rehearsed(Exception):
    """Ends a transaction that is to leave nothing."""


Told = tuple[str, str, str, str]
"""A row that was left out or changed: table, key, what happened, why."""


async def rehearse(source: Source, rows: Rows, tools: Tools) -> tuple[Outcome, list[Told]]:
    """What `bring` would come to, of rows: they are written in a transaction that is undone."""
    moving = _Moving(source, rows, tools)
    lines: list[Told] = []
    result = None
    with suppress(_Rehearsed):
        async with rows.transaction():
            await moving.bring_tables()
            result = await moving.outcome()
            lines = [line async for line in told(source, rows)]
            raise _Rehearsed
    assert result is not None
    return result, lines


async def told(source: Source, rows: Rows) -> AsyncIterator[Told]:
    """Every row that was left out or changed."""
    after = ("", "", "")
    while batch := await store.notes_after(rows, source.name, after, _NOTES):
        last = batch[-1]
        after = (last["name"], last["key"], last["reason"])
        for row in batch:
            what = "skipped" if row["skipped"] else "changed"
            yield row["name"], row["key"], what, row["reason"]
    async for kind, key, why in fetching.failed_contents(rows):
        yield f"{kind}s", key, "no content", why


class _Moving:
    """One run: what it works with, and what it counts."""

    def __init__(self, source: Source, rows: Rows, tools: Tools) -> None:
        self.source = source
        self.rows = rows
        self.tools = tools
        self.compared: list[Compared] = []
        self.changes = 0
        self.own_jobs = 0

    async def bring_tables(self) -> None:
        """Every table that is wanted, each after those that it refers to."""
        await self.look_around()
        for table in self.source.survey.tables:
            if table.name in self.tools.parts:
                await self.bring_table(table)

    async def outcome(self) -> Outcome:
        """What it came to so far."""
        return Outcome(
            compared=self.compared,
            noted=await store.noted(self.rows, self.source.name),
            changes=self.changes,
            missing=self.source.survey.missing(),
            unknown=self.source.survey.unknown(),
            contents_left=await fetching.count_contents(self.rows),
            results_left=await fetching.count_results(self.rows),
        )

    async def look_around(self) -> None:
        """Does this server work by itself since the last import? Then nothing is removed."""
        before = (await store.passes(self.rows, self.source.name)).get("jobs")
        if before is not None and before["since"] is not None:
            await store.make_stages(self.rows, BY_NAME["jobs"])
            await self._copy_keys(BY_NAME["jobs"])
            self.own_jobs = await store.own_jobs(self.rows, before["since"])

    async def bring_table(self, table: Table) -> None:
        """Passes over a table until one began in this very snapshot, then what they missed."""
        landing, name = BY_TABLE[table.name], self.source.name
        total = await self.source.count(table)
        self.tools.watcher.begin(table.name, total)
        await store.make_stages(self.rows, table)
        before = (await store.passes(self.rows, name)).get(table.name)
        if before is None or before["began"] is None:
            await store.forget_skipped(self.rows, name, table.name)
        again = before is not None and before["passes"] > 0
        if not (again and set(table.key) == set(table.columns)):
            await self._pass(table, landing)
            if before is not None and before["began"] is not None:
                await self._pass(table, landing)  # that one was of an older snapshot
        else:
            await store.begin_pass(self.rows, name, table.name, self.source.at)
            await store.end_pass(self.rows, name, table.name)
        if table.name in MACHINES:
            await self._bring_keys(table)
        await self._reconcile(table, landing, before["since"] if before and again else None)
        self.tools.watcher.end()

    async def _pass(self, table: Table, landing: Landing) -> None:
        name = self.source.name
        await store.begin_pass(self.rows, name, table.name, self.source.at)
        state = (await store.passes(self.rows, name))[table.name]
        after, since = state["position"], state["since"]
        limit = _WHOLE if landing.whole else self.tools.batch
        while True:
            async with self.rows.transaction():
                await store.clear(self.rows, table)
                arrived = await self.source.copy_page(
                    self.rows,
                    table,
                    into=store.stage(table),
                    after=after,
                    since=None if table.name in APPENDED else since,
                    limit=limit,
                )
                if arrived:
                    written = await self._land(landing)
                    after = await store.last_key(self.rows, table)
                    await store.note_position(self.rows, name, table.name, after, written)
            self.tools.watcher.advance(arrived)
            if arrived < limit:
                break
        await store.end_pass(self.rows, name, table.name)

    async def _land(self, landing: Landing) -> int:
        """Make the rows that arrived ours; how many were written."""
        moved = await store.give_way(self.rows, landing)
        await store.house(self.rows, landing)
        written = await self.rows.execute(store.merge(landing))
        if moved:
            await self._make_room(landing, moved)
        await store.note_arrived(self.rows, self.source.name, landing)
        if landing.table in ("files", "component_files"):
            await store.after_files(self.rows, landing, list(self.tools.parsers))
        if landing.table == "tests_results":
            await store.sum_results(self.rows)
        self.changes += written
        return written

    async def _make_room(self, landing: Landing, moved: Sequence[tuple[UUID, UUID]]) -> None:
        known = await self.source.known(BY_NAME[landing.table], [one for one, _ in moved])
        ours = [(one, other) for one, other in moved if one not in known]
        if landing.table == "teams":
            for earlier, now in ours:
                await store.take_over_team(self.rows, earlier, now)
        await store.note(
            self.rows,
            self.source.name,
            landing.table,
            [str(one) for one, _ in ours],
            "it was here before with a name of DCI's: it has another one now",
            skipped=False,
        )

    async def _reconcile(self, table: Table, landing: Landing, since: datetime | None) -> None:
        """Exactly what is there is here: rows the passes missed, rows that went meanwhile."""
        name = self.source.name
        if table.name in APPENDED:
            state = (await store.passes(self.rows, name))[table.name]
            total = await self.source.count(table)
            self.compared.append(Compared(table.name, total, state["written"]))
            return
        await self._copy_keys(table)
        while keys := await store.missing(self.rows, name, landing, table, limit=_MISSING):
            async with self.rows.transaction():
                await store.clear(self.rows, table)
                await self.source.copy_rows(self.rows, table, into=store.stage(table), keys=keys)
                await self._land(landing)
            left = await store.missing(self.rows, name, landing, table, limit=_MISSING)
            if keys[0] in left:
                break
        if table.name == "components":
            await self._settle_components()
        if since is not None and not self.own_jobs and landing.parent in landing.values:
            parent = self._parent_of(landing)
            if parent:
                self.changes += await store.remove_gone(self.rows, landing, table, parent, since)
        counts = await store.compare(self.rows, name, landing, table)
        self.compared.append(Compared(table.name, *counts))

    def _parent_of(self, landing: Landing) -> str | None:
        named = {**landing.needs, **landing.homes}
        parent = "jobs" if landing.parent == "job_id" else named.get(landing.parent or "")
        return parent if parent in self.tools.parts else None

    async def _copy_keys(self, table: Table) -> None:
        async with self.rows.transaction():
            await self.rows.execute(f"TRUNCATE {store.keys_of(table.name)}")
            await self.source.copy_keys(self.rows, table, into=store.keys_of(table.name))
        await self.rows.execute(f"ANALYZE {store.keys_of(table.name)}")

    async def _settle_components(self) -> None:
        async with self._ids("import_losers", "import_actives"):
            await self.source.copy_losers(self.rows, into="import_losers")
            await self.source.copy_actives(self.rows, into="import_actives")
            await store.settle_components(self.rows, self.source.name)

    @asynccontextmanager
    async def _ids(self, *tables: str) -> AsyncIterator[None]:
        async with self.rows.transaction():
            for table in tables:
                await self.rows.execute(f"CREATE TEMP TABLE {table} (id uuid) ON COMMIT DROP")
            yield

    async def _bring_keys(self, table: Table) -> None:
        """Seal the keys of machines with this server's own.

        Those that are the same stay, and those that this server made since the machine
        last changed there.
        """
        kind = table.name.removesuffix("s")
        here = await store.machine_keys(self.rows, kind)
        fresh, without = {}, []
        for machine, secret, changed in await self.source.secrets(table):
            if machine not in here:
                continue
            if not secret:
                without.append(str(machine))
            elif not await asyncio.to_thread(self._is_settled, here[machine], secret, changed):
                fresh[machine] = self.tools.secrets.seal(secret)
        async with self.rows.transaction():
            if fresh:
                await store.set_keys(self.rows, kind, fresh, self.source.at)
                self.changes += len(fresh)
            await store.note(
                self.rows,
                self.source.name,
                table.name,
                without,
                "it has no key: nobody can sign as it",
                skipped=False,
            )

    def _is_settled(
        self, key: tuple[bytes, datetime] | None, secret: str, changed: datetime
    ) -> bool:
        if key is None:
            return False
        sealed, made = key
        try:
            return self.tools.secrets.open(sealed) == secret or made > changed
        except ValueError:  # sealed by a server with another key
            return False

    async def fetch_contents(self) -> None:
        """Bytes of files, and files of components that have no row there."""
        if "component_file" in self.tools.files:
            await fetching.find_paths(self.rows, self.tools.files["component_file"])
        watcher = self.tools.watcher
        watcher.begin(CONTENTS, await fetching.count_contents(self.rows))
        self.changes += await fetching.fetch_contents(
            self.rows,
            self.tools.objects,
            self.tools.files,
            inline=self.tools.inline,
            advance=watcher.advance,
        )
        watcher.end()

    async def read_results(self) -> None:
        """Cases of result files."""
        tools = self.tools
        tools.watcher.begin(RESULTS, await fetching.count_results(self.rows))
        self.changes += await fetching.read_results(
            self.rows, tools.db, tools.objects, tools.parsers, advance=tools.watcher.advance
        )
        tools.watcher.end()
