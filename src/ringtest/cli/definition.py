"""`ringtest definition`."""

from ringtest.cli.fields import Field
from ringtest.cli.matching import add_to_definition
from ringtest.cli.noun import Noun, noun_app

DEFINITION = Noun(
    name="definition",
    help="Job definitions: the stages of a topic's jobs, and the files they bring home.",
    columns=("id", "name", "topic_id", "state", "created_at"),
    fields=(
        Field("name", "Name of the definition.", required=True, positional=True),
        Field("topic_id", "Topic.", "ref", required=True, noun="topic", updates=False),
        Field("spec", "What to do: JSON, or @file with JSON or YAML.", "data", required=True),
    ),
    example="Example: `ringtest definition create smoke --topic rhel-9 --spec @smoke.yaml`",
    sample="smoke",
)

app = noun_app(DEFINITION)
add_to_definition(app)
