"""`ringtest up`: run the control server."""

import os
from enum import StrEnum
from pathlib import Path
from typing import Annotated

import typer

from ringtest.cli.calls import end
from ringtest.cli.exits import EXIT_USAGE
from ringtest.control.kernel.errors import RingtestError
from ringtest.control.kernel.settings import read_settings
from ringtest.control.server import serve

app = typer.Typer(rich_markup_mode="markdown", add_completion=False)


class Role(StrEnum):
    """What this process does."""

    BOTH = "both"
    API = "api"
    LOOPS = "loops"


@app.command()
def up(
    data: Annotated[
        Path | None, typer.Option(help="Folder of the database, the files and the key.")
    ] = None,
    listen: Annotated[str, typer.Option(help="Address and port to answer at.")] = "127.0.0.1:8080",
    role: Annotated[
        Role, typer.Option(help="Answer requests, do the work behind them, or both.")
    ] = Role.BOTH,
) -> None:
    """Run the control server, with a database of its own unless one is given.

    Settings are variables named `RINGTEST_…`: see docs/reference/settings.md. At the first
    start the user `admin` is made; its password is printed once.

    Example: `ringtest up --data /var/lib/ringtest --listen 0.0.0.0:8080`
    """
    host, colon, port = listen.rpartition(":")
    if not colon or not port.isdigit() or int(port) > 65535:
        end(f"--listen wants HOST:PORT, not {listen!r}", EXIT_USAGE)
    environment = dict(os.environ)
    if data is not None:
        environment["RINGTEST_DATA"] = str(data.absolute())
    try:
        settings = read_settings(environment)
        serve(settings=settings, host=host.strip("[]"), port=int(port), role=role.value)
    except RingtestError as error:
        end(error.message, EXIT_USAGE)
