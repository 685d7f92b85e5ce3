"""Conditions of SQL statements with their parameters, and the columns they may name."""

from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, Literal

Kind = Literal["text", "uuid", "int", "float", "bool", "time", "enum", "array", "names"]
"""names: an array of texts any of which names the row."""


@dataclass(frozen=True, slots=True)
class Column:
    """What a name in a filter or an order stands for: an SQL expression of ours.

    `allowed` are the only words it ever is: another one in a filter is a mistake.
    """

    kind: Kind
    sql: str
    allowed: tuple[str, ...] = ()


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
    now: datetime | None = None
    """What `7d` is counted back from; without it such times are refused."""

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

    def copy(self) -> "Conditions":
        """The same, to be narrowed further."""
        return Conditions([*self.parts], [*self.values], self.now)
