"""`ringtest rule`."""

from ringtest.cli.fields import Field
from ringtest.cli.noun import Noun, noun_app

RULE = Noun(
    name="rule",
    help="Trigger rules: a published component starts a definition in every subscribed lab.",
    columns=("id", "name", "topic_id", "definition_id", "component_types", "state"),
    fields=(
        Field("name", "Name of the rule.", required=True, positional=True),
        Field("topic_id", "Topic.", "ref", required=True, noun="topic", updates=False),
        Field("definition_id", "What to run.", "ref", required=True, noun="definition"),
        Field("component_types", "Only for this type; repeat. Else any.", "list", option="type"),
    ),
    example="Example: `ringtest rule create nightly --topic rhel-9 --definition smoke`",
    sample="nightly",
)

app = noun_app(RULE)
