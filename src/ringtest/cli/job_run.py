"""`ringtest job run`: something on one lab, at once or after a question to its people."""

from pathlib import Path
from typing import Annotated, Any

import typer

from ringtest.agent.parameters import read_argument
from ringtest.cli.calls import connected
from ringtest.cli.completion import names_of
from ringtest.cli.config import UsageError
from ringtest.cli.fields import read_data
from ringtest.cli.kinds import find_id
from ringtest.cli.lab_consent import COLUMNS
from ringtest.cli.matching import NeedsOption, read_needs
from ringtest.cli.output import Format, FormatOption, write_many, write_one
from ringtest.client import Client


def add_to(app: typer.Typer) -> None:
    """Give jobs their way to a lab."""
    app.command()(connected(run))


def run(
    client: Client,
    lab: Annotated[str, typer.Option(help="Lab, by id or name.", autocompletion=names_of("lab"))],
    topic: Annotated[
        str, typer.Option(help="Topic, by id or name.", autocompletion=names_of("topic"))
    ],
    definition: Annotated[
        str | None,
        typer.Option(
            help="Job definition by id or name, or a file (YAML). Else the only one of the topic."
        ),
    ] = None,
    component: Annotated[
        list[str] | None, typer.Option(help="Id of a component; repeat. Else the newest ones.")
    ] = None,
    needs: NeedsOption = None,
    name: Annotated[str | None, typer.Option(help="Name of the job.")] = None,
    comment: Annotated[str | None, typer.Option(help="Why; the lab's people read it.")] = None,
    hours: Annotated[
        float, typer.Option(help="Until when its people may answer, if they are asked.")
    ] = 72,
    parameter: Annotated[
        list[str] | None, typer.Option("-p", "--parameter", help="name=value; may be repeated.")
    ] = None,
    form: FormatOption = Format.TABLE,
) -> None:
    """Run something on one lab.

    On a lab of one's own team there is a job at once. Elsewhere that is for the lab to say:
    never, after its people were asked, or always. Status `asked` means that they are.

    Example: `ringtest job run --lab west --topic rhel-9 --comment 'after the new firmware'`
    """
    given = {
        "components_ids": [find_id(client, "component", one) for one in component or ()] or None,
        "labels": read_needs(needs) or None,
        "parameters": _parameters(parameter or []) or None,
        "name": name,
        "comment": comment,
        **_what(client, definition),
    }
    body = {
        "remoteci_id": find_id(client, "lab", lab),
        "topic_id": find_id(client, "topic", topic),
        "expires_hours": hours,
        **{key: value for key, value in given.items() if value is not None},
    }
    told = client.post("/lab_runs", body)["lab_run"]
    if form is Format.TABLE:
        write_many([told], COLUMNS, form)
    else:
        write_one(told, form)


def _parameters(words: list[str]) -> dict[str, Any]:
    try:
        return dict(map(read_argument, words))
    except ValueError as error:
        raise UsageError(str(error)) from None


def _what(client: Client, definition: str | None) -> dict[str, Any]:
    if definition is None:
        return {}
    if Path(definition).is_file():
        return {"definition": read_data(f"@{definition}")}
    return {"definition_id": find_id(client, "definition", definition)}
