"""`ringtest agent`: run a lab's jobs, and what a lab does beside that."""

import os
import sys
from pathlib import Path
from typing import Annotated

import typer

from ringtest.cli.agent_doctor import add_to as add_doctor
from ringtest.cli.agent_offline import add_to as add_offline
from ringtest.cli.agent_run import add_to as add_run
from ringtest.cli.agent_setup import add_to as add_setup

app = typer.Typer(rich_markup_mode="markdown", add_completion=False, invoke_without_command=True)


@app.callback()
def agent(
    context: typer.Context,
    server: Annotated[
        str | None, typer.Option(help="Address of the server. Else RINGTEST_SERVER or DCI_CS_URL.")
    ] = None,
    identity: Annotated[
        str | None,
        typer.Option("--id", help="The lab: remoteci/UUID. Else DCI_CLIENT_ID."),
    ] = None,
    data: Annotated[
        Path | None, typer.Option(help="Folder for jobs, journals and downloads.")
    ] = None,
    config: Annotated[
        Path | None, typer.Option(help="Settings file (TOML), see below.", exists=True)
    ] = None,
    max_jobs: Annotated[
        int | None, typer.Option(help="Jobs that run at the same time.", min=1)
    ] = None,
    label: Annotated[
        str | None, typer.Option(help="Name of this agent; else the host's name.")
    ] = None,
) -> None:
    """Run this lab's jobs, on outbound connections only.

    The lab's key never goes on the command line: it comes from `DCI_API_SECRET`, from the
    file that `RINGTEST_API_SECRET_FILE` or `api_secret_file` names, or from a settings file
    that only its owner can read.

    Settings file: `server`, `client_id`, `api_secret` or `api_secret_file`, `data`, `label`,
    `labels`, `topics`, `topics_every_hours`, `max_jobs`, `python`, `keep_jobs`, `keep_failed`,
    `disk_gib`, `cache_gib`, `kill_grace_seconds`, `ca_file`, `proxy`, `mirrors`, `secrets`,
    `accepts`, `limits` and others, and variables for a stage in tables such as
    `[stage_environment.test]`: docs/reference/agent.md has them all.

    Example: `ringtest agent --config west.toml --data /var/lib/ringtest`, after
    `ringtest lab settings west --to west.toml`; or with its key in DCI_API_SECRET.
    """
    if context.invoked_subcommand:
        return
    options = {
        "server": server,
        "client_id": identity,
        "data": data,
        "max_jobs": max_jobs,
        "label": label,
        "config": config,
    }
    given = [f"{name}={value}" for name, value in options.items() if value is not None]
    sys.stdout.flush()
    os.execv(sys.executable, [sys.executable, "-P", "-m", "ringtest.agent.main", *given])


add_run(app)
add_setup(app)
add_doctor(app)
add_offline(app)
