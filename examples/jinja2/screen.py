"""What the demo shows in the terminal, drawn anew at every look."""

from collections.abc import Sequence
from dataclasses import dataclass

from rich.console import Group, RenderableType
from rich.markup import escape
from rich.panel import Panel
from rich.table import Table
from rich.text import Text

from examples.jinja2.processes import Child
from examples.jinja2.story import Story, cell_text, group_text, version_of

_COLOURS = {"passed": "green", "failed": "red", "errored": "magenta", "cancelled": "yellow"}


@dataclass(frozen=True, slots=True)
class Addresses:
    """Where a person goes, and with which word."""

    url: str
    sink: str
    admin_password: str
    partner_password: str


def whole(
    addresses: Addresses, story: Story, children: Sequence[Child], news: Sequence[str]
) -> RenderableType:
    """The screen."""
    parts: list[RenderableType] = [
        header(addresses),
        answer(story),
        groups(story),
        Text(f"Reports: {story.delivered} of {len(story.deliveries)} delivered", style="bold"),
        processes(children),
    ]
    parts += [Text(line, style="yellow") for line in news[-3:]]
    return Group(*parts)


def header(addresses: Addresses) -> RenderableType:
    """Address, login and what to look at."""
    text = (
        f"[bold]Open [link={addresses.url}]{addresses.url}[/link][/bold]  user [bold]admin[/bold]"
        f"  password [bold]{escape(addresses.admin_password)}[/bold]\n"
        f"What a partner sees: user [bold]partner[/bold]"
        f"  password [bold]{escape(addresses.partner_password)}[/bold]\n"
        f"Look at: the product Jinja2 (what fails, whom it hits, since when) · a running job "
        f"(log, counts)\nReports arrive at {addresses.sink}   ·   Ctrl-C ends, "
        f"starting again goes on"
    )
    return Panel(text, title="Ringtest", title_align="left")


def answer(story: Story) -> RenderableType:
    """Component sets by labs."""
    table = Table(title="jinja2 2.11.3 with …", title_justify="left", expand=True)
    table.add_column("markupsafe", width=10)
    for lab in story.labs:
        table.add_column(f"{lab['name']} ({lab['team']['name']})", ratio=1)
    for one in reversed(story.sets):
        cells = [one["cells"].get(lab["id"]) for lab in story.labs]
        texts = [
            Text(cell_text(cell), style=_COLOURS.get(str((cell or {}).get("result")), "cyan"))
            for cell in cells
        ]
        table.add_row(version_of(one, "markupsafe"), *texts)
    return table


def groups(story: Story) -> RenderableType:
    """What fails, whom it hits, since when."""
    if not story.groups:
        return Text("What fails: nothing that is known so far")
    table = Table(title="What fails", title_justify="left", expand=True)
    table.add_column("failure", ratio=3, no_wrap=True, overflow="ellipsis")
    table.add_column("hits", no_wrap=True)
    table.add_column("since", ratio=1)
    for group in story.groups:
        table.add_row(*(Text(part) for part in group_text(group)))
    return table


def processes(children: Sequence[Child]) -> RenderableType:
    """One line about the programs."""
    shown = [
        f"{child.name} {child.state}" + (f", restarts: {child.restarts}" if child.restarts else "")
        for child in children
    ]
    return Text(" · ".join(shown), style="dim")
