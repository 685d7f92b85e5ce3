"""`ringtest coverage`: which components of a topic were tested, and how that went."""

from typing import Annotated

import typer

from ringtest.cli.calls import connected
from ringtest.cli.kinds import find_id
from ringtest.cli.output import Format, FormatOption, write_many
from ringtest.cli.questions import (
    FromOption,
    LabOption,
    ManyOption,
    OffsetOption,
    TeamOption,
    ToOption,
    TopicArgument,
    window,
)
from ringtest.cli.sparkline import percent
from ringtest.client import Client

app = typer.Typer(add_completion=False, rich_markup_mode="markdown")

_COLUMNS = (
    "component.id", "component.type", "component.display_name", "component.version",
    "component.released_at", "jobs", "labs", "teams", "passed", "failed", "errored", "total",
    "pass_rate", "last_at",
)  # fmt: skip
_SHOWN = (
    "type", "component", "jobs", "labs", "teams", "failed", "errored",
    "pass_rate", "last_at",
)  # fmt: skip


@app.command()
@connected
def coverage(
    client: Client,
    topic: TopicArgument,
    kind: Annotated[
        str | None, typer.Option("--type", help="Only components of this type.")
    ] = None,
    first: FromOption = None,
    last: ToOption = None,
    lab: LabOption = None,
    team: TeamOption = None,
    limit: ManyOption = 20,
    offset: OffsetOption = 0,
    form: FormatOption = Format.TABLE,
) -> None:
    """List the components of a topic, newest first, with what ran with each.

    Example: `ringtest coverage rhel-9 --type compose`
    """
    asked = window(client, first=first, last=last, lab=lab, team=team, limit=limit, offset=offset)
    asked |= {"type": kind} if kind else {}
    found = client.get(f"/topics/{find_id(client, 'topic', topic)}/coverage", asked)["coverage"]
    if form is Format.TABLE:
        shown = [
            {
                **one,
                "type": one["component"]["type"],
                "component": one["component"]["display_name"],
                "pass_rate": percent(one["pass_rate"]),
            }
            for one in found
        ]
        write_many(shown, _SHOWN, form)
    else:
        write_many(found, _COLUMNS, form)
