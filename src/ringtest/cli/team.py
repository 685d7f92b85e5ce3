"""`ringtest team`."""

from typing import Annotated

import typer

from ringtest.cli.calls import connected
from ringtest.cli.fields import Field
from ringtest.cli.kinds import find_id
from ringtest.cli.noun import Noun, WhichArgument, noun_app, show_list
from ringtest.cli.output import Format, FormatOption
from ringtest.client import Client

TEAM = Noun(
    name="team",
    help="Teams: they own labs, and see their own jobs only.",
    columns=("id", "name", "country", "external", "has_pre_release_access", "state"),
    fields=(
        Field("name", "Name of the team.", required=True, positional=True),
        Field("country", "Country code."),
        Field("external", "A partner's team, not our own.", "flag"),
        Field(
            "has_pre_release_access",
            "May see topics before their release.",
            "flag",
            option="pre-release",
        ),
    ),
    example="Example: `ringtest team create Lab --external`",
    sample="Lab",
)

app = noun_app(TEAM)

MemberArgument = Annotated[str, typer.Argument(help="User, by id or name.", metavar="USER")]


@app.command("add-user")
@connected
def add_user(client: Client, which: WhichArgument, member: MemberArgument) -> None:
    """Make a user a member.

    Example: `ringtest team add-user Lab qe-lead`
    """
    team = find_id(client, "team", which)
    client.post(f"/teams/{team}/users/{find_id(client, 'user', member)}")


@app.command("remove-user")
@connected
def remove_user(client: Client, which: WhichArgument, member: MemberArgument) -> None:
    """End a membership.

    Example: `ringtest team remove-user Lab qe-lead`
    """
    team = find_id(client, "team", which)
    client.delete(f"/teams/{team}/users/{find_id(client, 'user', member)}")


@app.command()
@connected
def users(client: Client, which: WhichArgument, form: FormatOption = Format.TABLE) -> None:
    """List the members.

    Example: `ringtest team users Lab -f csv`
    """
    team = find_id(client, "team", which)
    show_list(client, f"/teams/{team}/users", "users", ("id", "name", "fullname", "email"), form)
