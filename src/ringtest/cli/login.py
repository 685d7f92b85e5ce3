"""`ringtest login`: a session that later commands use."""

import os
from typing import Annotated

import typer

from ringtest.cli import config
from ringtest.cli.calls import ask_password, problems
from ringtest.cli.config import Saved, UsageError
from ringtest.client import ApiError, Client, Connection
from ringtest.client.auth import SESSION_COOKIE
from ringtest.client.connection import base_url
from ringtest.client.errors import error_from
from ringtest.client.requests import post

app = typer.Typer(rich_markup_mode="markdown", add_completion=False)


@app.command()
def login(
    server: Annotated[str | None, typer.Option(help="Address of the server.")] = None,
    user: Annotated[str | None, typer.Option(help="Your user name.")] = None,
) -> None:
    """Log in, and remember server and session for later commands.

    The password is asked for, or taken from `RINGTEST_PASSWORD`; only the session is kept,
    in a file that nobody else can read.

    Example: `ringtest login --server https://ci.example.com --user admin`
    """
    with problems():
        path = config.config_path(os.environ)
        saved = config.load(path)
        address = base_url(config.find_server(server, os.environ, saved))
        name = user or os.environ.get("RINGTEST_USER") or saved.user
        if not name:
            raise UsageError("as whom? Give --user")
        password = os.environ.get("RINGTEST_PASSWORD") or ask_password(f"Password of {name}")
        token = _open_session(address, name, password)
        config.save(path, Saved(address, name, token))
        print(f"logged in to {address} as {name}")


def _open_session(server: str, name: str, password: str) -> str:
    with Client(Connection.anonymous(server)) as client:
        response = client.send(post("/session", {"name": name, "password": password}))
        if response.status_code >= 300:
            raise error_from(response)
        token = response.cookies.get(SESSION_COOKIE)
    if not token:
        raise ApiError(response.status_code, "the server gave no session", {}, "POST /session")
    return token
