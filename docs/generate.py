"""The pages that are made from the code: `make docs` writes them, a test keeps them fresh."""

import ast
import re
from collections.abc import Callable, Iterator
from dataclasses import fields
from pathlib import Path

from docs.fields import field_docs
from docs.jenkins_components import components_page
from docs.reference_pages import MADE, agent_page, api_page, command_line_page
from ringtest.control.kernel.events import CONSUMERS, MEANINGS, EventType, handlers_of
from ringtest.control.kernel.outcome import (
    DCI_STATUSES,
    JobResult,
    JobStatus,
    Stage,
    StageStatus,
    from_dci_status,
)
from ringtest.control.kernel.settings import Settings

DOCS = Path(__file__).parent
CONTROL = DOCS.parent / "src" / "ringtest" / "control"
FLOORS = ("kernel", "ports", "wire", "db", "connectors")
"""Packages of the control server that are no rooms."""

_EVENT = re.compile(r"\b[a-z]+\.[a-z_]+\b")


def rooms() -> dict[str, str]:
    """Docstring of each room's `__init__`, by name."""
    return {
        folder.name: ast.get_docstring(ast.parse((folder / "__init__.py").read_text())) or ""
        for folder in sorted(CONTROL.iterdir())
        if (folder / "__init__.py").exists() and folder.name not in FLOORS
    }


def said(docstring: str, direction: str) -> str:
    """What a room's docstring says after "Events out:" or "Events in:".

    >>> said("Logs: kept. Events out: none. Events in: job.finished.", "in")
    'job.finished.'
    """
    text = " ".join(docstring.split())
    found = re.search(rf"Events {direction}:(.*?)(?=Events (?:out|in):|$)", text)
    return found[1].strip() if found else ""


def named(docstring: str, direction: str, *, itself: bool = False) -> set[str]:
    """Events named there; `itself` leaves out those told "(through …)" another room.

    >>> sorted(named("Events out: lab.seen; job.assigned (through jobs).", "out", itself=True))
    ['lab.seen']
    """
    parts = said(docstring, direction).split(";")
    kept = (part for part in parts if not (itself and "through" in part))
    return {word for part in kept for word in _EVENT.findall(part)}


def mentioned(source: str) -> set[EventType]:
    """Events that a module's code chooses to tell: not those it only compares or looks for.

    >>> mentioned("step = Step(job, (EventType.JOB_LOST,)) if e is EventType.JOB_RETRIED else 0")
    {<EventType.JOB_LOST: 'job.lost'>}
    """
    return {EventType[name] for name in _mentions(ast.parse(source))}


def _mentions(node: ast.AST) -> Iterator[str]:
    if isinstance(node, ast.Compare | ast.Set | ast.pattern):
        return
    if isinstance(node, ast.Attribute) and node.attr in EventType.__members__:
        yield node.attr
    for child in ast.iter_child_nodes(node):
        yield from _mentions(child)


def tellers(event: EventType) -> list[str]:
    """Rooms that tell the event themselves."""
    return [room for room, text in rooms().items() if event in named(text, "out", itself=True)]


def events_page() -> str:
    """docs/events.md"""
    rows = [
        f"| `{event}` | {MEANINGS[event].split(': ')[0]} | {_payload(event)} "
        f"| {', '.join(tellers(event)) or 'nobody yet'} | {', '.join(handlers_of(event)) or '–'} |"
        for event in EventType
    ]
    consumers = [
        f"| `{name}` | {', '.join(f'`{event}`' for event in sorted(events))} |"
        for name, events in sorted(CONSUMERS.items())
    ]
    return "\n".join(
        [
            "# Events",
            "",
            MADE,
            "What happened is told through one table, in the transaction that made it happen.",
            "A payload holds ids only; readers fetch what they may see. Every event can be",
            "watched at `GET /api/v1/events/stream`; the consumers below handle theirs exactly",
            "once each (see `src/ringtest/control/db/outbox.py`).",
            "",
            "| event | meaning | payload | told by | handled by |",
            "|---|---|---|---|---|",
            *rows,
            "",
            "## Consumers",
            "",
            "| consumer | wakes on |",
            "|---|---|",
            *consumers,
            "",
        ]
    )


def _payload(event: EventType) -> str:
    _, _, names = MEANINGS[event].partition(": ")
    return ", ".join(f"`{name.strip()}`" for name in names.split(",")) if names else "–"


def states_page() -> str:
    """docs/states.md"""
    wire = [
        f"| `{word}` | {status} | {stage or '–'} | {result or '–'} |"
        for word in DCI_STATUSES
        for status, stage, result in (from_dci_status(word),)
    ]
    lines = [
        "# States",
        "",
        MADE,
        "## A job",
        "",
        "Progress and outcome are two things. The wire format mixes them in one `status`:",
        "",
        "| `status` on the wire | progress | stage | result |",
        "|---|---|---|---|",
        *wire,
        "",
        f"Progress: {_words(JobStatus)}. Result of a finished job: {_words(JobResult)}.",
        f"Stages, in order: {_words(Stage)}; each is {_words(StageStatus)}.",
        "",
        "## Every room",
        "",
    ]
    for room, docstring in rooms().items():
        lines += [f"### {room}", "", *docstring.splitlines(), ""]
    return "\n".join(lines)


def _words(kind: type[JobStatus] | type[JobResult] | type[Stage] | type[StageStatus]) -> str:
    return ", ".join(f"`{word}`" for word in kind)


def settings_page() -> str:
    """docs/reference/settings.md"""
    meanings = field_docs(Settings)
    rows = [
        f"| `RINGTEST_{setting.name.upper()}` | {_default(setting.default)} "
        f"| {meanings.get(setting.name, '')} |"
        for setting in fields(Settings)
    ]
    return "\n".join(
        [
            "# Settings of the server",
            "",
            MADE,
            "Environment variables, read once at start. A value that cannot be read stops the",
            "start with a message that names it.",
            "",
            "| variable | default | meaning |",
            "|---|---|---|",
            *rows,
            "",
        ]
    )


def _default(value: object) -> str:
    return f"`{value}`" if str(value) else "empty"


def decisions_page() -> str:
    """docs/decisions/README.md"""
    records = sorted((DOCS / "decisions").glob("[0-9]*.md"))
    titles = [record.read_text().split("\n", 1)[0].removeprefix("# ") for record in records]
    return "\n".join(
        [
            "# Decisions",
            "",
            MADE,
            "Why it is so: what was known, what was chosen, what follows. A record is not",
            "changed when the decision is: a new one says so. Unless a record says otherwise,",
            "figures were measured in November 2026 on 2 virtual CPUs with Python 3.11 and",
            "PostgreSQL 15.18; processor times and ratios are sound, wall times upper bounds.",
            "",
            *(f"- [{title}]({path.name})" for title, path in zip(titles, records, strict=True)),
            "",
        ]
    )


PAGES: dict[str, Callable[[], str]] = {
    "events.md": events_page,
    "states.md": states_page,
    "reference/settings.md": settings_page,
    "reference/agent.md": agent_page,
    "reference/command-line.md": command_line_page,
    "reference/api.md": api_page,
    "reference/jenkins-components.md": components_page,
    "decisions/README.md": decisions_page,
}
"""Every made page, by its path below docs/."""


def main() -> None:
    """Write every page."""
    for name, page in PAGES.items():
        path = DOCS / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(page())
        print(f"docs/{name}")


if __name__ == "__main__":
    main()
