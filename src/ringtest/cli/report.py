"""`ringtest report`: the folder of a run without a server becomes a job."""

import asyncio
from pathlib import Path
from typing import Annotated

import typer

from ringtest.agent.alone.reporting import About, NotReported, report_folder
from ringtest.cli.calls import ServerOption, UserOption, end, find_connection, problems
from ringtest.cli.exits import EXIT_USAGE
from ringtest.cli.kinds import find_id
from ringtest.client import AsyncClient, Client

app = typer.Typer(rich_markup_mode="markdown", add_completion=False)


@app.command()
def report(
    folder: Annotated[Path, typer.Argument(help="What `ringtest run` left.")],
    topic: Annotated[str, typer.Option(help="Topic that the job belongs to, by id or name.")],
    component: Annotated[
        list[str] | None, typer.Option(help="Id of a component that it ran with; repeat.")
    ] = None,
    name: Annotated[str | None, typer.Option(help="Name of the job; else the run's.")] = None,
    comment: Annotated[str | None, typer.Option(help="Why it ran.")] = None,
    tag: Annotated[list[str] | None, typer.Option(help="A tag; repeat.")] = None,
    server: ServerOption = None,
    user: UserOption = None,
) -> None:
    """Tell a server of a run that was made without it: needs DCI_CLIENT_ID and DCI_API_SECRET.

    The run becomes a job of the lab, with its own times, log, results and files. What was
    broken off goes on when it is called again; what was reported is not reported twice.

    Example: `ringtest report runs/smoke --topic rhel-9`
    """
    with problems():
        connection = find_connection(server, user)
        with Client(connection) as client:
            topic_id = find_id(client, "topic", topic)

        async def tell() -> str:
            about = About(topic_id, component or (), name, comment, tag or ())
            async with AsyncClient(connection) as asking:
                return await report_folder(folder.absolute(), asking, about, print)

        try:
            asyncio.run(tell())
        except NotReported as error:
            end(str(error), EXIT_USAGE)
