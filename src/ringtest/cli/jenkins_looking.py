"""`ringtest jenkins list`, `get-plugins-info`, `trigger` and `explain`: what they do."""

import sys
import uuid
from collections.abc import Sequence
from fnmatch import fnmatchcase
from pathlib import Path
from typing import Any

import typer
import yaml

from ringtest.cli.calls import NotFound, problems
from ringtest.cli.config import UsageError
from ringtest.cli.exits import EXIT_OF_RESULT, EXIT_REFUSED
from ringtest.cli.jenkins_desired import tell
from ringtest.cli.jenkins_options import Where
from ringtest.cli.jenkins_site import controller
from ringtest.cli.output import Format, console, write_many
from ringtest.client.jenkins import Controller, builds
from ringtest.client.jenkins.listing import LiveItem, LiveView
from ringtest.jjb.matrix import explaining, projects
from ringtest.jjb.planning import marks
from ringtest.jjb.problems import Severity

_COLUMNS = ("name", "type", "state", "managed_by", "changed_by_hand")
_RESULTS = {"SUCCESS": "passed", "ABORTED": "cancelled", "NOT_BUILT": "errored"}


def list_items(where: Where, patterns: Sequence[str], form: Format) -> None:
    """Jobs, folders and views that a controller holds, and who manages them."""
    with controller(where) as found:
        listing = found.listing()
    lives: list[LiveItem | LiveView] = [*listing.items.values(), *listing.views.values()]
    rows = [
        _row(live)
        for live in sorted(lives, key=lambda each: each.name)
        if not patterns or any(fnmatchcase(live.name, each) for each in patterns)
    ]
    write_many(rows, _COLUMNS, form)


def _row(live: LiveItem | LiveView) -> dict[str, Any]:
    mark = marks.find(live.description)
    by = "jenkins-jobs" if marks.is_builders(live.description) else None
    disabled = isinstance(live, LiveItem) and live.disabled
    return {
        "name": live.name,
        "type": live.kind.rpartition(".")[2],
        "state": "disabled" if disabled else "",
        "managed_by": f"set {mark.set_name}" if mark else by,
        "changed_by_hand": mark is not None and not mark.intact,
    }


def plugins_info(where: Where, target: Path) -> None:
    """Write what `-p` reads."""
    with controller(where) as found:
        plugins = found.plugins()
    text: str = yaml.safe_dump(plugins, sort_keys=True, allow_unicode=True)
    if str(target) == "-":
        sys.stdout.write(text)
    else:
        target.write_text(text, encoding="utf-8")


def trigger(
    where: Where, job: str, parameters: Sequence[str], *, follow: bool, correlation: str | None
) -> None:
    """Start a build; with `follow` show its log and end as it does."""
    given = dict(_pair(each) for each in parameters)
    with controller(where) as found:
        started = builds.start(found, job, given, correlation=correlation or uuid.uuid4().hex)
        if not follow:
            number = f"build {started.number}" if started.number else f"queued {started.queue_id}"
            print(f"{job}: {number}")
            return
        result = _follow(found, builds.wait_for_build(found, started))
    raise typer.Exit(EXIT_OF_RESULT[_RESULTS.get(result, "failed")])


def _pair(text: str) -> tuple[str, str]:
    name, sign, value = text.partition("=")
    if not sign or not name:
        raise UsageError(f"{text!r} is not NAME=VALUE")
    return name, value


def _follow(found: Controller, started: builds.Started) -> str:
    number = started.number or 0
    for _, text in builds.follow_log(found, started.job, number):
        sys.stdout.write(text)
        sys.stdout.flush()
    return str(builds.build(found, started.job, number)["result"])


def explain(name: str, files: Sequence[Path], form: Format) -> None:
    """Every value of a matrix job, and the rule that set it."""
    with problems():
        found = []
        errors = 0
        for path in files:
            expanded = projects.expand(path)
            errors += tell([p for p in expanded.problems if p.severity is Severity.ERROR])
            found += explaining.find(expanded.decided, name)
        if not found:
            raise NotFound(f"no cell is called {name}")
        said = [explaining.explain(each) for each in found]
    if form is Format.TABLE:
        for each in said:
            _show(each)
    else:
        write_many(said, tuple(said[0]), form)
    if errors:
        raise typer.Exit(EXIT_REFUSED)


def _show(said: dict[str, Any]) -> None:
    screen = console()
    screen.print(f"[bold]{said['name']}[/bold]  from {said['from']}", soft_wrap=True)
    if said["excluded_by"]:
        screen.print(f"left out by {said['excluded_by']}", style="red", soft_wrap=True)
    fields = "  ".join(f"{name}={value}" for name, value in said["fields"].items() if value)
    screen.print(fields, style="dim", soft_wrap=True, markup=False)
    for variable in said["variables"]:
        _show_variable(variable)


def _show_variable(variable: dict[str, Any]) -> None:
    lines = str(variable["value"]).splitlines() or [""]
    print(f"{variable['name']}: {lines[0]}")
    for line in lines[1:]:
        print(f"    {line}")
    for origin in variable["set_by"]:
        verb = "extended by" if origin.get("extends") else "set by"
        place = f"{origin['place']}: " if origin["place"] else ""
        print(f"    {verb} {place}{origin['when']}")
    for origin in variable["overridden"]:
        print(f"    before: {origin['value']} ({origin['place']}: {origin['when']})")
