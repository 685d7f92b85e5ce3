"""`ringtest series`: a number that jobs have under a key, over time."""

from typing import Annotated

import typer
from rich.text import Text

from ringtest.cli.calls import connected
from ringtest.cli.noun import QueryOption
from ringtest.cli.output import Format, FormatOption, console, write_many
from ringtest.cli.questions import FromOption, LabOption, ManyOption, TeamOption, ToOption, window
from ringtest.cli.sparkline import sparkline
from ringtest.client import Client

app = typer.Typer(add_completion=False, rich_markup_mode="markdown")

_COLUMNS = ("at", "value", "remoteci.name", "job_id")


@app.command()
@connected
def series(
    client: Client,
    key: Annotated[str, typer.Argument(help="The key of the numbers.")],
    query: QueryOption = None,
    first: FromOption = None,
    last: ToOption = None,
    lab: LabOption = None,
    team: TeamOption = None,
    limit: ManyOption = 200,
    form: FormatOption = Format.TABLE,
) -> None:
    """Show the numbers that jobs have under a key, oldest first.

    Example: `ringtest series boot_seconds --query 'topic:rhel-9' --from 2026-10-01`
    """
    asked = window(client, first=first, last=last, lab=lab, team=team, limit=limit)
    asked |= {"key": key} | ({"query": query} if query else {})
    found = client.get("/keys_values_series", asked)["series"]
    if form is Format.TABLE and found:
        values = [one["value"] for one in found]
        said = f"{min(values):g} to {max(values):g}, last {values[-1]:g}"
        console().print(Text(f"{key}  {sparkline(values)}  {said}"))
    write_many(found, _COLUMNS, form)
