"""`ringtest controller`: Jenkins controllers that stand for a lab."""

from ringtest.cli.calls import connected
from ringtest.cli.fields import Field
from ringtest.cli.kinds import find_id
from ringtest.cli.noun import Noun, WhichArgument, noun_app
from ringtest.cli.output import Format, FormatOption, write_many
from ringtest.client import Client

CONTROLLER = Noun(
    name="controller",
    help="Jenkins controllers that stand for a lab: its jobs are builds there.",
    columns=("id", "name", "url", "username", "remoteci_id", "state"),
    fields=(
        Field("name", "Name of the controller.", required=True, positional=True),
        Field("url", "Its address.", required=True),
        Field(
            "remoteci_id",
            "The lab that it stands for.",
            "ref",
            required=True,
            noun="lab",
            option="lab",
            updates=False,
        ),
        Field("username", "User to log in as.", option="account"),
        Field(
            "secret",
            "A file with that user's API token; - is the input.",
            "file",
            option="token-file",
        ),
        Field("ca", "A file with certificates (PEM) to trust as well.", "file"),
    ),
    example="Example: `ringtest controller create ci --url https://ci.example.com/jenkins/ "
    "--lab west --account ringtest --token-file token`",
    sample="ci",
)

app = noun_app(CONTROLLER)

_BUILDS = ("attempt", "ci_controller.name", "name", "number", "result", "problem")


@app.command()
@connected
def builds(client: Client, which: WhichArgument, form: FormatOption = Format.TABLE) -> None:
    """List the builds of a job, one for each attempt, and why one does not go on.

    Example: `ringtest controller builds latest`
    """
    job_id = find_id(client, "job", which)
    write_many(client.get(f"/jobs/{job_id}/builds")["builds"], _BUILDS, form)
