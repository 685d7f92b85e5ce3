"""A yard with an archive, and what its files must hold: the naive table, row by row."""

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, timedelta
from pathlib import Path
from typing import Any
from uuid import UUID

import duckdb

from ringtest.control.accounts.model import Caller
from ringtest.control.archive import service
from ringtest.control.archive.model import Live, Scope
from ringtest.control.archive.service import Archivist
from ringtest.control.connectors.duckdb_columnar import DuckColumnar
from ringtest.control.kernel.ids import test_id_text
from ringtest.control.objects import service as objects_service
from ringtest.control.ports.object_store import ObjectStore
from ringtest.control.results.model import id_of_test
from ringtest.control.tallies import service as tallies
from tests.control.tallies.yard import LABS, Run, Yard

SAID: Mapping[str, Callable[[str], tuple[str | None, str]]] = {
    "failed": lambda name: ("AssertionError", f"{name} broke"),
    "errored": lambda name: ("OSError", "OSError: no device"),
}
"""Type and message of the failing cases of `tests.control.results.shelf`."""
ADMIN = Caller("user", UUID(int=1), "jo", "", (), is_super_admin=True)
Row = tuple[Any, ...]
_COLUMNS = """job_id, file_id, position, created_at, topic_id, team, remoteci, set_key, job_name,
  file_name, suite, classname, name, test_id, outcome,
  CASE WHEN state IN ('regressed', 'recovered') THEN state ELSE '' END, seconds, retried, type,
  message"""


@dataclass(slots=True)
class Attic:
    """`kept`: runs that were in a month that is retired."""

    yard: Yard
    archivist: Archivist
    kept: list[Run] = field(default_factory=list)

    async def write(self) -> int:
        """Everything that waits: counted, begun, written; how many files were."""
        while await tallies.count_waiting(self.yard.db):
            pass
        self.yard.counted_what_waits()
        await service.begin_months(self.yard.db)
        written = 0
        while await service.write_next(self.archivist):
            written += 1
        return written

    async def next_month(self, months: int = 1) -> None:
        """The first of a later month, at noon."""
        now = self.yard.clock.now()
        first = now.date().replace(day=1)
        for _ in range(months):
            first = (first + timedelta(days=31)).replace(day=1)
        self.yard.clock.advance((first - now.date()).total_seconds())

    async def retire(self, keep_months: int) -> int:
        """Months that are kept no longer, as far as they are archived; how many went."""
        gone = 0
        while more := await tallies.retire(self.yard.db, keep_months=keep_months, archived=True):
            gone += more
        return gone

    def retired(self, since: date) -> None:
        """What the naive table says of it."""
        self.kept += [run for run in self.yard.runs if run.counted and run.at.date() < since]
        self.yard.retired(since)

    async def paths(self, caller: Caller = ADMIN, **scope: Any) -> list[Path]:
        """Files of the archive that a caller may see."""
        async with self.yard.db.transaction(caller.tenant) as tx:
            found = await service.find_files(tx, scope=Scope(caller.visible_teams, **scope))
        keys = [file.object_key for file in found]
        return await service.nearby(self.archivist.objects, self.archivist.folder, keys)

    async def rows(self, caller: Caller = ADMIN) -> list[Row]:
        """Every row of these files."""
        return rows_of(await self.paths(caller))

    async def live(self, caller: Caller = ADMIN, **scope: Any) -> tuple[list[Row], Live]:
        """Every row that is in no file, and what is told of them."""
        every = Scope(caller.visible_teams, **scope)
        async with service.live(self.archivist, caller=caller, scope=every) as (path, live):
            return rows_of([path] if path else []), live

    async def forgotten(self) -> None:
        """Objects that nobody needs are gone."""
        while await objects_service.delete_forgotten(self.yard.db, self.archivist.objects):
            pass

    def naive(self, runs: Iterable[Run] | None = None, team: str = "") -> list[Row]:
        """The rows that there must be of runs, else of all that count."""
        given = [run for run in self.yard.runs if run.counted] if runs is None else runs
        return sorted(
            row for run in given if team in ("", LABS[run.lab][0]) for row in self._rows(run)
        )

    def _rows(self, run: Run) -> list[Row]:
        team, lab = LABS[run.lab]
        return [
            (
                str(run.job_id), str(run.file_id), place, run.at, str(self.yard.topic_id), team,
                lab, run.set_key, "nightly", "junit.xml", "ring", "c", name,
                test_id_text(id_of_test("ring", "c", name)), word, run.states[name], 0.25,
                place in run.retried, *(SAID[word](name) if word in SAID else (None, None)),
            )
            for place, (name, word) in enumerate(run.words.items())
        ]  # fmt: skip


def rows_of(paths: Sequence[Path]) -> list[Row]:
    """Rows of files, sorted."""
    if not paths:
        return []
    with duckdb.connect() as box:
        sql = f"SELECT {_COLUMNS} FROM read_parquet($1)"
        return sorted(box.execute(sql, [list(map(str, paths))]).fetchall())


def open_attic(yard: Yard, folder: Path, objects: ObjectStore | None = None) -> Attic:
    """An empty archive over a yard."""
    columnar = DuckColumnar(folder / "scratch")
    archivist = Archivist(yard.db, objects or yard.objects, columnar, folder / "copies")
    return Attic(yard, archivist)
