"""`ringtest product`."""

from typing import Annotated

import typer

from ringtest.cli.calls import connected
from ringtest.cli.completion import names_of
from ringtest.cli.fields import Field
from ringtest.cli.kinds import find_id
from ringtest.cli.noun import Noun, WhichArgument, noun_app, show_list
from ringtest.cli.output import Format, FormatOption, write_one
from ringtest.client import Client

PRODUCT = Noun(
    name="product",
    help="Products: what is tested, and which teams may see it.",
    columns=("id", "name", "label", "topics.name", "state"),
    fields=(
        Field("name", "Name of the product.", required=True, positional=True),
        Field("label", "Short unique label; else made of the name."),
        Field("description", "What it is."),
        Field("data", "Data for the labs: JSON or @file.", "data"),
    ),
    example="Example: `ringtest product create RHEL`, then "
    "`ringtest product grant RHEL --team Lab`",
    sample="RHEL",
)

app = noun_app(PRODUCT)

TeamOption = Annotated[
    str, typer.Option("--team", help="Team, by id or name.", autocompletion=names_of("team"))
]


@app.command()
@connected
def grant(client: Client, which: WhichArgument, team: TeamOption) -> None:
    """Let a team see the product.

    Example: `ringtest product grant RHEL --team Lab`
    """
    product = find_id(client, "product", which)
    client.post(f"/products/{product}/teams", {"team_id": find_id(client, "team", team)})


@app.command()
@connected
def revoke(client: Client, which: WhichArgument, team: TeamOption) -> None:
    """Hide the product from a team.

    Example: `ringtest product revoke RHEL --team Lab`
    """
    product = find_id(client, "product", which)
    client.delete(f"/products/{product}/teams/{find_id(client, 'team', team)}")


@app.command()
@connected
def teams(client: Client, which: WhichArgument, form: FormatOption = Format.TABLE) -> None:
    """List the teams that see the product.

    Example: `ringtest product teams RHEL`
    """
    product = find_id(client, "product", which)
    show_list(client, f"/products/{product}/teams", "teams", ("id", "name", "country"), form)


@app.command()
@connected
def signatures(
    client: Client,
    which: WhichArgument,
    keep: Annotated[
        list[str] | None, typer.Option(help="Pattern of text that is never masked; repeat.")
    ] = None,
    own_code: Annotated[
        list[str] | None, typer.Option(help="Glob of source files that are its own; repeat.")
    ] = None,
    form: FormatOption = Format.TABLE,
) -> None:
    """Show how a product's failures are told apart, or change it: one '' empties a list.

    Example: `ringtest product signatures RHEL --keep 'port [0-9]+' --own-code '*/ringlib/*'`
    """
    path = f"/products/{find_id(client, 'product', which)}/signature_policy"
    policy = client.get(path)["signature_policy"]
    given = {"keep": keep, "own_code": own_code}
    changes = {name: [one for one in values if one] for name, values in given.items() if values}
    if changes:
        policy = client.put(path, changes, etag=policy["etag"])["signature_policy"]
    write_one(policy, form)
