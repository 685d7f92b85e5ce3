"""`ringtest job hold`, `extend` and `release`: what a job left in its lab."""

from typing import Annotated, Any

import typer

from ringtest.cli.calls import NotFound, connected
from ringtest.cli.kinds import find_id
from ringtest.cli.noun import WhichArgument
from ringtest.cli.output import Format, FormatOption, console, write_one
from ringtest.client import Client


def add_to(app: typer.Typer) -> None:
    """Give the noun its verbs of holds."""
    for command in (hold, extend, release):
        app.command()(connected(command))


def hold(client: Client, which: WhichArgument, form: FormatOption = Format.TABLE) -> None:
    """Show what a job left in its lab: until when it is kept, and how to get in.

    Example: `ringtest job hold latest`
    """
    holds = client.get(f"{_path(client, which)}s")["holds"]
    if not holds:
        raise NotFound("the job was never held")
    _write(holds[0], form)


def extend(
    client: Client,
    which: WhichArgument,
    hours: Annotated[float, typer.Option(help="From now on; at most a week from its start.")] = 4,
    form: FormatOption = Format.TABLE,
) -> None:
    """Keep what a job left for longer.

    Example: `ringtest job extend latest --hours 24`
    """
    _write(client.post(f"{_path(client, which)}/extend", {"hours": hours})["hold"], form)


def release(client: Client, which: WhichArgument, form: FormatOption = Format.TABLE) -> None:
    """Let go what a job left: its lab removes it, and takes other jobs.

    Example: `ringtest job release latest`
    """
    _write(client.post(f"{_path(client, which)}/release")["hold"], form)


def _path(client: Client, which: str) -> str:
    return f"/jobs/{find_id(client, 'job', which)}/hold"


def _write(held: dict[str, Any], form: Format) -> None:
    if form is not Format.TABLE:
        write_one(held, form)
        return
    if held["is_held"]:
        console().print(f"held until {held['until']} UTC on {held['host']}; to get in, there:")
        print(held["shell"])
    elif held["released_at"]:
        console().print(f"released by {held['released_by']} at {held['released_at']} UTC")
    else:
        console().print(f"over since {held['until']} UTC")
