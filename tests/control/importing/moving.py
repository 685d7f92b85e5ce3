"""An import in the test's process, and what can be asked of both databases."""

from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path
from typing import Any

import asyncpg

from ringtest.control import registry
from ringtest.control.db.bulk import Rows, open_owner, open_snapshot
from ringtest.control.db.pool import Database
from ringtest.control.dci.service import Source, look_at
from ringtest.control.importing import service
from ringtest.control.importing.model import BY_TABLE, PARTS, Compared, Outcome
from ringtest.control.kernel.settings import Settings
from ringtest.control.ports.file_source import FileSource


@dataclass
class Seen:
    """A watcher that keeps what it was told."""

    parts: dict[str, list[int]] = field(default_factory=dict)
    now: str = ""

    def begin(self, part: str, total: int) -> None:
        self.now = part
        self.parts[part] = [total, 0]

    def advance(self, number: int) -> None:
        self.parts[self.now][1] += number

    def end(self) -> None:
        self.now = ""


class Move:
    """From `dci` and `files` into `db`, whose objects and key are in `folder`."""

    def __init__(self, dci: str, files: Path, db: Database, folder: Path) -> None:
        self.dci = dci
        self.db = db
        self.settings = Settings(data=folder / "data", admin_password="first password")
        self.folder = files
        self.seen = Seen()
        self.outcome = Outcome([], [])

    @property
    def sources(self) -> Mapping[str, FileSource]:
        """The folder, for both kinds of file."""
        source = registry.file_source(str(self.folder), self.settings)
        return {"file": source, "component_file": source}

    @asynccontextmanager
    async def opened(self, history: datetime | None = None) -> AsyncIterator[tuple[Source, Rows]]:
        """Both databases."""
        async with open_snapshot(self.dci) as rows, open_owner(self.db.dsn) as target:
            yield await look_at(rows, history=history), target

    async def run(
        self,
        *parts: str,
        history: datetime | None = None,
        sources: Mapping[str, FileSource] | None = None,
    ) -> Outcome:
        """One import of these parts (none: all)."""
        async with self.opened(history) as (source, target):
            await service.check_free(target)
            tools = service.Tools(
                db=self.db,
                objects=registry.object_store(self.settings),
                parsers=registry.result_parsers(self.settings),
                secrets=registry.secret_box(self.settings),
                watcher=self.seen,
                files=self.sources if sources is None else sources,
                parts=frozenset(parts or PARTS),
                inline=1000,
                batch=50,
            )
            return await service.bring(source, target, tools)

    async def rows(self) -> Outcome:
        """One import of every table, and no bytes."""
        return await self.run(*BY_TABLE)

    async def told(self) -> list[tuple[str, str, str, str]]:
        """What was left out or changed."""
        async with self.opened() as (source, target):
            return [line async for line in service.told(source, target)]

    async def there(self, sql: str, *args: Any) -> list[asyncpg.Record]:
        """Ask or change the DCI database."""
        return await _ask(self.dci, sql, *args)

    async def here(self, sql: str, *args: Any) -> list[asyncpg.Record]:
        """Ask or change ours."""
        return await _ask(self.db.dsn, sql, *args)


async def _ask(dsn: str, sql: str, *args: Any) -> list[asyncpg.Record]:
    connection: asyncpg.Connection = await asyncpg.connect(dsn)
    try:
        found: list[asyncpg.Record] = await connection.fetch(sql, *args)
        return found
    finally:
        await connection.close()


def lost(outcome: Outcome) -> list[Compared]:
    """Tables of which rows are missing without a reason."""
    return [one for one in outcome.compared if one.lost]
