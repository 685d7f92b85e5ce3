"""Turning a `ListQuery` into SQL: columns come from a closed table, values are parameters."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from ringtest.control.db.conditions import Column, Conditions, Kind
from ringtest.control.db.filters import Fields, filter_of, typed, typed_or_400
from ringtest.control.db.vocabulary import understood
from ringtest.control.kernel.cursors import Word, foreign_cursor, read_cursor, write_cursor
from ringtest.control.kernel.errors import BadRequest
from ringtest.control.kernel.paging import ListQuery

__all__ = ["Column", "Conditions", "Kind", "Order", "apply_where", "order_by"]

Columns = Mapping[str, Kind] | Mapping[str, Kind | Column]
"""What `where`, `query` and `sort` may name: a kind for a column of the table itself."""

_NEVER_NULL = frozenset({"id", "created_at", "updated_at", "released_at", "state", "etag"})


def _columns(columns: Columns, table: str) -> dict[str, Column]:
    return {
        name: kind if isinstance(kind, Column) else Column(kind, f"{table}.{name}")
        for name, kind in columns.items()
    }


def apply_where(
    conditions: Conditions,
    query: ListQuery,
    columns: Columns,
    table: str,
    *,
    more: Fields | None = None,
) -> None:
    """Add the caller's filters; an unknown column is a 400 that lists the known ones.

    `more` is what `query` alone may name beside the columns.
    """
    known = _columns(columns, table)
    for name, value in query.where:
        if name not in known:
            raise BadRequest(f"Invalid where key: {name[:80]!r}", valid_where_keys=sorted(known))
        _add_filter(conditions, known[name], name, value)
    if query.query is not None:
        fields = {**known, **(more or {})}
        conditions.now = query.now
        conditions.parts.append(filter_of(understood(query.query, fields), fields, conditions))
    for moment, column in (
        (query.created_after, "created_at"),
        (query.updated_after, "updated_at"),
    ):
        if moment is None:
            continue
        if column not in known:
            raise BadRequest(f"this list has no {column}", valid_where_keys=sorted(known))
        conditions.add(f"{known[column].sql} >= {{}}", moment)


def _add_filter(conditions: Conditions, column: Column, name: str, value: str) -> None:
    sql, kind = column.sql, column.kind
    if value == "":
        conditions.add(f"{sql} IS NULL")
    elif column.allowed and value not in column.allowed:
        said = f"where: {name} is never {value[:80]!r}"
        raise BadRequest(said, allowed=list(column.allowed))
    elif kind == "array":
        conditions.add(f"{{}} = ANY({sql})", value)
    elif kind == "text" and value.endswith("*"):
        conditions.add(f"strpos(lower({sql}), lower({{}})) > 0", value[:-1])
    elif kind == "text":
        conditions.add(f"lower({sql}) = lower({{}})", value)
    elif kind == "enum":
        conditions.add(f"coalesce({sql}::text = {{}}, false)", value)  # see db.filters.filter_of
    elif kind == "int":
        # as bigint, so that a number which the column could not hold is just not there
        conditions.add(f"{sql} = {{}}::bigint", typed_or_400(kind, name, value))
    else:
        conditions.add(f"{sql} = {{}}", typed_or_400(kind, name, value))


@dataclass(frozen=True, slots=True)
class _Key:
    name: str
    column: Column
    down: bool

    @property
    def sql(self) -> str:
        return f"{self.column.sql} {'DESC' if self.down else 'ASC'}"


@dataclass(frozen=True, slots=True)
class Order:
    """The order of a list: sort keys, the last of which tells any two rows apart."""

    keys: tuple[_Key, ...]

    def __str__(self) -> str:
        """What stands after ORDER BY."""
        return ", ".join(key.sql for key in self.keys)

    @property
    def columns(self) -> list[str]:
        """SQL of the keys, to select what a cursor is made of."""
        return [key.column.sql for key in self.keys]

    @property
    def _name(self) -> str:
        return ",".join(("-" if key.down else "") + key.name for key in self.keys)

    def cursor(self, values: Sequence[Any]) -> str:
        """The cursor after a row with these values of `columns`."""
        return write_cursor(self._name, [_word(value) for value in values])

    def go_on(self, conditions: Conditions, after: str) -> None:
        """Narrow to the rows after a cursor; 400 when it is not one of this order.

        PostgreSQL puts NULL last, and with DESC first. The first key is bounded once more
        where it is never NULL: that is what an index can start from.
        """
        words = read_cursor(self._name, after)
        if len(words) != len(self.keys):
            raise foreign_cursor()
        try:
            values = [_value(key, word) for key, word in zip(self.keys, words, strict=True)]
        except (ValueError, KeyError, OverflowError, TypeError):
            raise foreign_cursor() from None
        beyond = ""
        for key, value in zip(reversed(self.keys), reversed(values), strict=True):
            beyond = _beyond(conditions, key, value, beyond)
        first = self.keys[0]
        if first.name in _NEVER_NULL and values[0] is not None:
            place = _place(conditions, first, values[0])
            sign = "<=" if first.down else ">="
            beyond = f"{first.column.sql} {sign} {place} AND ({beyond})"
        conditions.parts.append(f"({beyond})")


def _place(conditions: Conditions, key: _Key, value: Any) -> str:
    cast = "::bigint" if key.column.kind == "int" else ""
    return conditions.param(value) + cast


def _beyond(conditions: Conditions, key: _Key, value: Any, rest: str) -> str:
    """SQL for: after `value` by this key, or equal and after by the `rest` of the keys."""
    sql = key.column.sql
    if value is None:
        further = f"{sql} IS NOT NULL" if key.down else "FALSE"
        same = f"{sql} IS NULL"
    else:
        place = _place(conditions, key, value)
        further = f"{sql} {'<' if key.down else '>'} {place}"
        if not key.down and key.name not in _NEVER_NULL:
            further = f"({further} OR {sql} IS NULL)"
        same = f"{sql} = {place}"
    return f"({further} OR ({same} AND {rest}))" if rest else further


def _word(value: Any) -> Word:
    if isinstance(value, datetime):
        return value.isoformat()
    return str(value) if isinstance(value, UUID) else value


def _value(key: _Key, word: Word) -> Any:
    match key.column.kind:
        case _ if word is None:
            return None
        case "array":
            if isinstance(word, list) and not any("\0" in one for one in word):
                return word
        case "int" | "float" | "bool":
            if isinstance(word, int | float) and abs(word) < 2**63:
                return word
        case kind:
            if isinstance(word, str) and "\0" not in word:
                return typed(kind, word)
    raise ValueError(word)


def order_by(query: ListQuery, columns: Columns, table: str, default: str) -> Order:
    """The order for `sort=a,-b` (default e.g. `-created_at`); ends with id for stability."""
    known = _columns(columns, table)
    keys: dict[str, _Key] = {}
    for part in (*(query.sort or (default,)), "id"):
        name = part.removeprefix("-")
        if name not in known and not (name == "id" and part == "id"):
            raise BadRequest(f"Invalid sort key: {name[:80]!r}", valid_sort_keys=sorted(known))
        column = known.get(name, Column("uuid", f"{table}.id"))
        keys.setdefault(name, _Key(name, column, part.startswith("-")))
        if name == "id":
            break
    return Order(tuple(keys.values()))
