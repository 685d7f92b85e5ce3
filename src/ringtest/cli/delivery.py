"""`ringtest delivery`: reports on their way."""

from ringtest.cli.calls import connected
from ringtest.cli.kinds import find_id
from ringtest.cli.noun import Noun, WhichArgument, noun_app
from ringtest.client import Client

DELIVERY = Noun(
    name="delivery",
    help="Deliveries: one report to one target, and how it went.",
    columns=("id", "status", "subject", "target.name", "attempts", "next_at", "delivered_at"),
    verbs=("list",),
    example="Example: `ringtest delivery list --where status:failed`",
)

app = noun_app(DELIVERY)


@app.command()
@connected
def retry(client: Client, which: WhichArgument) -> None:
    """Try again now.

    Example: `ringtest delivery retry latest`
    """
    client.post(f"/deliveries/{find_id(client, 'delivery', which)}/retry")
