"""Verbs that read a DCI database. `source` is a snapshot: `db.bulk.open_snapshot`."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from ringtest.control.db.bulk import Rows
from ringtest.control.dci import store
from ringtest.control.dci.model import Survey, Table, check_survey


@dataclass(frozen=True, slots=True)
class Source:
    """A DCI database at one moment: `at` (naive UTC), and `name` to know it by.

    Jobs older than `history`, and all that belongs to them, are as if they were not there.
    """

    rows: Rows
    survey: Survey
    name: str
    at: datetime
    history: datetime | None = None

    async def count(self, table: Table) -> int:
        """Rows of a table."""
        return await store.count(self.rows, table, self.survey, self.history)

    async def copy_page(
        self,
        target: Rows,
        table: Table,
        *,
        into: str,
        after: Sequence[str] | None,
        since: datetime | None,
        limit: int,
    ) -> int:
        """Put the rows that come `after` a key, and changed `since`, into a table of `target`."""
        sql, values = store.page(
            table, self.survey, after=after, since=since, history=self.history, limit=limit
        )
        return await self._copy(target, sql, values, into, list(table.stage))

    async def copy_rows(
        self, target: Rows, table: Table, *, into: str, keys: Sequence[Sequence[str]]
    ) -> int:
        """Put the rows of these keys into a table of `target`."""
        sql, values = store.of_keys(table, self.survey, keys)
        return await self._copy(target, sql, values, into, list(table.stage))

    async def copy_keys(self, target: Rows, table: Table, *, into: str) -> int:
        """Put every key into a table of `target`."""
        sql = store.keys(table, self.survey, self.history)
        return await self._copy(target, sql, [], into, list(table.key))

    async def copy_losers(self, target: Rows, *, into: str) -> int:
        """Put ids of active components that a newer one is the same as into a table."""
        return await self._copy(target, store.losers(self.survey), [], into, ["id"])

    async def copy_actives(self, target: Rows, *, into: str) -> int:
        """Put ids of active components into a table of `target`."""
        return await self._copy(target, store.actives(), [], into, ["id"])

    async def known(self, table: Table, ids: Sequence[UUID]) -> set[UUID]:
        """Those of these ids that the table has."""
        return await store.known(self.rows, table.name, ids)

    async def secrets(self, table: Table) -> list[tuple[UUID, str | None, datetime]]:
        """Labs or feeders that are not archived, with their keys and when they changed."""
        if "api_secret" not in self.survey.columns[table.name]:
            return []
        return await store.secrets(self.rows, table.name)

    async def _copy(
        self, target: Rows, sql: str, values: list[Any], into: str, columns: list[str]
    ) -> int:
        return await target.copy_from(self.rows, sql, *values, into=into, columns=columns)


async def look_at(rows: Rows, *, history: datetime | None = None) -> Source:
    """The DCI database behind a snapshot; BadRequest when it is none."""
    survey = await store.survey(rows)
    check_survey(survey)
    name, at = await store.about(rows)
    return Source(rows, survey, name, at, history)
