"""`ringtest compare`: two jobs, component versions, labs or times, test by test."""

from typing import Annotated, Any
from uuid import UUID

import typer
from rich.text import Text

from ringtest.cli.calls import connected
from ringtest.cli.completion import names_of
from ringtest.cli.config import UsageError
from ringtest.cli.exits import EXIT_REFUSED
from ringtest.cli.kinds import find_id
from ringtest.cli.output import Format, FormatOption, console, write_many, write_one
from ringtest.cli.questions import (
    FromOption,
    LabOption,
    ManyOption,
    OffsetOption,
    TeamOption,
    ToOption,
    full_name,
    window,
)
from ringtest.client import Client

app = typer.Typer(add_completion=False, rich_markup_mode="markdown")

CATEGORIES = (
    "regression", "new_failure", "still_failing", "fixed", "new_pass", "appeared", "disappeared",
    "unchanged",
)  # fmt: skip
_STYLES = {
    "regression": "bold red", "new_failure": "red", "still_failing": "magenta", "fixed": "green",
    "new_pass": "green", "appeared": "cyan", "disappeared": "yellow",
}  # fmt: skip
_COLUMNS = (
    "category", "test.id", "test.suite", "test.classname", "test.name", "left.outcome",
    "left.failed", "left.runs", "right.outcome", "right.failed", "right.runs",
)  # fmt: skip
_SIDE = "ID of a job, `component:ID`, `lab:NAME`, or `dates:2026-10-01..2026-10-31`."

TopicOption = Annotated[
    str | None,
    typer.Option(
        "--topic",
        help="Of which topic; not needed for jobs and components.",
        autocompletion=names_of("topic"),
    ),
]


@app.command()
@connected
def compare(
    client: Client,
    left: Annotated[str, typer.Argument(help=f"What it was: {_SIDE}")],
    right: Annotated[str, typer.Argument(help="What it is: the same.")],
    topic: TopicOption = None,
    category: Annotated[
        str | None, typer.Option(help="Only these, separated by commas. [default: changed ones]")
    ] = None,
    text: Annotated[str | None, typer.Option("--test", help="Part of the tests' names.")] = None,
    suite: Annotated[str | None, typer.Option(help="Only this suite.")] = None,
    share: Annotated[
        float | None,
        typer.Option(min=0, max=1, help="Failed from this share of a side's runs. [default: any]"),
    ] = None,
    fail_on: Annotated[
        str | None,
        typer.Option("--fail-on", help="End with 1 if there are such, such as regression."),
    ] = None,
    first: FromOption = None,
    last: ToOption = None,
    lab: LabOption = None,
    team: TeamOption = None,
    limit: ManyOption = 50,
    offset: OffsetOption = 0,
    form: FormatOption = Format.TABLE,
) -> None:
    """Compare what became of each test on two sides.

    Categories: regression, new_failure, still_failing, fixed, new_pass, appeared, disappeared,
    unchanged.

    Examples: `ringtest compare JOB JOB`,
    `ringtest compare component:compose-9.4 component:compose-9.5 --fail-on regression,new_failure`,
    `ringtest compare dates:2026-09-01..2026-09-30 dates:2026-10-01..2026-10-31 --topic rhel-9`
    """
    wrong = _categories(fail_on)
    asked = window(client, first=first, last=last, lab=lab, team=team, limit=limit, offset=offset)
    more = {
        "left": _side(client, left),
        "right": _side(client, right),
        "topic_id": find_id(client, "topic", topic) if topic else None,
        "category": category,
        "q": text,
        "suite": suite,
        "share": share,
    }
    asked |= {name: str(value) for name, value in more.items() if value is not None}
    answer = client.get("/comparisons", asked)
    found = answer["comparison"]
    if form is Format.TABLE:
        _write_table(found, answer["_meta"]["count"])
    elif form is Format.CSV:
        write_many(found["cases"], _COLUMNS, form)
    else:
        write_one(found, form)
    if any(found["counts"][one] for one in wrong):
        raise typer.Exit(EXIT_REFUSED)


def _categories(text: str | None) -> list[str]:
    wanted = [one.strip() for one in (text or "").split(",") if one.strip()]
    unknown = [one for one in wanted if one not in CATEGORIES]
    if unknown:
        raise UsageError(f"{unknown[0]!r} is no category; there are {', '.join(CATEGORIES)}")
    return wanted


def _side(client: Client, text: str) -> str:
    """A side as the API names it; things may be given by name, jobs by their id alone."""
    kind, colon, rest = text.partition(":")
    if kind == "dates":
        return text
    if colon and kind in ("job", "component", "lab"):
        return f"{kind}:{find_id(client, kind, rest)}"
    try:
        return f"job:{UUID(text)}"
    except ValueError:
        raise UsageError(f"{text!r} is no side: give {_SIDE}") from None


def _write_table(found: dict[str, Any], count: int) -> None:
    screen = console()
    for name in ("left", "right"):
        side = found[name]
        screen.print(Text(f"{name:5}  {side['label']} ({side['jobs']} jobs, {side['runs']} runs)"))
    told = [(one, found["counts"][one]) for one in CATEGORIES if found["counts"][one]]
    parts = [Text(f"{number} {name}", _STYLES.get(name, "dim")) for name, number in told]
    screen.print(Text(", ").join(parts) if parts else Text("nothing ran on either side"))
    rows = [
        {
            "category": case["category"],
            "left": _half(case["left"]),
            "right": _half(case["right"]),
            "test": full_name(case["test"]),
        }
        for case in found["cases"]
    ]
    if rows:
        write_many(rows, ("category", "left", "right", "test"), Format.TABLE)
    if len(rows) < count and screen.is_terminal:
        screen.print(f"[dim]{len(rows)} of {count}; --limit and --offset for more.[/dim]")


def _half(half: dict[str, Any] | None) -> str:
    """
    >>> _half({"outcome": "failed", "failed": 1, "runs": 4}), _half(None)
    ('failed 1/4', '-')
    """
    if half is None:
        return "-"
    of = f" {half['failed']}/{half['runs']}" if half["runs"] > 1 else ""
    return f"{half['outcome']}{of}"
