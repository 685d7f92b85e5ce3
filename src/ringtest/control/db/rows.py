"""Rows of resources: the five columns they share, pages of them as JSON, etags."""

from collections.abc import Mapping
from typing import Any
from uuid import UUID

from ringtest.control.db.listing import Conditions, Kind
from ringtest.control.db.pool import Transaction
from ringtest.control.kernel.errors import NotFound
from ringtest.control.kernel.ids import new_etag, new_id
from ringtest.control.kernel.paging import ListQuery

Found = tuple[str, str] | None
"""JSON and etag of one row, or None: nothing that the caller may see."""
Page = tuple[str, int]
"""A JSON array and the total count."""

COMMON: dict[str, Kind] = {
    "id": "uuid",
    "created_at": "time",
    "updated_at": "time",
    "etag": "text",
    "state": "enum",
    "name": "text",
}
"""What nearly every resource can be filtered and sorted by."""


async def insert(tx: Transaction, table: str, values: Mapping[str, Any]) -> UUID:
    """Add a row with a fresh id, etag and times; `values` may give an id of its own.

    Table and column names are written by us, never by a caller.
    """
    row = {
        "id": new_id(),
        "created_at": tx.now,
        "updated_at": tx.now,
        "etag": new_etag(),
        **values,
    }
    places = ", ".join(f"${number}" for number in range(1, len(row) + 1))
    await tx.execute(f"INSERT INTO {table} ({', '.join(row)}) VALUES ({places})", *row.values())
    made: UUID = row["id"]
    tx.concern(made, row.get("team_id"))
    return made


async def update(
    tx: Transaction, table: str, row_id: UUID, values: Mapping[str, Any], *, etag: str | None
) -> bool:
    """Set columns, a fresh etag and updated_at; False when the row has another etag by now.

    `etag` None means: whatever it is.
    """
    row = {**values, "updated_at": tx.now, "etag": new_etag()}
    places = ", ".join(f"{name} = ${number}" for number, name in enumerate(row, 3))
    done = await tx.execute(
        f"UPDATE {table} SET {places} WHERE id = $1 AND ($2::text IS NULL OR etag = $2)",
        row_id,
        etag,
        *row.values(),
    )
    return done == 1


def found(row: Found, noun: str) -> tuple[str, str]:
    """The row, or NotFound."""
    if row is None:
        raise NotFound(f"{noun} not found")
    return row


async def one(tx: Transaction, columns: str, source: str, conditions: Conditions) -> Found:
    """JSON object and etag of the one row of `source`, or None. `columns` include etag."""
    row = await tx.fetchrow(
        "SELECT row_to_json(x)::text AS json, x.etag"
        f" FROM (SELECT {columns} FROM {source} WHERE {conditions.sql()}) x",
        *conditions.values,
    )
    return (row["json"], row["etag"]) if row else None


async def page(
    tx: Transaction,
    columns: str,
    source: str,
    conditions: Conditions,
    *,
    order: str,
    query: ListQuery,
) -> Page:
    """A JSON array of the page's rows, and how many rows there are in all."""
    where = conditions.sql()
    values = list(conditions.values)
    limit, offset = len(values) + 1, len(values) + 2
    row = await tx.fetchrow(
        f"SELECT (SELECT count(*) FROM {source} WHERE {where}) AS count,"
        " (SELECT coalesce(json_agg(row_to_json(x)), '[]')::text FROM"
        f" (SELECT {columns} FROM {source} WHERE {where}"
        f" ORDER BY {order} LIMIT ${limit} OFFSET ${offset}) x) AS items",
        *values,
        query.limit,
        query.offset,
    )
    assert row is not None
    return row["items"], row["count"]


async def everything(
    tx: Transaction, columns: str, source: str, conditions: Conditions, *, order: str
) -> Page:
    """All rows: for links between resources, which the wire format does not page."""
    whole = ListQuery(limit=10_000)
    return await page(tx, columns, source, conditions, order=order, query=whole)
