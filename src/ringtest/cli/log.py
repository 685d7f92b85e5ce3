"""`ringtest log`: what the logs of many jobs say."""

import sys
from collections.abc import Iterator
from typing import Annotated, Any

import typer

from ringtest.cli.calls import connected
from ringtest.cli.job_log import grep_lines
from ringtest.cli.noun import new_app
from ringtest.cli.output import Format, FormatOption, write_many
from ringtest.cli.terminal import for_people
from ringtest.client import Client
from ringtest.client.sse import EventParser, ServerEvent

app = new_app("Logs of many jobs. Example: `ringtest log search timeout --jobs status:failure`")

COLUMNS = ("job_id", "attempt", "line", "text")


@app.callback()
def _logs() -> None:
    """Keeps `search` a subcommand of its own."""


@app.command()
@connected
def search(
    client: Client,
    text: Annotated[str, typer.Argument(help="What a line must hold.", metavar="TEXT")],
    jobs: Annotated[
        str, typer.Option("--jobs", help="Which jobs, in the query language; else the newest.")
    ] = "",
    regex: Annotated[bool, typer.Option("--regex", help="TEXT is a pattern (RE2).")] = False,
    case: Annotated[bool, typer.Option("--case", help="Upper and lower case differ.")] = False,
    context: Annotated[
        int, typer.Option("-C", "--context", min=0, max=20, help="Lines around each match.")
    ] = 0,
    limit: Annotated[
        int, typer.Option("--limit", "-n", min=1, max=1000, help="How many jobs at most.")
    ] = 200,
    per_job: Annotated[
        int, typer.Option("--per-job", min=1, max=200, help="Lines of each job at most.")
    ] = 20,
    form: FormatOption = Format.TABLE,
) -> None:
    """Search the logs of the jobs that a query finds, newest first.

    Example: `ringtest log search 'Connection (refused|reset)' --regex --jobs 'status:failure'`
    """
    asked = {"q": text, "jobs": str(limit), "per_job": str(per_job)}
    asked |= {"query": jobs} if jobs else {}
    asked |= {"regex": "1"} if regex else {}
    asked |= {"case": "1"} if case else {}
    asked |= {"context": str(context)} if context else {}
    found: list[dict[str, Any]] = []
    for event in _events(client, asked):
        data = event.json()
        if event.type == "matches" and form is Format.TABLE:
            _print(data)
        elif event.type == "matches":
            about = {"job_id": data["job_id"], "attempt": data["attempt"]}
            found += [about | match for match in data["matches"]]
        elif event.type == "progress":
            _tell(f"{data['jobs_done']} of {data['jobs']} jobs, {data['bytes'] >> 20} MiB")
        elif event.type == "end":
            _tell("")
            if not data["complete"]:
                print(f"[{data['message']}]", file=sys.stderr)
    if form is not Format.TABLE:
        write_many(found, COLUMNS, form)


def _events(client: Client, asked: dict[str, str]) -> Iterator[ServerEvent]:
    """One search: it is not begun again when it breaks off."""
    parser = EventParser()
    for chunk in client.stream("/log_search", asked):
        yield from parser.feed(chunk)


def _print(data: dict[str, Any]) -> None:
    print(for_people(f"{data['job_id']}  {data['name'] or ''}".rstrip()))
    for line in grep_lines(data["matches"]):
        print(for_people(f"  {line}"))


def _tell(progress: str) -> None:
    """How far it is, to people alone."""
    if sys.stderr.isatty():
        sys.stderr.write(f"\r\x1b[K{progress}")
        sys.stderr.flush()
