"""New keys for labs and feeders."""

import typer

from ringtest.cli.calls import connected
from ringtest.cli.kinds import KINDS, read_one
from ringtest.cli.noun import WhichArgument
from ringtest.cli.output import Format, FormatOption, write_one
from ringtest.client import Client


def add_key_command(app: typer.Typer, noun: str) -> None:
    """Add `new-key` to a noun whose things have keys."""
    kind = KINDS[noun]

    def new_key(client: Client, which: WhichArgument, form: FormatOption = Format.TABLE) -> None:
        item = read_one(client, noun, which)
        answer = client.put(f"{kind.path}/{item['id']}/api_secret", None, etag=item["etag"])
        one = answer[kind.one]
        write_one({name: one[name] for name in ("id", "name", "api_secret")}, form)

    new_key.__doc__ = f"Give a {noun} a new key; the answer holds it, and nothing shows it again."
    app.command("new-key")(connected(new_key))
