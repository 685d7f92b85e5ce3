"""New keys for labs and feeders."""

from typing import Annotated

import typer

from ringtest.cli.calls import connected
from ringtest.cli.kinds import KINDS, read_one
from ringtest.cli.noun import WhichArgument
from ringtest.cli.output import Format, FormatOption, write_one
from ringtest.client import Client

OverlapOption = Annotated[
    int, typer.Option("--overlap", min=0, help="Seconds that the old key goes on working.")
]


def add_key_command(app: typer.Typer, noun: str, sample: str) -> None:
    """Add `new-key` to a noun whose things have keys; one of them is called `sample`."""
    kind = KINDS[noun]

    def new_key(
        client: Client,
        which: WhichArgument,
        overlap: OverlapOption = 0,
        form: FormatOption = Format.TABLE,
    ) -> None:
        item = read_one(client, noun, which)
        body = {"overlap_seconds": overlap}
        answer = client.put(f"{kind.path}/{item['id']}/api_secret", body, etag=item["etag"])
        one = answer[kind.one]
        write_one({name: one[name] for name in ("id", "name", "api_secret")}, form)

    new_key.__doc__ = (
        f"Give a {noun} a new key; the answer holds it, and nothing shows it again.\n\n"
        f"Example: `ringtest {noun} new-key {sample} --overlap 3600`"
    )
    app.command("new-key")(connected(new_key))
