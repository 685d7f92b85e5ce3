"""Turning a `ListQuery` into SQL: columns come from a closed table, values are parameters."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any, Literal
from uuid import UUID

from ringtest.control.kernel.errors import BadRequest
from ringtest.control.kernel.paging import ListQuery

Kind = Literal["text", "uuid", "int", "float", "bool", "time", "enum", "array"]

_WANTED: Mapping[str, str] = {
    "uuid": "an id",
    "int": "a whole number",
    "float": "a number",
    "bool": "true or false",
    "time": "an ISO time",
}


@dataclass(slots=True)
class Conditions:
    """An AND of SQL conditions with their parameters, numbered from $1.

    >>> c = Conditions()
    >>> c.add("team_id = ANY({})", ["a"])
    >>> c.sql()
    'team_id = ANY($1)'
    """

    parts: list[str] = field(default_factory=list)
    values: list[Any] = field(default_factory=list)

    def param(self, value: Any) -> str:
        """The placeholder of a new parameter."""
        self.values.append(value)
        return f"${len(self.values)}"

    def add(self, template: str, *values: Any) -> None:
        """AND `template`, each `{}` in it being the next value."""
        self.parts.append(template.format(*(self.param(value) for value in values)))

    def sql(self) -> str:
        """The whole condition; TRUE when nothing was added."""
        return " AND ".join(self.parts) or "TRUE"


def apply_where(
    conditions: Conditions, query: ListQuery, columns: Mapping[str, Kind], table: str
) -> None:
    """Add the caller's filters; an unknown column is a 400 that lists the known ones."""
    for name, value in query.where:
        if name not in columns:
            raise BadRequest(f"Invalid where key: {name[:80]!r}", valid_where_keys=sorted(columns))
        _add_filter(conditions, f"{table}.{name}", columns[name], name, value)
    for moment, column in (
        (query.created_after, "created_at"),
        (query.updated_after, "updated_at"),
    ):
        if moment is not None:
            conditions.add(f"{table}.{column} >= {{}}", moment)


def _add_filter(conditions: Conditions, column: str, kind: Kind, name: str, value: str) -> None:
    if value == "":
        conditions.add(f"{column} IS NULL")
    elif kind == "array":
        conditions.add(f"{{}} = ANY({column})", value)
    elif kind == "text" and value.endswith("*"):
        conditions.add(f"strpos(lower({column}), lower({{}})) > 0", value[:-1])
    elif kind == "text":
        conditions.add(f"lower({column}) = lower({{}})", value)
    elif kind == "enum":
        conditions.add(f"{column}::text = {{}}", value)
    elif kind == "int":
        # as bigint, so that a number which the column could not hold is just not there
        conditions.add(f"{column} = {{}}::bigint", _typed(kind, name, value))
    else:
        conditions.add(f"{column} = {{}}", _typed(kind, name, value))


def _typed(kind: Kind, name: str, value: str) -> Any:
    try:
        match kind:
            case "uuid":
                return UUID(value)
            case "int":
                return _whole(value)
            case "float":
                return float(value)
            case "bool":
                return {"true": True, "false": False}[value.lower()]
            case _:
                return _moment(value)
    except (ValueError, KeyError, OverflowError):
        raise BadRequest(f"where: {name} wants {_WANTED[kind]}, not {value[:80]!r}") from None


def _whole(text: str) -> int:
    number = int(text)
    if abs(number) >= 2**63:
        raise ValueError(text)
    return number


def _moment(text: str) -> datetime:
    """Naive UTC, as the columns are."""
    moment = datetime.fromisoformat(text)
    return moment.astimezone(UTC).replace(tzinfo=None) if moment.tzinfo else moment


def order_by(query: ListQuery, columns: Mapping[str, Kind], table: str, default: str) -> str:
    """`ORDER BY` text for `sort=a,-b` (default e.g. `-created_at`); ends with id for stability."""
    keys = []
    for part in query.sort or (default,):
        name = part.removeprefix("-")
        if name not in columns:
            raise BadRequest(f"Invalid sort key: {name[:80]!r}", valid_sort_keys=sorted(columns))
        keys.append(f"{table}.{name} {'DESC' if part.startswith('-') else 'ASC'}")
    return ", ".join([*keys, f"{table}.id"])
