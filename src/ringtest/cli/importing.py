"""`ringtest import`: move in from another server. Needs no running server."""

import asyncio
import csv
import os
import sys
from collections.abc import Mapping
from contextlib import AsyncExitStack
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Annotated

import typer

from ringtest.cli.calls import end
from ringtest.cli.exits import EXIT_REFUSED, EXIT_USAGE
from ringtest.cli.import_progress import progress
from ringtest.cli.output import Format, write_many
from ringtest.control import registry
from ringtest.control.db.bulk import open_owner, open_snapshot
from ringtest.control.dci.service import Source, look_at
from ringtest.control.importing import service
from ringtest.control.importing.model import CONTENTS, RESULTS, Compared, Outcome, chosen
from ringtest.control.kernel.errors import RingtestError
from ringtest.control.kernel.settings import Settings, read_settings
from ringtest.control.ports.file_source import FileSource
from ringtest.control.server import open_parts

app = typer.Typer(rich_markup_mode="markdown", add_completion=False, no_args_is_help=True)


@app.callback()
def importing() -> None:
    """Move in from another server."""


@app.command()
def dci(
    source: Annotated[
        str, typer.Option("--from", envvar="DCI_DATABASE_URL", help="DSN of DCI's PostgreSQL.")
    ],
    files: Annotated[
        str | None, typer.Option(help="DCI's files of jobs: a folder, or s3://bucket/prefix.")
    ] = None,
    components_files: Annotated[
        str | None, typer.Option(help="DCI's files of components, if they are elsewhere.")
    ] = None,
    data: Annotated[
        Path | None, typer.Option(help="Data folder of this server, as for `ringtest up`.")
    ] = None,
    since: Annotated[
        datetime | None, typer.Option(help="Leave out jobs that were created before.")
    ] = None,
    only: Annotated[
        str, typer.Option(help="Tables by their names in DCI, contents, results: a,b,c.")
    ] = "",
    defer_results: Annotated[
        bool,
        typer.Option("--defer-results", help="Read result files another time: `--only results`."),
    ] = False,
    dry_run: Annotated[
        bool, typer.Option("--dry-run", help="Do it all, say what came of it, and keep nothing.")
    ] = False,
    report: Annotated[
        Path, typer.Option(help="Where to name every row that is left out or changed.")
    ] = Path("import-report.csv"),
    yes: Annotated[bool, typer.Option("--yes", help="Do not ask.")] = False,
) -> None:
    """Bring the database and the files of a DCI control server here.

    DCI is only read, and may go on working. Ids, etags, times, keys and passwords stay as
    they are. Cut short, the same command goes on; run again, it brings what changed since.
    The exit code is 0 when every row is here or named in the report.

    Example: `ringtest import dci --from postgresql://dci@db/dci --files /srv/dci-files`
    """
    environment = dict(os.environ)
    if data is not None:
        environment["RINGTEST_DATA"] = str(data.absolute())
    try:
        settings = read_settings(environment)
        parts = chosen([name.strip() for name in only.split(",") if name.strip()])
        if defer_results and not only:
            parts -= {RESULTS}
        sources = _sources(settings, files, components_files)
        if not sources:
            parts -= {CONTENTS}
        what = _What(source, since, parts, sources, dry_run, report, yes)
        outcome = asyncio.run(_bring(settings, what))
    except RingtestError as error:
        end(error.message, EXIT_USAGE)
    _show(outcome, dry_run)
    if not outcome.complete:
        end("rows are missing of which nothing says why", EXIT_REFUSED)


@dataclass(frozen=True, slots=True)
class _What:
    """What was asked for."""

    dsn: str
    since: datetime | None
    parts: frozenset[str]
    sources: Mapping[str, FileSource]
    dry_run: bool
    report: Path
    yes: bool


def _sources(
    settings: Settings, files: str | None, components_files: str | None
) -> dict[str, FileSource]:
    places = {"file": files, "component_file": components_files or files}
    return {kind: registry.file_source(place, settings) for kind, place in places.items() if place}


async def _bring(settings: Settings, what: _What) -> Outcome:
    async with AsyncExitStack() as stack:
        there = await stack.enter_async_context(open_snapshot(what.dsn))
        source = await look_at(there, history=what.since)
        parts = await stack.enter_async_context(open_parts(settings))
        here = await stack.enter_async_context(open_owner(parts.db.dsn))
        await service.check_free(here)
        if not what.yes and not what.dry_run:
            _ask(await service.look(source, what.parts), source)
        tools = service.Tools(
            db=parts.db,
            objects=parts.objects,
            parsers=parts.parsers,
            secrets=parts.secrets,
            watcher=stack.enter_context(progress()),
            files=what.sources,
            parts=what.parts,
            inline=settings.inline_file,
        )
        if what.dry_run:
            outcome, told = await service.rehearse(source, here, tools)
        else:
            outcome = await service.bring(source, here, tools)
            told = [line async for line in service.told(source, here)]
        _write(what.report, told)
        return outcome


def _ask(counts: list[Compared], source: Source) -> None:
    rows = sum(one.source for one in counts)
    question = f"Bring {rows} rows of {source.name} into this server?"
    if not sys.stdin.isatty():
        end(f"{question} Say so with --yes", EXIT_USAGE)
    if not typer.confirm(question, err=True):
        end("nothing was done", EXIT_REFUSED)


def _write(report: Path, told: list[tuple[str, str, str, str]]) -> None:
    with report.open("w", newline="") as file:
        writer = csv.writer(file)
        writer.writerow(("table", "key", "what", "why"))
        writer.writerows(told)


def _show(outcome: Outcome, dry_run: bool) -> None:
    rows = [
        {"table": one.table, "in_dci": one.source, "here": one.here, "left_out": one.skipped,
         "missing": one.lost}
        for one in outcome.compared
    ]  # fmt: skip
    write_many(rows, ["table", "in_dci", "here", "left_out", "missing"], Format.TABLE)
    for note in outcome.noted:
        what = "left out" if note.skipped else "changed"
        print(f"{note.table}: {note.rows} {what}: {note.reason}")
    for absent in outcome.missing:
        print(f"this DCI has no {absent}: left empty")
    for unknown in outcome.unknown:
        print(f"{unknown} is nothing that can be kept here")
    if outcome.contents_left:
        print(f"{outcome.contents_left} files without their bytes")
    if outcome.results_left:
        print(f"{outcome.results_left} result files to be read: --only results")
    print("nothing was kept: this was a rehearsal" if dry_run else f"{outcome.changes} changes")
