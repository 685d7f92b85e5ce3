"""What every command has: a connection, and errors that become one line and an exit code."""

import inspect
import os
import sys
from collections.abc import Callable, Generator
from contextlib import contextmanager
from functools import wraps
from typing import Annotated, Any, NoReturn

import httpx
import typer
from rich.cells import cell_len

from ringtest.cli import config
from ringtest.cli.config import UsageError
from ringtest.cli.exits import (
    EXIT_NOT_FOUND,
    EXIT_REFUSED,
    EXIT_UNREACHABLE,
    EXIT_USAGE,
)
from ringtest.client import ApiError, Client, Connection, Unreachable

ServerOption = Annotated[
    str | None,
    typer.Option("--server", help="Address of the server.", rich_help_panel="Connection"),
]
UserOption = Annotated[
    str | None,
    typer.Option(
        "--user", help="Name of a user; asks for the password.", rich_help_panel="Connection"
    ),
]


SHOWN = 76
"""Characters of a query that are shown with what is wrong in it."""


class NotFound(Exception):
    """Nothing of that name; becomes exit code 3."""


def connected(function: Callable[..., None]) -> Callable[..., None]:
    """A command that gets a client as its first argument, and --server and --user as options."""
    signature = inspect.signature(function)
    own = list(signature.parameters.values())[1:]
    keyword = inspect.Parameter.KEYWORD_ONLY
    common = [
        inspect.Parameter("server", keyword, default=None, annotation=ServerOption),
        inspect.Parameter("user", keyword, default=None, annotation=UserOption),
    ]

    @wraps(function)
    def command(*, server: str | None, user: str | None, **given: Any) -> None:
        with problems(), Client(find_connection(server, user)) as client:
            function(client, **given)

    parameters = [each.replace(kind=keyword) for each in own] + common
    command.__dict__["__signature__"] = signature.replace(parameters=parameters)
    command.__annotations__ = {each.name: each.annotation for each in parameters}
    return command


def find_connection(server: str | None, user: str | None) -> Connection:
    """The connection that options, environment and configuration file describe."""
    saved = config.load(config.config_path(os.environ))
    return config.find_connection(
        server, user, environment=os.environ, saved=saved, ask=ask_password
    )


def ask_password(question: str) -> str:
    """Ask on the terminal. UsageError where there is none."""
    if not sys.stdin.isatty():
        raise UsageError("no password: set RINGTEST_PASSWORD, or run this on a terminal")
    return str(typer.prompt(question, hide_input=True, err=True))


@contextmanager
def problems() -> Generator[None, None, None]:
    """Errors of the client become a line on stderr and the documented exit code."""
    try:
        yield
    except (UsageError, httpx.InvalidURL) as error:
        end(str(error), EXIT_USAGE)
    except NotFound as error:
        end(str(error), EXIT_NOT_FOUND)
    except Unreachable as error:
        end(str(error), EXIT_UNREACHABLE)
    except ApiError as error:
        end(_advice(error), EXIT_NOT_FOUND if error.status == 404 else EXIT_REFUSED)
    except OSError as error:
        end(f"{error.filename or 'file'}: {error.strerror or error}", EXIT_USAGE)


def end(message: str, code: int) -> NoReturn:
    """Say why on stderr and end with the code."""
    print(f"ringtest: {message}", file=sys.stderr)
    raise typer.Exit(code)


def _advice(error: ApiError) -> str:
    if error.status == 401:
        return f"{error}. Is this the right user? `ringtest login` begins a new session"
    position = error.payload.get("position")
    if error.query and isinstance(position, int):
        return "\n".join([f"{error.message} ({error.status})", *pointed_at(error.query, position)])
    return str(error)


def pointed_at(query: str, position: int) -> tuple[str, str]:
    """The query in one line, and below it a mark under the character at `position` (from 0). Of
    a long one the part around it.

    >>> print(*pointed_at("status:failure and", 18), sep="\\n")
      status:failure and
                        ^
    """
    line = "".join(sign if sign.isprintable() else " " for sign in query)
    start = max(0, position - SHOWN // 2) if len(line) > SHOWN else 0
    shown = line[start : start + SHOWN]
    before, after = "…" if start else "", "…" if start + SHOWN < len(line) else ""
    blanks = cell_len(before + shown[: position - start])
    return f"  {before}{shown}{after}", f"  {' ' * blanks}^"
