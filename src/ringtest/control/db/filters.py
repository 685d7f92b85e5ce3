"""A filter (`kernel.query`) as a condition of SQL: names from a closed table, values parameters.

    fields = {
        "name": Column("text", "j.name"),
        "components": Nested(
            "EXISTS (SELECT 1 FROM jobs_components l JOIN components c ON c.id = l.component_id"
            " WHERE l.job_id = j.id AND {})",
            {"type": Column("text", "c.type"), "tags": Column("array", "c.tags")}),
    }
    conditions.parts.append(condition_of(parse_infix(text), fields, conditions))

A comparison with NULL is neither true nor false, as in SQL: neither `eq` nor `ne` nor their
negation finds a row that has no value; `null` does.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any
from uuid import UUID

from ringtest.control.db.conditions import Column, Conditions, Kind
from ringtest.control.kernel.errors import BadRequest
from ringtest.control.kernel.query import Compare, Empty, Every, Node, Not, Op, Some, refusal

WANTED: Mapping[Kind, str] = {
    "uuid": "an id",
    "int": "a whole number",
    "float": "a number",
    "bool": "true or false",
    "time": "an ISO time",
}
_SIGNS: Mapping[Op, str] = {"eq": "=", "ne": "<>", "lt": "<", "le": "<=", "gt": ">", "ge": ">="}
_CASTS: Mapping[Kind, str] = {
    "uuid": "uuid", "int": "bigint", "float": "float8", "bool": "bool", "time": "timestamp",
}  # fmt: skip
_MAX_PATTERN = 200


@dataclass(frozen=True, slots=True)
class Nested:
    """Rows that belong to the row: `name.column` holds when it holds for one of them, and
    comparisons under one `and` when they all hold for the same one.

    `exists` is SQL with `{}` for the condition on such a row.
    """

    exists: str
    columns: Mapping[str, Column]


Fields = Mapping[str, Column | Nested]


def filter_of(node: Node, fields: Fields, conditions: Conditions) -> str:
    """`condition_of` for the filter of a list, of which a page is wanted in some order.

    Under row-level security PostgreSQL has no statistics for what is not leakproof, takes
    each such comparison for one in two hundred, and sorts what it expects to be a few rows
    instead of reading the order's index until the page is full. Behind coalesce it is taken
    for one in two; at the top, false and unknown are the same.
    """
    match node:
        case Every(parts) if _inside(node, fields) is None:
            return f"({' AND '.join(filter_of(part, fields, conditions) for part in parts)})"
        case Compare(field=name, op=op) if isinstance(column := fields.get(name), Column):
            sql = condition_of(node, fields, conditions)
            is_blind = column.kind in ("enum", "array") or op in ("like", "ilike", "match")
            return f"coalesce({sql}, false)" if is_blind else sql
        case _:
            return condition_of(node, fields, conditions)


def condition_of(node: Node, fields: Fields, conditions: Conditions) -> str:
    """SQL of the filter; its values become parameters of `conditions`.

    400 for an unknown field (with the known ones) and for a value the field cannot have.
    """
    match node:
        case Not(part):
            return f"NOT ({condition_of(part, fields, conditions)})"
        case Every() | Compare() | Empty() if (inside := _inside(node, fields)) is not None:
            name, nested = inside
            columns = {f"{name}.{key}": column for key, column in nested.columns.items()}
            return nested.exists.replace("{}", f"({condition_of(node, columns, conditions)})")
        case Every(parts):
            return f"({' AND '.join(condition_of(part, fields, conditions) for part in parts)})"
        case Some(parts):
            return f"({' OR '.join(condition_of(part, fields, conditions) for part in parts)})"
        case Empty():
            return _empty(_column(node, fields))
        case Compare():
            return _comparison(node, _column(node, fields), conditions)


def _inside(node: Node, fields: Fields) -> tuple[str, Nested] | None:
    """The nested rows that all of the node is about, if it is about one kind of them."""
    match node:
        case Compare(field=name) | Empty(field=name):
            owner = name.partition(".")[0]
            nested = fields.get(owner)
            is_nested = name not in fields and isinstance(nested, Nested)
            return (owner, nested) if is_nested and isinstance(nested, Nested) else None
        case Every(parts) | Some(parts):
            first = _inside(parts[0], fields)
            return first if all(_inside(part, fields) == first for part in parts) else None
        case Not():
            return None


def names(fields: Fields) -> list[str]:
    """Every name that a filter may use, sorted."""
    found: list[str] = []
    for name, field in fields.items():
        if isinstance(field, Nested):
            found += [f"{name}.{column}" for column in field.columns]
        else:
            found.append(name)
    return sorted(found)


def _column(node: Compare | Empty, fields: Fields) -> Column:
    column = fields.get(node.field)
    if isinstance(column, Column):
        return column
    raise refusal(
        f"there is no field {node.field[:80]!r}", node.position, valid_query_keys=names(fields)
    )


def _empty(column: Column) -> str:
    match column.kind:
        case "text":
            return f"({column.sql} IS NULL OR {column.sql} = '')"
        case "array":
            return f"({column.sql} IS NULL OR cardinality({column.sql}) = 0)"
        case _:
            return f"{column.sql} IS NULL"


def _comparison(node: Compare, column: Column, conditions: Conditions) -> str:
    op, values = node.op, node.values
    match column.kind, op:
        case "array", ("contains" | "not_contains"):
            found = f"{conditions.param(values[0])} = ANY ({column.sql})"
            return found if op == "contains" else f"NOT ({found})"
        case "array", ("in" | "not_in"):
            shared = f"{column.sql} && {conditions.param(list(values))}::text[]"
            return shared if op == "in" else f"NOT ({shared})"
        case "array", ("like" | "ilike" | "match"):
            pattern = _pattern(node, "e", conditions)
            return f"EXISTS (SELECT 1 FROM unnest({column.sql}) e WHERE {pattern})"
        case (("text" | "enum"), ("like" | "ilike" | "match")):
            return _pattern(node, _text(column), conditions)
        case "array", _:
            raise refusal(f"{node.field} is a list: use contains", node.position)
        case _, ("contains" | "not_contains" | "like" | "ilike" | "match"):
            raise refusal(f"{node.field} is {_described(column.kind)}: not for {op}", node.position)
        case (("enum" | "bool"), ("lt" | "le" | "gt" | "ge")):
            raise refusal(f"{node.field} has no order: not for {op}", node.position)
        case _, ("in" | "not_in"):
            typed = [_value(node, column, value) for value in values]
            place = f"{conditions.param(typed)}::{_CASTS.get(column.kind, 'text')}[]"
            return f"{_text(column)} {'= ANY' if op == 'in' else '<> ALL'} ({place})"
        case _:
            place = conditions.param(_value(node, column, values[0]))
            cast = f"::{_CASTS[column.kind]}" if column.kind in _CASTS else ""
            is_ordered = column.kind == "text" and op not in ("eq", "ne")
            order = ' COLLATE "C"' if is_ordered else ""  # by code point, wherever we run
            return f"{_text(column)}{order} {_SIGNS[op]} {place}{cast}"


def _described(kind: Kind) -> str:
    return WANTED.get(kind, "a text" if kind == "text" else "one of a few words")


def _text(column: Column) -> str:
    return f"{column.sql}::text" if column.kind == "enum" else column.sql


def _pattern(node: Compare, sql: str, conditions: Conditions) -> str:
    value = node.values[0]
    if node.op != "match":
        if (len(value) - len(value.rstrip("\\"))) % 2:
            raise refusal("a pattern must not end in a backslash", node.position)
        return f"{sql} {node.op.upper()} {conditions.param(value)}"
    if len(value) > _MAX_PATTERN:
        raise refusal(f"a pattern has at most {_MAX_PATTERN} characters", node.position)
    if any(value[at] == "\\" and value[at + 1].isdigit() for at in range(len(value) - 1)):
        raise refusal("a pattern may not refer back to a part of itself", node.position)
    # the prefix keeps a caller's own prefixes (***=, (?x)) from meaning anything
    return f"{sql} ~ {conditions.param(f'^(?:{value})$')}"


def _value(node: Compare, column: Column, value: str) -> Any:
    if column.allowed and value not in column.allowed:
        said = f"{node.field} is never {value[:80]!r}"
        raise refusal(said, node.position, allowed=list(column.allowed))
    try:
        return typed(column.kind, value)
    except (ValueError, KeyError, OverflowError):
        said = f"{node.field} wants {WANTED[column.kind]}, not {value[:80]!r}"
        raise refusal(said, node.position) from None


def typed(kind: Kind, text: str) -> Any:
    """The value that `text` is for a column of `kind`; ValueError, KeyError, OverflowError."""
    match kind:
        case "uuid":
            return UUID(text)
        case "int":
            return _whole(text)
        case "float":
            return float(text)
        case "bool":
            return {"true": True, "false": False}[text.lower()]
        case "time":
            return _moment(text)
        case _:
            return text


def _whole(text: str) -> int:
    number = int(text)
    if abs(number) >= 2**63:
        raise ValueError(text)
    return number


def _moment(text: str) -> datetime:
    """Naive UTC, as the columns are."""
    moment = datetime.fromisoformat(text)
    return moment.astimezone(UTC).replace(tzinfo=None) if moment.tzinfo else moment


def typed_or_400(kind: Kind, name: str, text: str) -> Any:
    """`typed` for the parameter `where`."""
    try:
        return typed(kind, text)
    except (ValueError, KeyError, OverflowError):
        raise BadRequest(f"where: {name} wants {WANTED[kind]}, not {text[:80]!r}") from None
