"""`ringtest archive`: results of months that are over, and SQL over all results."""

import hashlib
import os
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Annotated, Any

import typer

from ringtest.cli.calls import connected, end
from ringtest.cli.clickhouse import ClickHouse, Month, Refused, by_month, read_place
from ringtest.cli.config import UsageError
from ringtest.cli.exits import EXIT_REFUSED
from ringtest.cli.kinds import find_id
from ringtest.cli.noun import new_app
from ringtest.cli.output import Format, FormatOption, write_many, write_rows
from ringtest.client import ApiError, Client

app = new_app(
    "Results of months that are over, and SQL over all results. Example: "
    "`ringtest archive query 'SELECT outcome, count(*) FROM results GROUP BY ALL'`"
)

_COLUMNS = ("month", "topic", "team", "rows", "bytes", "written_at")
_PASSWORD = "RINGTEST_CLICKHOUSE_PASSWORD"  # the name of the variable
TopicOption = Annotated[
    str | None, typer.Option("--topic", help="Only of this topic, by id or name.")
]
TeamOption = Annotated[str | None, typer.Option("--team", help="Only of this team.")]
FromOption = Annotated[str | None, typer.Option("--from", help="First day, such as 2026-10-01.")]
ToOption = Annotated[str | None, typer.Option("--to", help="Last day.")]
SinceOption = Annotated[
    str | None, typer.Option("--from", help="Months from that of this day on, such as 2026-10-01.")
]


def _narrowed(
    client: Client,
    topic: str | None = None,
    team: str | None = None,
    first: str | None = None,
    last: str | None = None,
) -> dict[str, str]:
    given = {
        "topic_id": find_id(client, "topic", topic) if topic else None,
        "team_id": find_id(client, "team", team) if team else None,
        "from": first,
        "to": last,
    }
    return {name: text for name, text in given.items() if text is not None}


@app.command("list")
@connected
def list_files(
    client: Client,
    topic: TopicOption = None,
    team: TeamOption = None,
    first: FromOption = None,
    last: ToOption = None,
    form: FormatOption = Format.TABLE,
) -> None:
    """List the files: one for each topic, month and team.

    Example: `ringtest archive list --topic rhel-9 --from 2026-01-01`
    """
    asked = _narrowed(client, topic, team, first, last)
    write_many(list(client.pages("/archive", "archive", asked)), _COLUMNS, form)


@app.command()
@connected
def query(
    client: Client,
    sql: Annotated[str, typer.Argument(help="One SELECT over `results`; - reads it.")],
    topic: TopicOption = None,
    team: TeamOption = None,
    first: FromOption = None,
    last: ToOption = None,
    limit: Annotated[
        int, typer.Option("--limit", "-n", min=1, max=10_000, help="How many rows at most.")
    ] = 1000,
    live: Annotated[
        bool, typer.Option("--live/--no-live", help="See results that no file holds yet, too.")
    ] = True,
    form: FormatOption = Format.TABLE,
) -> None:
    """Ask SQL (DuckDB's) over all results that you may see: the table `results`, a row per case.

    Example: `ringtest archive query "SELECT name, count(*) FROM results GROUP BY name"`
    """
    text = sys.stdin.read() if sql == "-" else sql
    body: dict[str, Any] = {"sql": text, "limit": limit, "live": live}
    try:
        body |= _narrowed(client, topic, team, first, last)
        answer = client.post("/archive/query", body, key="")  # it changes nothing
    except ApiError as error:
        error.query = text  # whose character it is about
        raise
    names = [column["name"] for column in answer["columns"]]
    write_rows(names, answer["rows"], form)
    for note in _notes(answer["_meta"]):
        print(f"[{note}]", file=sys.stderr)


def _notes(meta: dict[str, Any]) -> Iterator[str]:
    """What a reader of the rows must know."""
    if not meta["complete"]:
        limit = "more rows" if meta["stopped"] == "rows" else "more than 16 MiB"
        yield f"the first {meta['count']} rows: there are {limit}; ask with ORDER BY, LIMIT, OFFSET"
    live = meta.get("live")
    if live and not live["complete"]:
        yield (
            f"of results that are not archived yet only those since {live.get('since')} are"
            " seen: narrow it down with --topic or --from"
        )


@app.command()
@connected
def write(client: Client, first: FromOption = None, last: ToOption = None) -> None:
    """Have files written again, for administrators; the server does it by itself on changes.

    Example: `ringtest archive write --from 2026-01-01 --to 2026-01-31`
    """
    given = _narrowed(client, None, None, first, last)
    asked = "&".join(f"{name}={text}" for name, text in given.items())
    files = client.post(f"/archive/write{'?' * bool(asked)}{asked}")["archive"]["files"]
    print(f"{files} files will be written")


@app.command()
@connected
def push(
    client: Client,
    to: Annotated[str, typer.Option("--to", help="http://user@host:8123/database of ClickHouse.")],
    topic: TopicOption = None,
    first: SinceOption = None,
    password_file: Annotated[
        Path | None,
        typer.Option("--password-file", help=f"Where the password is; else {_PASSWORD}."),
    ] = None,
    prune: Annotated[
        bool, typer.Option("--prune", help="Remove months that the archive has no files of.")
    ] = False,
) -> None:
    """Push the archive into ClickHouse: what is there already is left out, what changed replaced.

    It can be stopped at any time, and goes on where it was.

    Example: `ringtest archive push --to http://jo@warehouse:8123/ringtest --topic rhel-9`
    """
    place = read_place(to)
    asked = _narrowed(client, topic, None, first)
    months = by_month(client.pages("/archive", "archive", asked))
    try:
        with ClickHouse(place, _password(password_file)) as clickhouse:
            clickhouse.prepare()
            there = clickhouse.pushed()
            wanted = [m for m in months if there.get((m.topic_id, m.number)) != m.digests]
            for turn, month in enumerate(wanted, 1):
                _push(client, clickhouse, month)
                about = f"{month.month} {month.files[0]['topic']}: {month.rows} rows"
                print(f"{turn}/{len(wanted)} {about}", flush=True)
            gone = {} if asked else _gone(there, months)
            for topic_id, number in gone if prune else ():
                clickhouse.forget(topic_id, number)
    except Refused as error:
        end(f"{place.server}: {error}", EXIT_REFUSED)
    print(f"{len(wanted)} pushed, {len(months) - len(wanted)} were there")
    if gone:
        done = "removed" if prune else "are no longer in the archive: --prune removes them"
        print(f"{len(gone)} {done}")


def _gone(there: dict[tuple[str, int], Any], months: list[Month]) -> dict[tuple[str, int], Any]:
    known = {(month.topic_id, month.number) for month in months}
    return {key: digests for key, digests in there.items() if key not in known}


def _push(client: Client, clickhouse: ClickHouse, month: Month) -> None:
    """A month's files; it replaces what is there once all of them have come whole."""
    clickhouse.begin(month)
    for file in month.files:
        digest = hashlib.sha256()
        clickhouse.add(month, _watched(client, file["id"], digest))
        if digest.hexdigest() != file["digest"]:
            raise Refused(f"{file['id']}: what came is not what the server has; try again")
    clickhouse.finish(month)


def _watched(client: Client, file_id: str, digest: Any) -> Iterator[bytes]:
    for chunk in client.stream(f"/archive/{file_id}/content"):
        digest.update(chunk)
        yield chunk


def _password(file: Path | None) -> str:
    if file is None:
        return os.environ.get(_PASSWORD, "")
    try:
        return file.read_text().strip("\r\n")
    except OSError as error:
        raise UsageError(f"--password-file: {error.strerror}") from error
