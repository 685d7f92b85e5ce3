"""The `ringtest` command and its lazy list of commands.

A command's module is imported when the command is used: `ringtest agent` runs where the
server's libraries are not installed, and starts without loading what it does not need.
"""

import importlib
import sys
from contextlib import suppress
from io import TextIOWrapper
from os import environ
from typing import Annotated, Any

import typer
from typer.core import TyperCommand, TyperGroup
from typer.main import get_command

from ringtest import __version__
from ringtest.cli.exits import EXIT_USAGE

_SERVE, _PEOPLE, _THINGS = "Run", "You and the server", "Nouns"

COMMANDS: dict[str, tuple[str, str, str]] = {
    # name: panel, module, help
    "up": (_SERVE, "up", "Run the control server."),
    "agent": (_SERVE, "agent", "Run this lab's jobs."),
    "run": (_SERVE, "run", "Run a definition file here, without any server."),
    "report": (_SERVE, "report", "Tell a server of a run that was made without it."),
    "rerun": (_SERVE, "rerun", "Do a recorded run again, and list what is different."),
    "prepare": (_SERVE, "prepare", "Bring a definition's environment about, and no more."),
    "pipeline": (_SERVE, "pipeline", "Pipeline files of dci-pipeline: check, plan, run."),
    "import": (_SERVE, "importing", "Move in from another server."),
    "jenkins": (_SERVE, "jenkins", "Jenkins jobs as code: test, plan, apply."),
    "login": (_PEOPLE, "login", "Log in and remember server and session."),
    "logout": (_PEOPLE, "logout", "Forget the session."),
    "job": (_THINGS, "job", "Jobs: list, watch, log, cancel, retry."),
    "test": (_THINGS, "test", "Tests: search, history, which are flaky."),
    "compare": (_THINGS, "compare", "Two jobs, versions, labs or times, test by test."),
    "trend": (_THINGS, "trend", "Pass rate and volume of a topic over time."),
    "durations": (_THINGS, "durations", "The slowest tests, and those whose time changed."),
    "coverage": (_THINGS, "coverage", "Which components were tested, and how it went."),
    "statistics": (_THINGS, "statistics", "Jobs counted by any two keys."),
    "series": (_THINGS, "series", "A number of jobs over time."),
    "archive": (_THINGS, "archive", "Results of months that are over; SQL over all results."),
    "log": (_THINGS, "log", "Logs of many jobs: search them."),
    "component": (_THINGS, "component", "Components under test, and their files."),
    "file": (_THINGS, "file", "Files of jobs and components, however large."),
    "topic": (_THINGS, "topic", "Topics: the streams that components belong to."),
    "product": (_THINGS, "product", "Products."),
    "lab": (_THINGS, "lab", "Labs (remote CIs) and the topics they run."),
    "controller": (_THINGS, "controller", "Jenkins controllers that stand for a lab."),
    "feeder": (_THINGS, "feeder", "Feeders: they publish components."),
    "team": (_THINGS, "team", "Teams and their members."),
    "user": (_THINGS, "user", "People."),
    "token": (_THINGS, "token", "Tokens: keys that may do less, and end."),
    "definition": (_THINGS, "definition", "Job definitions: what a job does."),
    "rule": (_THINGS, "rule", "Trigger rules: which component starts which definition."),
    "group": (_THINGS, "group", "Failure groups: one cause, many jobs."),
    "issue": (_THINGS, "issue", "Known issues: rules that name failures."),
    "target": (_THINGS, "target", "Report targets: where reports go."),
    "webhook": (_THINGS, "webhook", "Webhooks: a program is told of a team's events."),
    "delivery": (_THINGS, "delivery", "Reports on their way."),
    "audit": (_THINGS, "audit", "Who changed what."),
}

_DIRECT = {"jenkins", "prepare"}


class LazyGroup(TyperGroup):
    """Knows every command by name and help; imports the one that is used."""

    def __init__(self, **settings: Any) -> None:
        super().__init__(**settings)
        for name, (panel, _, text) in COMMANDS.items():
            self.add_command(TyperCommand(name, help=text, rich_help_panel=panel))

    def resolve_command(self, ctx: Any, args: list[str]) -> tuple[str | None, Any, list[str]]:
        """The command of the first argument, really loaded."""
        if args and args[0] in COMMANDS:
            self.add_command(load_command(args[0]), args[0])
        return super().resolve_command(ctx, args)


def load_command(name: str) -> Any:
    """The command of that name, imported now; ends with a hint where its libraries lack."""
    module = f"ringtest.cli.{COMMANDS[name][1]}"
    try:
        command = get_command(importlib.import_module(module).app)
    except ModuleNotFoundError as error:
        if (error.name or "").split(".")[0] == "ringtest":
            raise
        print(
            f"ringtest {name} needs the Python module {error.name}, which is not installed.\n"
            "Install the server's libraries: pip install 'ringtest[server]'",
            file=sys.stderr,
        )
        raise SystemExit(EXIT_USAGE) from None
    command.name = name
    return command


class _Start(typer.Typer):
    """Goes to a command of `_DIRECT` at once: what the others share costs twice its time."""

    def __call__(self, *args: Any, **kwargs: Any) -> Any:
        for stream in (sys.stdout, sys.stderr):
            if isinstance(stream, TextIOWrapper):  # names may hold what a terminal cannot show
                with suppress(OSError):  # where it has become another file, that one stays
                    stream.reconfigure(errors="backslashreplace")
        words = sys.argv[1:]
        if (
            args
            or kwargs
            or not words
            or words[0] not in _DIRECT
            or "_RINGTEST_COMPLETE" in environ
        ):
            return super().__call__(*args, **kwargs)
        return load_command(words[0])(args=words[1:], prog_name=f"ringtest {words[0]}")


app = _Start(cls=LazyGroup, no_args_is_help=True, pretty_exceptions_enable=False)


def _show_version(wanted: bool) -> None:
    if wanted:
        print(f"ringtest {__version__}")
        raise typer.Exit


@app.callback(
    epilog="Exit codes: 0 done, 1 the server refused, 2 wrong usage, 3 not found, "
    "4 server unreachable; `job watch`: 0 passed, 10 failed, 11 errored, 12 cancelled."
)
def main(
    version: Annotated[
        bool, typer.Option("--version", callback=_show_version, is_eager=True, help="Show it.")
    ] = False,
) -> None:
    """Ringtest: one product build, many laboratories, one answer."""


if __name__ == "__main__":
    app()
