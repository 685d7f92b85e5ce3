"""`ringtest topic`."""

from ringtest.cli.fields import Field
from ringtest.cli.noun import Noun, noun_app

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
    example="Example: `ringtest topic create rhel-9 --product RHEL --type compose`",
)

app = noun_app(TOPIC)
