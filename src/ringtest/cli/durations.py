"""`ringtest durations`: the slowest tests of a topic, and those whose time changed."""

from typing import Annotated, Any

import typer

from ringtest.cli.calls import connected
from ringtest.cli.kinds import find_id
from ringtest.cli.output import Format, FormatOption, console, write_many
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

app = typer.Typer(add_completion=False, rich_markup_mode="markdown")

_COLUMNS = (
    "test.id", "test.suite", "test.classname", "test.name", "runs", "mean", "median", "p95",
    "before.runs", "before.mean", "before.median", "ratio", "p_value", "significant",
)  # fmt: skip
_SLOWEST = ("median", "p95", "runs", "test")
_CHANGED = ("change", "before", "median", "p_value", "significant", "runs", "test")


@app.command()
@connected
def durations(
    client: Client,
    topic: TopicArgument,
    changed: Annotated[
        bool, typer.Option("--changed", help="What changed most, instead of the slowest.")
    ] = False,
    baseline_from: Annotated[
        str | None, typer.Option(help="First day to compare with. [default: as long before]")
    ] = None,
    baseline_to: Annotated[str | None, typer.Option(help="Last day to compare with.")] = None,
    first: FromOption = None,
    last: ToOption = None,
    lab: LabOption = None,
    team: TeamOption = None,
    limit: ManyOption = 20,
    offset: OffsetOption = 0,
    form: FormatOption = Format.TABLE,
) -> None:
    """Show the slowest tests of a topic, or those whose time changed most.

    Changes that are significant come first; how that is decided is written below the table.

    Example: `ringtest durations rhel-9 --changed --from 2026-10-01`
    """
    asked = window(client, first=first, last=last, lab=lab, team=team, limit=limit, offset=offset)
    more = {
        "sort": "changed" if changed else "slowest",
        "baseline_from": baseline_from,
        "baseline_to": baseline_to,
    }
    asked |= {name: value for name, value in more.items() if value is not None}
    path = f"/topics/{find_id(client, 'topic', topic)}/durations"
    answer = client.get(path, asked)
    found = answer["durations"]
    if form is not Format.TABLE:
        write_many(found, _COLUMNS, form)
        return
    is_compared = "baseline" in answer["_meta"]
    write_many([_line(one) for one in found], _CHANGED if is_compared else _SLOWEST, form)
    if is_compared:
        meta = answer["_meta"]
        baseline = meta["baseline"]
        said = f"{meta['significant']} of {meta['count']} changed against"
        console().print(f"[dim]{said} {baseline['from']} to {baseline['to']}.[/dim]")
    if console().is_terminal:
        console().print(f"[dim]{answer['_meta']['method']}[/dim]")


def _line(one: dict[str, Any]) -> dict[str, Any]:
    before, ratio = one["before"], one["ratio"]
    return {
        "change": f"{(ratio - 1) * 100:+.0f} %" if ratio is not None else "",
        "before": seconds(before["median"]) if before else "",
        "median": seconds(one["median"]),
        "p95": seconds(one["p95"]),
        "p_value": "" if one["p_value"] is None else f"{one['p_value']:.2g}",
        "significant": one["significant"],
        "runs": one["runs"],
        "test": full_name(one["test"]),
    }


def seconds(value: float) -> str:
    """
    >>> seconds(0.0123), seconds(75.5), seconds(4000)
    ('12 ms', '75.5 s', '1 h 07 min')
    """
    if value < 1:
        return f"{value * 1000:.0f} ms"
    if value < 600:
        return f"{value:.1f} s"
    minutes = round(value / 60)
    return f"{minutes // 60} h {minutes % 60:02} min" if minutes >= 60 else f"{minutes} min"
