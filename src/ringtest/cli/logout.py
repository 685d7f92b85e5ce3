"""`ringtest logout`."""

import os

import typer

from ringtest.cli import config
from ringtest.cli.calls import problems
from ringtest.cli.config import Saved
from ringtest.client import ApiError, Client, Connection, Unreachable

app = typer.Typer(add_completion=False)


@app.command()
def logout() -> None:
    """End the session and forget it; the server's address is kept.

    Example: `ringtest logout`
    """
    with problems():
        path = config.config_path(os.environ)
        saved = config.load(path)
        if not saved.session:
            print("not logged in")
            return
        config.save(path, Saved(saved.server, saved.user))
        try:
            with Client(Connection.for_session(saved.server, saved.session)) as client:
                client.delete("/session")
        except (ApiError, Unreachable):
            print("forgotten here; the server could not be told, its session ends by itself")
