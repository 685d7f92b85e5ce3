"""`ringtest lab inventory`: what a lab's machines are made of, and what changed."""

from typing import Annotated, Any

import typer

from ringtest.cli.calls import connected
from ringtest.cli.kinds import find_id
from ringtest.cli.noun import WhichArgument
from ringtest.cli.output import Format, FormatOption, write_many
from ringtest.client import Client
from ringtest.language.differing import differences, leaves


def add_to(app: typer.Typer) -> None:
    """Give labs their inventory."""
    app.command()(connected(inventory))


def inventory(
    client: Client,
    which: WhichArgument,
    since_job: Annotated[
        str | None, typer.Option(help="Only what is not as when this job ran: an id, or latest.")
    ] = None,
    history: Annotated[bool, typer.Option("--history", help="Every change, newest first.")] = False,
    form: FormatOption = Format.TABLE,
) -> None:
    """Show what the lab's machines are made of; flags of processors are left out of the table.

    Example: `ringtest lab inventory west`, `ringtest lab inventory west --history`
    """
    path = f"/remotecis/{find_id(client, 'lab', which)}/inventory"
    if history:
        _write_history(list(client.pages(f"{path}/history", "inventories")), form)
        return
    machines = list(client.pages(path, "inventories"))
    if since_job is not None:
        job = find_id(client, "job", since_job)
        _write_since(client.get(f"/jobs/{job}/inventory")["inventory"], machines, form)
    elif form in (Format.JSON, Format.YAML):
        write_many(machines, ("agent", "created_at"), form)
    else:
        rows = [
            {"agent": one["agent"], "what": what, "value": value}
            for one in machines
            for what, value in leaves({"label": one["labels"], **one["inventory"]})
            if not what.startswith("cpu / flags / ")
        ]
        write_many(rows, ("agent", "what", "value"), form)


def _write_history(told: list[dict[str, Any]], form: Format) -> None:
    rows = [
        {"at": one["created_at"], "agent": one["agent"], **change}
        for one in told
        for change in one["changes"] or [{"what": "first told", "before": None, "after": None}]
    ]
    write_many(rows, ("at", "agent", "what", "before", "after"), form)


def _write_since(then: dict[str, Any], machines: list[dict[str, Any]], form: Format) -> None:
    now = next((one for one in machines if one["agent"] == then["agent"]), then)
    found = differences(
        {"label": then["labels"], **then["inventory"]}, {"label": now["labels"], **now["inventory"]}
    )
    rows = [{"what": one.what, "before": one.before, "after": one.after} for one in found]
    write_many(rows, ("what", "before", "after"), form)
