"""`ringtest feeder`."""

from ringtest.cli.fields import Field
from ringtest.cli.keys import add_key_command
from ringtest.cli.noun import Noun, noun_app

FEEDER = Noun(
    name="feeder",
    help="Feeders: programs that publish components, each with a key of its own.",
    columns=("id", "name", "team.name", "state"),
    fields=(
        Field("name", "Name of the feeder.", required=True, positional=True),
        Field("team_id", "Team it belongs to.", "ref", required=True, noun="team"),
        Field("data", "Free data: JSON or @file.", "data"),
    ),
    example="Example: `ringtest feeder create nightly --team Lab`; the answer holds the key.",
    sample="nightly",
)

app = noun_app(FEEDER)
add_key_command(app, "feeder", FEEDER.sample)
