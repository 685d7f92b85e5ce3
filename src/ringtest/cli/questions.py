"""What commands that ask about many results have in common: days, lab, team, pages."""

from typing import Annotated, Any

import typer

from ringtest.cli.completion import names_of
from ringtest.cli.kinds import find_id
from ringtest.client import Client

TopicArgument = Annotated[
    str, typer.Argument(help="Topic, by id or name.", autocompletion=names_of("topic"))
]
FromOption = Annotated[
    str | None, typer.Option("--from", help="First day, such as 2026-10-01. [default: 30 days]")
]
ToOption = Annotated[str | None, typer.Option("--to", help="Last day. [default: today]")]
LabOption = Annotated[
    str | None,
    typer.Option("--lab", help="Only of this lab, by id or name.", autocompletion=names_of("lab")),
]
TeamOption = Annotated[
    str | None,
    typer.Option("--team", help="Only of this team.", autocompletion=names_of("team")),
]
ManyOption = Annotated[int, typer.Option("--limit", "-n", min=1, max=200, help="How many.")]
OffsetOption = Annotated[int, typer.Option("--offset", min=0, help="How many to leave out.")]


def window(
    client: Client,
    *,
    first: str | None,
    last: str | None,
    lab: str | None,
    team: str | None,
    limit: int | None = None,
    offset: int = 0,
) -> dict[str, str]:
    """The parameters of a question; labs and teams may be given by name."""
    given: dict[str, Any] = {
        "from": first,
        "to": last,
        "remoteci_id": find_id(client, "lab", lab) if lab else None,
        "team_id": find_id(client, "team", team) if team else None,
        "limit": limit,
        "offset": offset or None,
    }
    return {name: str(value) for name, value in given.items() if value is not None}


def full_name(test: dict[str, Any]) -> str:
    """A test in one line.

    >>> full_name({"suite": "ring", "classname": "c", "name": "test_a"})
    'ring c::test_a'
    """
    where = " ".join(part for part in (test["suite"], test["classname"]) if part)
    return f"{where}::{test['name']}" if where else str(test["name"])
