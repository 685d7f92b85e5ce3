"""What the shell may put after the first letters of a name.

A completion never asks, never complains and never takes long: where there is no session, no
server or no answer there are no names.
"""

import os
from collections.abc import Callable

import typer

from ringtest.cli import config
from ringtest.cli.config import UsageError
from ringtest.cli.kinds import KINDS, where_parameter
from ringtest.client import Client, Retries
from ringtest.client.errors import ClientError

MOST = 50
"""Names that are shown."""


def names_of(noun: str) -> Callable[[str], list[str]]:
    """The completion of a thing of this kind."""

    def complete(incomplete: str) -> list[str]:
        return names(noun, incomplete)

    return complete


def names_here(ctx: typer.Context, incomplete: str) -> list[str]:
    """The completion of `ringtest NOUN VERB …`: a thing of the command's own noun."""
    noun = ctx.parent.info_name if ctx.parent else None
    return names(noun or "", incomplete)


def names(noun: str, beginning: str) -> list[str]:
    """Names that hold this, of which typer keeps those that begin so; `latest` of what has none."""
    kind = KINDS.get(noun)
    if kind is None:
        return []
    column = kind.name_column
    if column is None:
        return ["latest"]
    asked = {"limit": str(MOST), "offset": "0", "fields": column}
    if beginning:
        asked["where"] = where_parameter([f"{column}:{beginning}*"])
    try:
        saved = config.load(config.config_path(os.environ))
        connection = config.find_connection(
            None, None, environment=os.environ, saved=saved, ask=_never
        )
        with Client(connection, retries=Retries(attempts=1)) as client:
            return [str(one[column]) for one in client.get(kind.path, asked)[kind.many]]
    except (UsageError, ClientError, OSError):
        return []


def _never(question: str) -> str:
    raise UsageError(question)
