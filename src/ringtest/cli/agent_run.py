"""`ringtest agent run` and `ringtest agent inventory`: one job at a lab's own wish; its machine."""

import os
import sys
from pathlib import Path
from typing import Annotated

import typer

from ringtest.agent.inventory.labels import derived
from ringtest.agent.inventory.reading import read_inventory
from ringtest.agent.main import run_agent
from ringtest.agent.settings import SettingsError, read_settings
from ringtest.cli.calls import problems
from ringtest.cli.exits import EXIT_OF_RESULT, EXIT_REFUSED, EXIT_USAGE
from ringtest.cli.output import Format, FormatOption, write_one


def add_to(app: typer.Typer) -> None:
    """Hang the commands below `ringtest agent`."""
    app.command("run")(run)
    app.command("inventory")(inventory)


def run(
    once: Annotated[
        str, typer.Option(help="Topic, by name or id, of which the lab asks for a job.")
    ],
    config: Annotated[
        Path | None, typer.Option(help="Settings file of the agent (TOML).", exists=True)
    ] = None,
    data: Annotated[Path | None, typer.Option(help="The agent's data folder.")] = None,
) -> None:
    """Ask for one job of a topic, do it, and end: for cron, timers and people.

    Other jobs of the lab stay in its queue. Ends with 0 if the job passed, 10 if it failed, 11
    if it errored, 12 if it was cancelled. The data folder must not be that of a running agent.

    Example: `ringtest agent run --once rhel-9 --config west.toml --data once`
    """
    try:
        with problems():
            result = run_agent(read_settings({"data": data}, os.environ, config), once=once)
    except SettingsError as error:
        print(f"ringtest agent run: {error}", file=sys.stderr)
        raise typer.Exit(EXIT_USAGE) from None
    raise typer.Exit(EXIT_OF_RESULT.get(result, EXIT_REFUSED))


def inventory(form: FormatOption = Format.YAML) -> None:
    """Show what an agent on this machine tells of it, without telling anybody.

    Example: `ringtest agent inventory -f json`
    """
    found = read_inventory()
    write_one({"labels": derived(found), "inventory": found}, form)
