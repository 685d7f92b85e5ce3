"""`ringtest token`."""

from datetime import UTC, datetime, timedelta
from typing import Annotated, Any

import typer

from ringtest.cli.calls import connected
from ringtest.cli.completion import names_of
from ringtest.cli.kinds import find_id
from ringtest.cli.noun import Noun, noun_app
from ringtest.cli.output import Format, FormatOption, write_one
from ringtest.client import Client

TOKEN = Noun(
    name="token",
    help="Tokens: keys for programs that may do less than you, and end.",
    columns=("id", "name", "hint", "scopes", "holder_kind", "expires_at", "last_used_at"),
    verbs=("list", "show", "delete"),
    example="Example: `ringtest token create nightly --scope jobs:write --days 30`",
    sample="nightly",
)

app = noun_app(TOKEN)

NameArgument = Annotated[str, typer.Argument(help="What the token is for.", metavar="NAME")]
ScopeOption = Annotated[
    list[str] | None,
    typer.Option("--scope", "-s", help="What it may; several times. Default: read."),
]
DaysOption = Annotated[int, typer.Option("--days", min=1, help="How long it lives.")]
LabOption = Annotated[
    str | None,
    typer.Option("--lab", help="For this lab, not for you.", autocompletion=names_of("lab")),
]
FeederOption = Annotated[
    str | None, typer.Option("--feeder", help="For this feeder.", autocompletion=names_of("feeder"))
]
TeamOption = Annotated[
    str | None,
    typer.Option("--team", help="Narrowed to this team of yours.", autocompletion=names_of("team")),
]


def create(
    client: Client,
    name: NameArgument,
    scope: ScopeOption = None,
    days: DaysOption = 30,
    lab: LabOption = None,
    feeder: FeederOption = None,
    team: TeamOption = None,
    form: FormatOption = Format.TABLE,
) -> None:
    """Make a token; the answer holds it, and nothing shows it again.

    Programs send it as `Authorization: Bearer rt_…`; this command and the Python client take
    it from `RINGTEST_TOKEN`.

    Example: `ringtest token create nightly --scope jobs:write --days 30`
    """
    end = datetime.now(UTC) + timedelta(days=days)
    body: dict[str, Any] = {
        "name": name,
        "scopes": scope or ["read"],
        "expires_at": end.isoformat(),
    }
    for key, noun, text in (
        ("remoteci_id", "lab", lab),
        ("feeder_id", "feeder", feeder),
        ("team_id", "team", team),
    ):
        if text is not None:
            body[key] = find_id(client, noun, text)
    answer = client.post("/tokens", body)["token"]
    shown = ("id", "name", "scopes", "expires_at", "token")
    write_one({name: answer[name] for name in shown}, form)


app.command("create")(connected(create))
