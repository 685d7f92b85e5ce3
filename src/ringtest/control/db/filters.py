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
negation finds a row that has no value; `null` does. What people write (`is`, `find`) is false
of it: what does not hold, its negation finds.
"""

import re
import warnings
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from difflib import get_close_matches
from typing import Any
from uuid import UUID

from ringtest.control.db.conditions import Column, Conditions, Kind
from ringtest.control.kernel.errors import BadRequest
from ringtest.control.kernel.moments import is_relative, seconds_of, span_of
from ringtest.control.kernel.query import (
    Anywhere,
    Compare,
    Empty,
    Every,
    Node,
    Not,
    Op,
    Some,
    leaves,
    refusal,
)

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
_FORGIVING = ("is", "find", "ifind")
_BLIND = ("like", "ilike", "match", *_FORGIVING)


@dataclass(frozen=True, slots=True)
class Nested:
    """Rows that belong to the row: `name.column` holds when it holds for one of them, and
    comparisons under one `and` when they all hold for the same one.

    `exists` is SQL with `{}` for the condition on such a row, `main` the column that `name`
    alone stands for.
    """

    exists: str
    columns: Mapping[str, Column]
    main: str = ""


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
            is_blind = column.kind in ("enum", "array", "names") or op in _BLIND
            return f"coalesce({sql}, false)" if is_blind else sql
        case _:
            return condition_of(node, fields, conditions)


def condition_of(node: Node, fields: Fields, conditions: Conditions) -> str:
    """SQL of the filter; its values become parameters of `conditions`.

    400 for an unknown field (with the known ones) and for a value the field cannot have.
    """
    match node:
        case Not(part):
            sql = condition_of(part, fields, conditions)
            return f"NOT coalesce({sql}, false)" if _is_forgiving(part) else f"NOT ({sql})"
        case Empty(field=name) if isinstance(nested := fields.get(name), Nested):
            return f"NOT {nested.exists.replace('{}', 'TRUE')}"
        case Anywhere():
            raise refusal("this list has no names to search in: say field:value", node.position)
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
        case Not() | Anywhere():
            return None


def _is_forgiving(node: Node) -> bool:
    return any(isinstance(leaf, Compare) and leaf.op in _FORGIVING for leaf in leaves(node))


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
    raise unknown_field(node.field, node.position, names(fields))


def unknown_field(name: str, position: int, known: list[str]) -> BadRequest:
    """The error to raise, with what there is and what may have been meant."""
    near = get_close_matches(name.lower(), known, n=3)
    hint = f"; did you mean {' or '.join(near)}?" if near else ""
    said = f"there is no field {name[:80]!r}{hint}"
    return refusal(said, position, valid_query_keys=known, did_you_mean=near)


def _empty(column: Column) -> str:
    match column.kind:
        case "text":
            return f"({column.sql} IS NULL OR {column.sql} = '')"
        case "array" | "names":
            return f"({column.sql} IS NULL OR cardinality({column.sql}) = 0)"
        case _:
            return f"{column.sql} IS NULL"


def _comparison(node: Compare, column: Column, conditions: Conditions) -> str:
    op, values = node.op, node.values
    match column.kind, op:
        case _, "is":
            return _is(node, column, conditions)
        case "names", ("lt" | "le" | "gt" | "ge" | "contains" | "not_contains"):
            raise refusal(f"{node.field} has several names: not for {op}", node.position)
        case "names", ("eq" | "ne"):
            found = f"{conditions.param(values[0])} = ANY ({column.sql})"
            return found if op == "eq" else f"NOT ({found})"
        case "array", ("contains" | "not_contains"):
            found = f"{conditions.param(values[0])} = ANY ({column.sql})"
            return found if op == "contains" else f"NOT ({found})"
        case (("array" | "names"), ("in" | "not_in")):
            shared = f"{column.sql} && {conditions.param(list(values))}::text[]"
            return shared if op == "in" else f"NOT ({shared})"
        case (("array" | "names"), ("like" | "ilike" | "match" | "find" | "ifind")):
            pattern = _pattern(node, "e", conditions)
            return f"EXISTS (SELECT 1 FROM unnest({column.sql}) e WHERE {pattern})"
        case (("text" | "enum"), ("like" | "ilike" | "match" | "find" | "ifind")):
            return _pattern(node, _text(column), conditions)
        case "array", _:
            raise refusal(f"{node.field} is a list: use contains", node.position)
        case _, ("contains" | "not_contains" | "like" | "ilike" | "match" | "find" | "ifind"):
            raise refusal(f"{node.field} is {_described(column.kind)}: not for {op}", node.position)
        case (("enum" | "bool"), ("lt" | "le" | "gt" | "ge")):
            raise refusal(f"{node.field} has no order: not for {op}", node.position)
        case _, ("in" | "not_in"):
            typed = [_value(node, column, value, conditions) for value in values]
            place = f"{conditions.param(typed)}::{_CASTS.get(column.kind, 'text')}[]"
            return f"{_text(column)} {'= ANY' if op == 'in' else '<> ALL'} ({place})"
        case _:
            place = conditions.param(_value(node, column, values[0], conditions))
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
    if node.op in ("like", "ilike"):
        if (len(value) - len(value.rstrip("\\"))) % 2:
            raise refusal("a pattern must not end in a backslash", node.position)
        return f"{sql} {node.op.upper()} {conditions.param(value)}"
    if len(value) > _MAX_PATTERN:
        raise refusal(f"a pattern has at most {_MAX_PATTERN} characters", node.position)
    if any(value[at] == "\\" and value[at + 1].isdigit() for at in range(len(value) - 1)):
        raise refusal("a pattern may not refer back to a part of itself", node.position)
    if why := _unbalanced(value):
        raise refusal(f"a pattern is no regular expression: {why}", node.position)
    # the brackets keep a caller's own prefixes (***=, (?x)) from meaning anything
    if node.op == "match":
        return f"{sql} ~ {conditions.param(f'^(?:{value})$')}"
    return f"{sql} {'~*' if node.op == 'ifind' else '~'} {conditions.param(f'(?:{value})')}"


_UNBALANCED = (
    "unterminated character set", "unterminated subpattern", "unbalanced parenthesis",
    "bad escape (end of pattern)",
)  # fmt: skip
"""Mistakes that are mistakes to PostgreSQL too; of others it has the last word."""


def _unbalanced(pattern: str) -> str:
    """What is wrong with the brackets; empty for nothing.

    >>> _unbalanced("a(b|c"), _unbalanced("[a-z]+")
    ('missing ), unterminated subpattern', '')
    """
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", FutureWarning)  # sets within sets, some day
            re.compile(pattern)
    except re.error as error:
        return error.msg if error.msg.endswith(_UNBALANCED) else ""
    except (OverflowError, RecursionError):
        return ""
    return ""


_STARS = re.compile(r"\\([\\*])|[%_\\]|\*")


def like_of(pattern: str) -> str:
    r"""A pattern of `is` as one of LIKE.

    >>> like_of(r"a_b*c\*")
    'a\\_b%c*'
    """

    def turned(found: re.Match[str]) -> str:
        if found[0] == "*":
            return "%"
        return "*" if found[1] == "*" else "\\" + found[0][-1]

    return _STARS.sub(turned, pattern)


def _is(node: Compare, column: Column, conditions: Conditions) -> str:
    """`field:value,…`, which people mean so or so, after the kind of the field."""
    if column.kind == "time":
        return _within(node, column, conditions)
    plain = [re.sub(r"\\([\\*])", r"\1", value) for value in node.values]
    has_stars = any("*" in value.replace("\\*", "") for value in node.values)
    match column.kind:
        case "array" if not has_stars:
            return f"{column.sql} && {conditions.param(plain)}::text[]"
        case "array" | "names":
            fits = _likes(node, "e", conditions)
            return f"EXISTS (SELECT 1 FROM unnest({column.sql}) e WHERE {fits})"
        case "enum" | "text" if column.allowed and not has_stars:
            words = [value.lower() for value in plain]
            for word in words:
                _check_allowed(node, column, word)
            return f"{_text(column)} = ANY ({conditions.param(words)}::text[])"
        case "text" | "enum" | "uuid" if has_stars or column.kind == "text":
            return _likes(
                node, f"{column.sql}{'' if column.kind == 'text' else '::text'}", conditions
            )
        case _ if has_stars:
            raise refusal(f"{node.field} is {_described(column.kind)}: not for *", node.position)
    typed = [_value(node, column, value, conditions) for value in plain]
    return f"{_text(column)} = ANY ({conditions.param(typed)}::{_CASTS.get(column.kind, 'text')}[])"


def _likes(node: Compare, sql: str, conditions: Conditions) -> str:
    patterns = [like_of(value) for value in node.values]
    if len(patterns) == 1:
        return f"{sql} ILIKE {conditions.param(patterns[0])}"
    return f"{sql} ILIKE ANY ({conditions.param(patterns)}::text[])"


def _within(node: Compare, column: Column, conditions: Conditions) -> str:
    """In the year, month, day, minute or second that is named, or since so long ago."""
    parts = []
    for value in node.values:
        start, end = _value(node, column, value, conditions, span=True)
        bounds = conditions.param(start), conditions.param(end)
        parts.append(f"({column.sql} >= {bounds[0]} AND {column.sql} < {bounds[1]})")
    return f"({' OR '.join(parts)})"


def _check_allowed(node: Compare, column: Column, value: str) -> None:
    if column.allowed and value not in column.allowed:
        near = get_close_matches(value.lower(), column.allowed, n=3)
        hint = f"; did you mean {' or '.join(near)}?" if near else ""
        said = f"{node.field} is never {value[:80]!r}{hint}"
        raise refusal(said, node.position, allowed=list(column.allowed), did_you_mean=near)


def _value(
    node: Compare, column: Column, value: str, conditions: Conditions, *, span: bool = False
) -> Any:
    _check_allowed(node, column, value)
    try:
        if column.kind == "time":
            if conditions.now is None and is_relative(value):
                raise ValueError(value)
            found = span_of(value, conditions.now or datetime.min)
            return found if span else found[0]
        if column.kind == "int" and node.field.endswith("duration"):
            seconds = seconds_of(value)
            return typed(column.kind, value) if seconds is None else seconds
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
