"""Rows of resources: the five columns they share, pages of them as JSON, etags."""

import re
from collections.abc import Mapping
from functools import lru_cache
from typing import Any, NamedTuple
from uuid import UUID

from msgspec import UNSET, UnsetType

from ringtest.control.db.listing import Conditions, Kind, Order
from ringtest.control.db.pool import Transaction
from ringtest.control.kernel.errors import BadRequest, NotFound
from ringtest.control.kernel.ids import new_etag, new_id
from ringtest.control.kernel.paging import ListQuery

_PARAMETER = re.compile(r"\$(\d+)")

Found = tuple[str, str] | None
"""JSON and etag of one row, or None: nothing that the caller may see."""


class Page(NamedTuple):
    """A JSON array, how many rows there are in all (None: not counted, on pages after a
    cursor), and the cursor of the next page (None: this is the last; unset: has no pages)."""

    items: str
    total: int | None
    next: str | UnsetType | None = UNSET


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


@lru_cache(maxsize=1000)
def names(columns: str) -> tuple[str, ...]:
    """What a list of columns is called in JSON.

    >>> names("p.id, coalesce(p.a, p.b) AS name, (SELECT x, y FROM z) AS embed")
    ('id', 'name', 'embed')
    """
    depth, items = 0, [""]
    for sign in columns:
        depth += (sign == "(") - (sign == ")")
        if sign == "," and depth == 0:
            items.append("")
        else:
            items[-1] += sign
    return tuple(re.split(r"[\s.]", item.strip())[-1].strip('"') for item in items)


def chosen(known: tuple[str, ...], fields: tuple[str, ...]) -> tuple[str, ...]:
    """Those of `known` to show: all when `fields` names none; 400 for one there is not."""
    unknown = [name[:80] for name in fields if name not in known]
    if unknown:
        said = f"fields: there is no {unknown[0]!r}"
        raise BadRequest(said, valid_fields=sorted(known), unknown=unknown[:20])
    return tuple(name for name in known if name in fields) if fields else known


async def page(
    tx: Transaction,
    columns: str,
    source: str,
    conditions: Conditions,
    *,
    order: Order,
    query: ListQuery,
) -> Page:
    """The rows that `query` asks for. Columns that it does not want cost nothing."""
    cut = conditions.copy()
    if query.after is not None:
        order.go_on(cut, query.after)
    shown = ", ".join(f'x."{name}"' for name in chosen(names(columns), query.fields))
    keys = [f'"~{number}"' for number in range(len(order.columns))]
    wanted = ", ".join(f"{sql} AS {key}" for sql, key in zip(order.columns, keys, strict=True))
    # the limit is part of the text: PostgreSQL would plan for a tenth of the table
    offset = f" OFFSET {cut.param(query.offset)}" if query.offset else ""
    found = await tx.fetch(
        f"SELECT (SELECT row_to_json(y)::text FROM (SELECT {shown}) y) AS json,"
        f" {', '.join(f'x.{key}' for key in keys)} FROM (SELECT {columns}, {wanted}"
        f" FROM {source} WHERE {cut.sql()} ORDER BY {order} LIMIT {query.limit}{offset}) x",
        *cut.values,
    )
    items = ",".join([row["json"] for row in found])
    last = order.cursor(tuple(found[-1])[1:]) if len(found) == query.limit else None
    count = await total(tx, source, conditions, query, len(found))
    return Page(f"[{items}]", count, last)


async def total(
    tx: Transaction, source: str, conditions: Conditions, query: ListQuery, length: int
) -> int | None:
    """How many rows there are in all, of whose page `length` were found.

    Exact. Counted only when the page does not tell, and remembered until a row comes or
    goes; not at all after a cursor.
    """
    if query.after is not None:
        return None
    if length < query.limit and (length or not query.offset):
        return query.offset + length
    memory = tx.footprint.memory
    where, values = _alone(conditions.sql(), conditions.values)
    key = (source, where, repr(values), tx.tenant)
    number = memory.counts.recall(key)
    if number is None:
        sql = f"SELECT count(*) FROM {source} WHERE {where}"
        number = await tx.fetchval(sql, *values)
        reads = _counted(source, where, memory.statements.of(sql).reads)
        memory.counts.keep(key, number, reads=reads, since=tx.footprint.since)
    assert isinstance(number, int)
    return number


def _alone(where: str, values: list[Any]) -> tuple[str, list[Any]]:
    """The condition with the parameters that it has itself: columns may have others.

    >>> _alone("a = $3 AND b = $1", ["b", "of a column", "a"])
    ('a = $2 AND b = $1', ['b', 'a'])
    """
    used = sorted({int(number) for number in _PARAMETER.findall(where)})
    places = {str(number): f"${place}" for place, number in enumerate(used, 1)}
    alone = _PARAMETER.sub(lambda found: places[found[1]], where)
    return alone, [values[number - 1] for number in used]


def _counted(source: str, where: str, reads: frozenset[str] | None) -> frozenset[str] | None:
    """What a count depends on. That of one table whose columns in `where` say which rows it
    has and whose they are is not changed by other edits.

    >>> sorted(_counted("jobs j", "j.team_id = ANY ($1)", frozenset({"jobs", "topics"})))
    ['jobs+', 'topics']
    >>> sorted(_counted("jobs j", "j.name = $1", frozenset({"jobs"})))
    ['jobs']
    """
    table, _, alias = source.partition(" ")
    if reads is None or not alias.isidentifier():
        return reads
    named = set(re.findall(rf"\b{alias}\.(\w+)", where))
    if all(name in ("state", "created_at", "id") or name.endswith("_id") for name in named):
        return (reads - {table}) | {f"{table}+"}
    return reads


async def everything(
    tx: Transaction,
    columns: str,
    source: str,
    conditions: Conditions,
    *,
    order: Order | str,
    fields: tuple[str, ...] = (),
) -> Page:
    """All rows: for links between resources, which the wire format does not page."""
    shown = ", ".join(f'x."{name}"' for name in chosen(names(columns), fields))
    row = await tx.fetchrow(
        "SELECT count(*) AS count, coalesce(json_agg("
        f"(SELECT row_to_json(y) FROM (SELECT {shown}) y)), '[]')::text AS items"
        f" FROM (SELECT {columns} FROM {source} WHERE {conditions.sql()} ORDER BY {order}) x",
        *conditions.values,
    )
    assert row is not None
    return Page(row["items"], row["count"])
