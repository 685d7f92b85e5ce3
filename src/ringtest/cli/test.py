"""`ringtest test`: tests of a topic, their history, and which are flaky."""

import re
from collections.abc import Sequence
from typing import Annotated, Any

import typer
from rich.text import Text

from ringtest.cli.calls import NotFound, connected
from ringtest.cli.config import UsageError
from ringtest.cli.kinds import find_id
from ringtest.cli.noun import new_app
from ringtest.cli.output import Format, FormatOption, console, write_many, write_one
from ringtest.cli.questions import (
    FromOption,
    LabOption,
    ManyOption,
    OffsetOption,
    TeamOption,
    ToOption,
    TopicArgument,
    full_name,
    window,
)
from ringtest.client import Client

app = new_app(
    "Tests: find them, see what became of one, and which change without a reason.\n\n"
    "Example: `ringtest test search rhel-9 boot`, then"
    " `ringtest test history rhel-9 test_boot`"
)
_RUNS = ("at", "outcome", "state", "seconds", "retried", "remoteci.name", "job_id")
_MARKS = {
    "passed": (".", "green"), "failed": ("F", "bold red"), "errored": ("E", "bold magenta"),
    "skipped": ("s", "yellow"), "blocked": ("b", "yellow"), "xfailed": ("x", "yellow"),
    "xpassed": ("X", "cyan"), "info": ("i", "cyan"),
}  # fmt: skip
_RETRIED = ("~", "bold yellow")


@app.command()
@connected
def search(
    client: Client,
    topic: TopicArgument,
    text: Annotated[str, typer.Argument(help="Part of suite, class name and name.")] = "",
    first: FromOption = None,
    last: ToOption = None,
    lab: LabOption = None,
    team: TeamOption = None,
    limit: ManyOption = 20,
    offset: OffsetOption = 0,
    form: FormatOption = Format.TABLE,
) -> None:
    """Find the tests of a topic by part of their name, in any case.

    Example: `ringtest test search rhel-9 boot`
    """
    asked = window(
        client, first=first, last=last, lab=lab, team=team, limit=limit, offset=offset
    ) | {"topic_id": find_id(client, "topic", topic), "q": text}
    found = client.get("/tests", asked)
    write_many(found["tests"], ("id", "suite", "classname", "name", "last_seen_at"), form)
    _tell_rest(found, offset + len(found["tests"]), form)


@app.command()
@connected
def history(
    client: Client,
    topic: TopicArgument,
    test: Annotated[str, typer.Argument(help="Id of a test, or part of one test's name.")],
    first: FromOption = None,
    last: ToOption = None,
    lab: LabOption = None,
    team: TeamOption = None,
    limit: ManyOption = 20,
    offset: OffsetOption = 0,
    form: FormatOption = Format.TABLE,
) -> None:
    """Show what became of a test: its runs, since when it fails, and what changed then.

    The strip has a sign for each of the newest runs, the latest at its end: `.` passed,
    `~` passed after another try, `F` failed, `E` errored, `s` skipped.

    Example: `ringtest test history rhel-9 test_boot --from 2026-10-01 -n 60`
    """
    asked = window(
        client, first=first, last=last, lab=lab, team=team, limit=limit, offset=offset
    ) | {"topic_id": find_id(client, "topic", topic)}
    test_id = _find(client, test, asked)
    found = client.get(f"/tests/{test_id}/history", asked)["history"]
    if form is Format.TABLE:
        _write_history(found)
        write_many(found["runs"], _RUNS, form)
    elif form is Format.CSV:
        write_many(found["runs"], _RUNS, form)
    else:
        write_one(found, form)


@app.command()
@connected
def flaky(
    client: Client,
    topic: TopicArgument,
    first: FromOption = None,
    last: ToOption = None,
    lab: LabOption = None,
    team: TeamOption = None,
    limit: ManyOption = 20,
    offset: OffsetOption = 0,
    form: FormatOption = Format.TABLE,
) -> None:
    """List the tests that change without a change of components, or need another try.

    The score is the share of such runs, LOW to HIGH its interval at 95 %; the list is by LOW.

    Example: `ringtest test flaky rhel-9 --limit 10 --format csv`
    """
    asked = window(client, first=first, last=last, lab=lab, team=team, limit=limit, offset=offset)
    found = client.get(f"/topics/{find_id(client, 'topic', topic)}/flaky_tests", asked)
    items = found["flaky_tests"]
    if form in (Format.JSON, Format.YAML):
        write_many(items, (), form)
        return
    numbers = ("score", "low", "high", "runs", "failed", "flips", "retried", "labs")
    named = [{"id": one["test"]["id"], "test": full_name(one["test"]), **{
        name: one[name] for name in (*numbers, "last_seen_at")}} for one in items]  # fmt: skip
    write_many(named, ("id", *numbers, "last_seen_at", "test"), form)
    _tell_rest(found, offset + len(items), form)


def _tell_rest(found: dict[str, Any], shown: int, form: Format) -> None:
    count = found["_meta"]["count"]
    if shown < count and form is Format.TABLE and console().is_terminal:
        console().print(f"[dim]{shown} of {count}; --offset {shown} goes on.[/dim]")


def _find(client: Client, text: str, asked: dict[str, str]) -> str:
    """The id of a test: given, or of the one whose name is so or holds the text."""
    if re.fullmatch(r"[0-9a-fA-F]{16}", text):
        return text
    found = client.get("/tests", {**asked, "q": text, "limit": "200", "offset": "0"})["tests"]
    exact = [test for test in found if text in (test["name"], full_name(test))]
    if not found:
        raise NotFound(f"there is no test {text!r} in these days")
    if len(exact or found) > 1:
        names = ", ".join(f"{one['id']} {full_name(one)}" for one in (exact or found)[:5])
        raise UsageError(f"there are several tests {text!r}: give an id, such as {names}")
    return str((exact or found)[0]["id"])


def strip(runs: Sequence[dict[str, Any]]) -> Text:
    """A sign for each run, in the order of time; `runs` are newest first.

    >>> str(strip([{"outcome": "failed", "retried": False}, {"outcome": "passed",
    ...     "retried": True}]))
    '~F'
    """
    text = Text()
    for run in reversed(runs):
        sign, style = _MARKS.get(run["outcome"], ("?", ""))
        if run["retried"] and run["outcome"] == "passed":
            sign, style = _RETRIED
        text.append(sign, style)
    return text


def _write_history(found: dict[str, Any]) -> None:
    screen, flake = console(), found["flake"]
    screen.print(Text(f"{full_name(found['test'])}  {found['test']['id']}", style="bold"))
    screen.print(
        f"ran {flake['runs']} times, failed {flake['failed']}; flaky {flake['score']:.1%}"
        f" ({flake['low']:.1%} to {flake['high']:.1%}): {flake['flips']} flips,"
        f" {flake['retried']} retried, in {flake['labs']} labs"
    )
    for title, one in (("last good", found["last_good"]), ("first bad", found["first_bad"])):
        if one:
            screen.print(f"{title}: {one['at'][:19].replace('T', ' ')} in job {one['job_id']}")
    for change in found["difference"]:
        before, after = (
            change[side]["version"] if change[side] else "none" for side in ("before", "after")
        )
        screen.print(Text(f"changed: {change['type']}: {before} → {after}"))
    labs = sorted({run["remoteci"]["name"] or "" for run in found["runs"]})
    width = max(map(len, labs), default=0)
    for lab in labs:
        own = [run for run in found["runs"] if (run["remoteci"]["name"] or "") == lab]
        screen.print(Text.assemble(f"{lab:{width}}  ", strip(own)))
