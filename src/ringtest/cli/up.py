"""`ringtest up`: run the control server."""

import os
from enum import StrEnum
from pathlib import Path
from typing import Annotated, Any

import typer

from ringtest.cli.calls import end
from ringtest.cli.exits import EXIT_USAGE
from ringtest.control.kernel.errors import RingtestError
from ringtest.control.kernel.settings import read_settings
from ringtest.control.operations.model import check_setting
from ringtest.control.server import say, serve
from ringtest.control.workers import supervise

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
    workers: Annotated[
        int, typer.Option(min=1, max=64, help="Processes that share the port; SIGHUP renews them.")
    ] = 1,
    fd: Annotated[
        int | None, typer.Option(help="Number of a socket that is open and bound already.")
    ] = None,
    worker: Annotated[
        bool, typer.Option(hidden=True, help="Stop when standard input ends.")
    ] = False,
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
        check_setting(settings.metrics)
        place: dict[str, Any] = {"settings": settings, "host": host.strip("[]"), "port": int(port)}
        if workers > 1:
            supervise(**place, role=role.value, number=workers, tell=say)
        else:
            serve(**place, role=role.value, fd=fd, parent=0 if worker else None)
    except RingtestError as error:
        end(error.message, EXIT_USAGE)
