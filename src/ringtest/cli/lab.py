"""`ringtest lab`: remote CIs."""

import json
import os
from pathlib import Path
from typing import Annotated

import typer

from ringtest.cli import lab_consent, lab_inventory
from ringtest.cli.calls import connected
from ringtest.cli.completion import names_of
from ringtest.cli.fields import Field
from ringtest.cli.keys import add_key_command
from ringtest.cli.kinds import KINDS, find_id, read_one
from ringtest.cli.noun import Noun, WhichArgument, noun_app, show_list
from ringtest.cli.output import Format, FormatOption
from ringtest.client import Client

LAB = Noun(
    name="lab",
    help="Labs (remote CIs in the API): where jobs run.",
    columns=(
        "id",
        "name",
        "team.name",
        "connected",
        "last_seen_at",
        "agent_version",
        "topics.name",
    ),
    fields=(
        Field("name", "Name of the lab.", required=True, positional=True),
        Field("team_id", "Team it belongs to.", "ref", required=True, noun="team"),
        Field("public", "Visible to other teams.", "flag"),
        Field("data", "Free data: JSON or @file.", "data"),
    ),
    example="Example: `ringtest lab create west --team Lab`; the answer holds the agent's key.",
    sample="west",
)

app = noun_app(LAB)
add_key_command(app, "lab", LAB.sample)
lab_inventory.add_to(app)
lab_consent.add_to(app)

TopicOption = Annotated[
    str, typer.Option("--topic", help="Topic, by id or name.", autocompletion=names_of("topic"))
]


@app.command()
@connected
def subscribe(client: Client, which: WhichArgument, topic: TopicOption) -> None:
    """Let the lab have the jobs of a topic.

    Example: `ringtest lab subscribe west --topic rhel-9`
    """
    lab = find_id(client, "lab", which)
    client.post(f"/remotecis/{lab}/topics", {"topic_id": find_id(client, "topic", topic)})


@app.command()
@connected
def unsubscribe(client: Client, which: WhichArgument, topic: TopicOption) -> None:
    """Send the lab no more jobs of a topic.

    Example: `ringtest lab unsubscribe west --topic rhel-9`
    """
    lab = find_id(client, "lab", which)
    client.delete(f"/remotecis/{lab}/topics/{find_id(client, 'topic', topic)}")


@app.command()
@connected
def topics(client: Client, which: WhichArgument, form: FormatOption = Format.TABLE) -> None:
    """List the topics whose jobs the lab gets.

    Example: `ringtest lab topics west`
    """
    lab = find_id(client, "lab", which)
    show_list(client, f"/remotecis/{lab}/topics", "topics", ("id", "name"), form)


@app.command()
@connected
def follow(client: Client, which: WhichArgument) -> None:
    """Get mail of the lab's failed jobs.

    Example: `ringtest lab follow west`
    """
    client.post(f"/remotecis/{find_id(client, 'lab', which)}/users")


@app.command()
@connected
def unfollow(client: Client, which: WhichArgument) -> None:
    """Get no more mail of the lab.

    Example: `ringtest lab unfollow west`
    """
    me = client.get("/identity")["identity"]["id"]
    client.delete(f"/remotecis/{find_id(client, 'lab', which)}/users/{me}")


@app.command()
@connected
def settings(
    client: Client,
    which: WhichArgument,
    to: Annotated[Path, typer.Option("--to", help="File to write; must not be there yet.")],
) -> None:
    """Give the lab a new key, and write it to a settings file for its agent.

    Example: `ringtest lab settings west --to west.toml`, then on the lab's machine
    `ringtest agent --config west.toml`
    """
    # made first: where it cannot be written, the old key must stay
    fd = os.open(to, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    with os.fdopen(fd, "w", encoding="utf-8") as file:
        lab = read_one(client, "lab", which)
        path = f"{KINDS['lab'].path}/{lab['id']}/api_secret"
        answer = client.put(path, None, etag=lab["etag"])[KINDS["lab"].one]
        values = {
            "server": client.connection.server,
            "client_id": f"remoteci/{lab['id']}",
            "api_secret": answer["api_secret"],
        }
        file.writelines(f"{name} = {json.dumps(value)}\n" for name, value in values.items())
    print(f"{to}: settings of an agent of {lab['name']}; earlier keys no longer work")
