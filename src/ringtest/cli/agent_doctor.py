"""`ringtest agent doctor` and `ringtest agent left`: what may be wrong, and what left the lab."""

import os
from collections import Counter
from collections.abc import Iterable
from pathlib import Path
from typing import Annotated, Any

import msgspec
import typer
from rich.text import Text

from ringtest.agent.attempt import Attempt, read_attempts
from ringtest.agent.doctor.examining import SECONDS, examine
from ringtest.agent.doctor.model import Found, Lab
from ringtest.agent.secrets.left import what_left
from ringtest.agent.settings import SettingsError, read_settings
from ringtest.cli.exits import EXIT_NOT_FOUND, EXIT_OK, EXIT_REFUSED
from ringtest.cli.output import Format, FormatOption, console, write_many

_FOUND = ("check", "state", "message", "advice")
_LEFT = ("at", "what", "name", "state", "size", "redacted", "sha256", "why")
_COLOURS = {"ok": "green", "warn": "yellow", "bad": "red"}

ConfigOption = Annotated[
    Path | None, typer.Option(help="Settings file of the agent, dcirc.sh or dci_credentials.yml.")
]


def add_to(app: typer.Typer) -> None:
    """Hang the commands below `ringtest agent`."""
    app.command("doctor")(doctor)
    app.command("left")(left)


def doctor(
    files: Annotated[
        list[Path] | None,
        typer.Argument(help="Definitions, pipelines and folders of hooks that a run will use."),
    ] = None,
    config: ConfigOption = None,
    seconds: Annotated[float, typer.Option(help="Longest time of all checks.", min=1)] = SECONDS,
    form: FormatOption = Format.TABLE,
) -> None:
    """Look for what would break a run, before it begins; changes nothing.

    Looks at the key, names, proxy, certificates, clock, event stream and version of the server;
    at the disk; at Python and the programs of sandboxes; at the files that are named; at reports
    that wait. A line for each: `ok`, `warn` or `bad`, and what to do. Exit code 1 when something
    is `bad`.

    Example: `ringtest agent doctor --config west.toml smoke.yaml`
    """
    found = examine(_lab(config, files or []), seconds=seconds)
    if form is Format.TABLE:
        show(found)
        counts = Counter(one.state for one in found)
        print(f"{counts['ok']} ok, {counts['warn']} warn, {counts['bad']} bad")
    else:
        write_many([_plain(one) for one in found], _FOUND, form)
    raise typer.Exit(EXIT_REFUSED if any(one.state == "bad" for one in found) else EXIT_OK)


def _lab(config: Path | None, files: list[Path]) -> Lab:
    try:
        settings, problem = read_settings({}, os.environ, config), ""
    except SettingsError as error:
        settings, problem = None, str(error)
    return Lab(settings, problem, config, files, os.environ)


def show(found: Iterable[Found]) -> None:
    """A line for each."""
    for one in found:
        line = Text(f"{one.state:<5}", style=_COLOURS[one.state])
        line.append(f"{one.check:<12} {one.message}", style="default")
        if one.advice:
            line.append(f"; {one.advice}", style="bold")
        console().print(line, soft_wrap=True)


def left(
    job: Annotated[str, typer.Argument(help="A job's id or its beginning, or a run's folder.")],
    data: Annotated[Path | None, typer.Option(help="The agent's data folder.")] = None,
    config: ConfigOption = None,
    form: FormatOption = Format.TABLE,
) -> None:
    """List exactly what left the lab for a job: what, when, how large, with which digest.

    Logs are told by stage, with how many secrets were replaced in them. `waiting` is what the
    server has not acknowledged, `kept back` what may not leave.

    Example: `ringtest agent left latest --data /var/lib/ringtest`
    """
    attempts = _attempts(job, data, config)
    if not attempts:
        typer.echo(f"no attempt of a job {job} is kept here", err=True)
        raise typer.Exit(EXIT_NOT_FOUND)
    rows = [_plain(one) for attempt in attempts for one in what_left(attempt)]
    write_many(rows, _LEFT, form)


def _attempts(job: str, data: Path | None, config: Path | None) -> list[Attempt]:
    """Of one job in their order; `latest` is the attempt that was begun last."""
    alone = Attempt.load(Path(job))
    if alone:
        return [alone]
    if data is None:
        try:
            data = read_settings({}, os.environ, config).data
        except SettingsError as error:
            typer.echo(f"ringtest agent left: {error}; or name the folder with --data", err=True)
            raise typer.Exit(EXIT_NOT_FOUND) from None
    attempts = list(read_attempts(data / "jobs"))
    if job == "latest":
        return attempts[-1:]
    return [one for one in attempts if one.claim.job_id.startswith(job)]


def _plain(item: Any) -> Any:
    return msgspec.to_builtins(item)
