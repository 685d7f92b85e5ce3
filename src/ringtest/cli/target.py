"""`ringtest target`: where reports go."""

from ringtest.cli.fields import Field
from ringtest.cli.noun import Noun, noun_app

TARGET = Noun(
    name="target",
    help="Report targets: who is told of new failures, by webhook or mail.",
    columns=("id", "name", "channel", "address", "topic_id", "team_id", "state"),
    fields=(
        Field("name", "Name of the target.", required=True, positional=True),
        Field("channel", "webhook or mail.", required=True, updates=False),
        Field("address", "Web address, or mail address.", required=True),
        Field("team_id", "Team whose failures.", "ref", required=True, noun="team", updates=False),
        Field("topic_id", "Only of this topic.", "ref", noun="topic"),
        Field("secret", "Key that signs webhooks", "password"),
    ),
    example="Example: `ringtest target create chat --channel webhook "
    "--address https://chat.example.com/hook --team Lab`",
    sample="chat",
)

app = noun_app(TARGET)
