"""`ringtest topic`."""

from ringtest.cli.calls import connected
from ringtest.cli.fields import Field
from ringtest.cli.kinds import find_id
from ringtest.cli.noun import Noun, WhichArgument, noun_app
from ringtest.cli.output import Format, FormatOption, write_many
from ringtest.client import Client

TOPIC = Noun(
    name="topic",
    help="Topics: the streams that components belong to.",
    columns=("id", "name", "product.name", "component_types", "export_control", "state"),
    fields=(
        Field("name", "Name of the topic.", required=True, positional=True),
        Field("product_id", "Product it belongs to.", "ref", required=True, noun="product"),
        Field("component_types", "A type that every job needs; repeat.", "list", option="type"),
        Field("next_topic_id", "Topic to upgrade to.", "ref", noun="topic", option="next"),
        Field("export_control", "Open to teams without pre-release access.", "flag"),
        Field("data", "Data for the labs: JSON or @file.", "data"),
    ),
    example="Example: `ringtest topic create rhel-9 --product RHEL --type compose "
    "--export-control`",
    sample="rhel-9",
)

app = noun_app(TOPIC)


@app.command()
@connected
def follow(client: Client, which: WhichArgument) -> None:
    """Get mail of the topic's new components.

    Example: `ringtest topic follow rhel-9`
    """
    client.post(f"/topics/{find_id(client, 'topic', which)}/notifications")


@app.command()
@connected
def unfollow(client: Client, which: WhichArgument) -> None:
    """Get no more mail of the topic.

    Example: `ringtest topic unfollow rhel-9`
    """
    client.delete(f"/topics/{find_id(client, 'topic', which)}/notifications")


@app.command()
@connected
def following(client: Client, form: FormatOption = Format.TABLE) -> None:
    """List the topics that you follow.

    Example: `ringtest topic following`
    """
    columns = ("id", "name", "component_types", "state")
    write_many(client.get("/topics/notifications")["topics"], columns, form)
