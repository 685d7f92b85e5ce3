"""`ringtest component`."""

from pathlib import Path
from typing import Annotated

import typer

from ringtest.cli.calls import connected
from ringtest.cli.component_mirror import mirror_command
from ringtest.cli.downloads import fetch
from ringtest.cli.fields import Field
from ringtest.cli.kinds import find_id
from ringtest.cli.noun import Noun, WhichArgument, noun_app, show_list
from ringtest.cli.output import Format, FormatOption, write_many
from ringtest.client import Client
from ringtest.client.files import LocalFile

FILE_COLUMNS = ("id", "name", "size", "sha256", "mime")

COMPONENT = Noun(
    name="component",
    help="Components: versions of what is tested. Publishing one starts jobs.",
    columns=("id", "display_name", "type", "version", "tags", "released_at", "state"),
    fields=(
        Field("display_name", "Name to show.", required=True, positional=True),
        Field("type", "Type, one of the topic's component types.", required=True),
        Field("topic_id", "Topic.", "ref", required=True, noun="topic", updates=False),
        Field("version", "Version."),
        Field("uid", "Unique id at its source, such as a commit."),
        Field("url", "Where it comes from."),
        Field("title", "Title of the change."),
        Field("message", "Message of the change."),
        Field("tags", "A tag, such as build:nightly; repeat.", "list", option="tag"),
        Field("released_at", "When it was released: ISO time."),
        Field("team_id", "Only for this team.", "ref", noun="team"),
        Field("data", "Free data: JSON or @file.", "data"),
        Field("state", "inactive: publish later, when its files are there.", updates=False),
    ),
    example="Example: `ringtest component create compose-9.5 --type compose --topic rhel-9 "
    "--version 9.5 --state inactive`, then "
    "`ringtest component upload compose-9.5 compose.repo --activate`",
    sample="compose-9.5",
)

app = noun_app(COMPONENT)
app.command("mirror")(mirror_command)


@app.command()
@connected
def upload(
    client: Client,
    which: WhichArgument,
    files: Annotated[list[Path], typer.Argument(help="Files to attach.", exists=True)],
    activate: Annotated[
        bool, typer.Option("--activate", help="Then publish the component: jobs start.")
    ] = False,
    form: FormatOption = Format.TABLE,
) -> None:
    """Attach files to a component.

    Example: `ringtest component upload compose-9.5 compose.repo --activate`
    """
    component = find_id(client, "component", which)
    stored = []
    for path in files:
        file = LocalFile.measure(path)
        headers = {"DCI-NAME": path.name, "DCI-SHA256": file.sha256}
        answer = client.upload(f"/components/{component}/files", file, headers)
        stored.append(answer["component_file"])
    if activate:
        item = client.get(f"/components/{component}")["component"]
        client.put(f"/components/{component}", {"state": "active"}, etag=item["etag"])
    write_many(stored, FILE_COLUMNS, form)


@app.command()
@connected
def files(client: Client, which: WhichArgument, form: FormatOption = Format.TABLE) -> None:
    """List the files of a component.

    Example: `ringtest component files compose-9.5`
    """
    component = find_id(client, "component", which)
    show_list(client, f"/components/{component}/files", "component_files", FILE_COLUMNS, form)


@app.command()
@connected
def download(
    client: Client,
    which: WhichArgument,
    to: Annotated[Path, typer.Option("--to", help="Folder to write to.")] = Path(),
) -> None:
    """Write the files of a component to a folder. What was cut goes on when the same command
    runs again; a file has its name when it is whole and what the server says it is.

    Example: `ringtest component download compose-9.5 --to files`
    """
    component = find_id(client, "component", which)
    path = f"/components/{component}/files"
    for file in client.pages(path, "component_files"):
        print(fetch(client, path, file, to))
