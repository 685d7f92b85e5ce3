"""`ringtest webhook`: events of a team, told to a program."""

from ringtest.cli.calls import connected
from ringtest.cli.fields import Field
from ringtest.cli.kinds import find_id
from ringtest.cli.noun import Noun, WhichArgument, noun_app, show_list
from ringtest.cli.output import Format, FormatOption, write_one
from ringtest.client import Client

WEBHOOK = Noun(
    name="webhook",
    help="Webhooks: a program is told of what happens to a team. Members may keep their own.",
    columns=("id", "name", "address", "events", "topic_id", "team_id", "state", "resting_until"),
    fields=(
        Field("name", "Name of the webhook.", required=True, positional=True),
        Field("channel", "webhook", required=True, updates=False),
        Field("address", "Web address.", required=True),
        Field("team_id", "Team whose events.", "ref", required=True, noun="team", updates=False),
        Field("topic_id", "Only of this topic.", "ref", noun="topic"),
        Field("events", "Event type, as job.finished; repeat.", "list", option="event"),
        Field("secret", "Key that signs", "password"),
    ),
    example="Example: `ringtest webhook create bot --channel webhook "
    "--address https://bot.example.com/events "
    "--team Lab --event job.finished`",
    sample="bot",
)

app = noun_app(WEBHOOK)


@app.command()
@connected
def ping(client: Client, which: WhichArgument, form: FormatOption = Format.TABLE) -> None:
    """Send a test; `webhook deliveries` says whether it arrived.

    Example: `ringtest webhook ping bot`
    """
    webhook = find_id(client, "webhook", which)
    write_one(client.post(f"/report_targets/{webhook}/ping")["delivery"], form)


@app.command()
@connected
def deliveries(client: Client, which: WhichArgument, form: FormatOption = Format.TABLE) -> None:
    """List what the webhook got, and what waits for it.

    Example: `ringtest webhook deliveries bot`
    """
    path = f"/report_targets/{find_id(client, 'webhook', which)}/deliveries"
    columns = ("id", "type", "status", "attempts", "next_at", "delivered_at", "answer")
    show_list(client, path, "deliveries", columns, form, limit=50)
