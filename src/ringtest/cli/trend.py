"""`ringtest trend`: how the results of a topic develop."""

from enum import StrEnum
from typing import Annotated, Any

import typer
from rich.text import Text

from ringtest.cli.calls import connected
from ringtest.cli.kinds import find_id
from ringtest.cli.output import Format, FormatOption, console, write_many
from ringtest.cli.questions import (
    FromOption,
    LabOption,
    TeamOption,
    ToOption,
    TopicArgument,
    window,
)
from ringtest.cli.sparkline import percent, sparkline
from ringtest.client import Client

app = typer.Typer(add_completion=False, rich_markup_mode="markdown")

_COLUMNS = (
    "at", "results", "total", "passed", "failed", "errored", "skipped", "regressed", "recovered",
    "retried", "pass_rate", "seconds",
)  # fmt: skip
_SHOWN = ("at", "results", "total", "failed", "errored", "regressed", "recovered", "pass_rate")


class By(StrEnum):
    """How long a step is."""

    DAY = "day"
    WEEK = "week"
    MONTH = "month"


@app.command()
@connected
def trend(
    client: Client,
    topic: TopicArgument,
    by: Annotated[By, typer.Option(help="How long a step is.")] = By.DAY,
    first: FromOption = None,
    last: ToOption = None,
    lab: LabOption = None,
    team: TeamOption = None,
    form: FormatOption = Format.TABLE,
) -> None:
    """Show pass rate and volume of a topic's results by day, week or month.

    The pass rate is passed among passed, failed and errored.

    Example: `ringtest trend rhel-9 --by week --from 2026-08-01`
    """
    asked = window(client, first=first, last=last, lab=lab, team=team) | {"by": by.value}
    points = client.get(f"/topics/{find_id(client, 'topic', topic)}/trend", asked)["trend"]
    if form is not Format.TABLE:
        write_many(points, _COLUMNS, form)
        return
    if not points:
        console().print("nothing ran in these days")
        return
    _write_lines(points)
    shown = [{**point, "pass_rate": percent(point["pass_rate"])} for point in points]
    write_many(shown, _SHOWN, form)


def _write_lines(points: list[dict[str, Any]]) -> None:
    rates = [point["pass_rate"] for point in points]
    known = [rate for rate in rates if rate is not None]
    screen = console()
    if known:
        said = f"{percent(min(known))} to {percent(max(known))}, last {percent(known[-1])}"
        screen.print(Text(f"pass rate  {sparkline(rates)}  {said}"))
    totals = [float(point["total"]) for point in points]
    said = f"{sum(point['total'] for point in points):,} cases in all"
    screen.print(Text(f"cases      {sparkline(totals, low=0)}  {said}"))
