"""`ringtest job`."""

import asyncio
from fnmatch import fnmatch
from pathlib import Path
from typing import Annotated

import typer

from ringtest.cli import job_hold, job_run, matching
from ringtest.cli.calls import connected, find_connection, problems
from ringtest.cli.completion import names_of
from ringtest.cli.config import UsageError
from ringtest.cli.downloads import place_below
from ringtest.cli.exits import EXIT_OF_RESULT
from ringtest.cli.fields import Field, body
from ringtest.cli.job_log import follow_log, print_lines, print_matches, read_moment
from ringtest.cli.job_watch import watch_job
from ringtest.cli.job_why import explain
from ringtest.cli.kinds import find_id
from ringtest.cli.noun import Noun, WhichArgument, noun_app, show_list
from ringtest.cli.output import Format, FormatOption, console, write_many, write_one
from ringtest.cli.terminal import for_people, write_raw
from ringtest.client import AsyncClient, Client

JOB = Noun(
    name="job",
    help="Jobs: one component set in one lab, and what came of it.",
    columns=("id", "status", "name", "topic.name", "remoteci.name", "created_at", "duration"),
    verbs=("list", "show", "delete"),
    example="Example: `ringtest job list --where status:failure`, `ringtest job watch latest`",
)

app = noun_app(JOB)
job_hold.add_to(app)
job_run.add_to(app)
matching.add_to_job(app)

TOPIC = Field("topic_id", "", "ref", noun="topic")
AttemptOption = Annotated[
    int | None, typer.Option("--attempt", min=1, help="Number of the attempt; else the newest.")
]


@app.command()
@connected
def create(
    client: Client,
    topic: Annotated[
        str, typer.Option(help="Topic, by id or name.", autocompletion=names_of("topic"))
    ],
    component: Annotated[
        list[str] | None, typer.Option(help="Id of a component; repeat. Else the newest ones.")
    ] = None,
    name: Annotated[str | None, typer.Option(help="Name of the job.")] = None,
    comment: Annotated[str | None, typer.Option(help="Why it runs.")] = None,
    form: FormatOption = Format.TABLE,
) -> None:
    """Create a job, as a lab: needs DCI_CLIENT_ID and DCI_API_SECRET.

    Example: `ringtest job create --topic rhel-9 --name nightly`
    """
    values = {"topic_id": topic, "components_ids": component, "name": name, "comment": comment}
    fields = (TOPIC, Field("components_ids", "", "list"), Field("name", ""), Field("comment", ""))
    write_one(client.post("/jobs/schedule", body(client, fields, values))["job"], form)


@app.command()
@connected
def cancel(client: Client, which: WhichArgument) -> None:
    """Stop a job; what it made so far is collected.

    Example: `ringtest job cancel latest`
    """
    client.post(f"/jobs/{find_id(client, 'job', which)}/cancel")


@app.command()
@connected
def retry(client: Client, which: WhichArgument) -> None:
    """Queue a finished job again.

    Example: `ringtest job retry latest`
    """
    client.post(f"/jobs/{find_id(client, 'job', which)}/retry")


@app.command()
@connected
def stages(client: Client, which: WhichArgument, form: FormatOption = Format.TABLE) -> None:
    """List the stages of every attempt.

    Example: `ringtest job stages latest`
    """
    columns = ("attempt", "name", "status", "started_at", "ended_at", "exit_code", "message")
    path = f"/jobs/{find_id(client, 'job', which)}/stages"
    write_many(client.get(path)["stages"], columns, form)


@app.command()
@connected
def files(
    client: Client,
    which: WhichArgument,
    zip_: Annotated[
        Path | None, typer.Option("--zip", help="Write them to this zip instead of listing them.")
    ] = None,
    name: Annotated[
        str, typer.Option("--name", help="With --zip: only files that match, such as *.log.")
    ] = "*",
    form: FormatOption = Format.TABLE,
) -> None:
    """List the files that a job brought home, or write them to one zip.

    Example: `ringtest job files latest --zip logs.zip --name '*.log'`
    """
    path = f"/jobs/{find_id(client, 'job', which)}/files"
    if zip_ is not None:
        ids = [one["id"] for one in client.pages(path, "files") if fnmatch(one["name"], name)]
        if not ids:
            raise UsageError(f"the job has no files that match {name}")
        client.download(f"{path}/zip", zip_, {} if name == "*" else {"ids": ",".join(ids)})
        print(zip_)
        return
    show_list(client, path, "files", ("id", "name", "mime", "size", "created_at"), form)


@app.command()
@connected
def download(
    client: Client,
    which: WhichArgument,
    to: Annotated[Path, typer.Option("--to", help="Folder to write to.")] = Path(),
    name: Annotated[
        str, typer.Option("--name", help="Only files that match this pattern, such as *.xml.")
    ] = "*",
) -> None:
    """Write the files that a job brought home to a folder.

    Example: `ringtest job download latest --to files --name '*.xml'`
    """
    path = f"/jobs/{find_id(client, 'job', which)}/files"
    for file in client.pages(path, "files"):
        if fnmatch(file["name"], name):
            target = place_below(to, file["name"])
            client.download(f"/files/{file['id']}/content", target)
            print(target)


@app.command()
@connected
def tests(
    client: Client,
    which: WhichArgument,
    outcome: Annotated[
        str, typer.Option(help="Only these, separated by commas; empty for all.")
    ] = "failed,errored",
    form: FormatOption = Format.TABLE,
) -> None:
    """List test cases; those that failed if nothing else is asked for.

    Example: `ringtest job tests latest --outcome failed,errored,skipped`
    """
    columns = ("outcome", "state", "classname", "name", "time", "message")
    path = f"/jobs/{find_id(client, 'job', which)}/tests"
    parameters = {"outcome": outcome} if outcome else {}
    show_list(client, path, "tests", columns, form, parameters=parameters)


@app.command()
def log(
    which: WhichArgument,
    attempt: AttemptOption = None,
    follow: Annotated[
        bool, typer.Option("--follow", help="Go on until the job is finished.")
    ] = False,
    search: Annotated[
        str | None, typer.Option(help="Only lines that hold this text, with their numbers.")
    ] = None,
    grep: Annotated[
        str | None, typer.Option(help="Only lines that fit this pattern (RE2), with their numbers.")
    ] = None,
    case: Annotated[bool, typer.Option("--case", help="Upper and lower case differ.")] = False,
    context: Annotated[
        int, typer.Option("-C", "--context", min=0, max=20, help="Lines around each of them.")
    ] = 0,
    since: Annotated[
        str | None, typer.Option(help="Only what came since: a time (UTC), or 10m, 2h, 1d.")
    ] = None,
    until: Annotated[str | None, typer.Option(help="Only what came before.")] = None,
    server: Annotated[str | None, typer.Option(help="Address of the server.")] = None,
    user: Annotated[str | None, typer.Option(help="Name of a user.")] = None,
) -> None:
    """Print a job's log as it was printed in the lab; on a terminal, what would steer it is shown
    as pictures, but for colours.

    Example: `ringtest job log latest --follow`,
    `ringtest job log latest --grep 'E[0-9]{4}' -C 2`, `ringtest job log latest --since 10m`
    """
    parameters = {"attempt": str(attempt)} if attempt else {}
    with problems(), Client(find_connection(server, user)) as client:
        if sum([follow, search is not None, grep is not None]) > 1:
            raise UsageError("say one of --follow, --search and --grep")
        if follow and (since or until):
            raise UsageError("--follow tells all lines: leave out --since and --until")
        for name, text in (("from_time", since), ("to_time", until)):
            if text is not None:
                parameters[name] = read_moment("--since/--until", text)
        job = find_id(client, "job", which)
        text = grep if search is None else search
        if text is not None:
            asked = {"regex": "1"} if grep is not None else {}
            asked |= {"case": "1"} if case else {}
            asked |= {"context": str(context)} if context else {}
            print_matches(client, job, {"q": text, **asked, **parameters})
        elif follow:
            asyncio.run(_follow(client, job, parameters))
        elif since or until:
            print_lines(client, job, parameters)
        else:
            write_raw(client.stream(f"/jobs/{job}/log/raw", parameters))


async def _follow(client: Client, job: str, parameters: dict[str, str]) -> None:
    async with AsyncClient(client.connection) as following:
        async for lines in follow_log(following, job, parameters):
            print(for_people("\n".join(lines)), flush=True)


@app.command()
@connected
def why(client: Client, which: WhichArgument, form: FormatOption = Format.TABLE) -> None:
    """Tell why a job failed: where, which lines of its log are new, what changed.

    Example: `ringtest job why latest`, `ringtest job why latest -f json`
    """
    answer = client.get(f"/jobs/{find_id(client, 'job', which)}/answer")["answer"]
    if form is not Format.TABLE:
        write_one(answer, form)
        return
    for line in explain(answer, client.connection.server):
        console().print(line, soft_wrap=True)


@app.command()
def watch(
    which: WhichArgument,
    lines: Annotated[int, typer.Option(min=0, help="Lines of the log on the screen.")] = 12,
    server: Annotated[str | None, typer.Option(help="Address of the server.")] = None,
    user: Annotated[str | None, typer.Option(help="Name of a user.")] = None,
) -> None:
    """Watch a job live until it is finished: stages, tests, end of the log.

    Ends with 0 if it passed, 10 if it failed, 11 if it errored, 12 if it was cancelled.

    Example: `ringtest job watch latest`
    """
    with problems(), Client(find_connection(server, user)) as client:
        job = find_id(client, "job", which)
        client.get(f"/jobs/{job}")  # a job that is not there is told at once
        result = asyncio.run(_watch(client, job, lines))
    raise typer.Exit(EXIT_OF_RESULT.get(result, 1))


async def _watch(client: Client, job: str, lines: int) -> str:
    async with AsyncClient(client.connection) as watching:
        return await watch_job(watching, job, lines)
