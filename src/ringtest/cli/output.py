"""Answers on the screen and in pipes: table, json, csv, yaml.

JSON and YAML are the server's objects as they are; table and CSV have columns, which are
dotted paths into the objects. CSV and JSON are for programs: their form does not change.
"""

import csv
import io
import json
import sys
from collections.abc import Mapping, Sequence
from typing import Any

import yaml
from rich.console import Console
from rich.table import Table
from rich.text import Text

from ringtest.cli.formats import Format as Format
from ringtest.cli.formats import FormatOption as FormatOption
from ringtest.cli.terminal import plain

_COLOURS = {
    "success": "green", "passed": "green", "active": "green", "delivered": "green",
    "failure": "red", "failed": "red", "everyone": "red",
    "error": "magenta", "errored": "magenta",
    "running": "cyan", "pre-run": "cyan", "post-run": "cyan",
    "killed": "yellow", "cancelled": "yellow", "pending": "yellow", "skipped": "yellow",
}  # fmt: skip


def look_up(item: Any, path: str) -> Any:
    """The value at a dotted path, None where it leads nowhere; lists are passed through.

    >>> look_up({"a": {"b": 1}}, "a.b"), look_up({"a": None}, "a.b")
    (1, None)
    >>> look_up({"a": [{"b": 1}, {"b": 2}]}, "a.b")
    [1, 2]
    """
    for index, part in enumerate(parts := path.split(".")):
        if isinstance(item, list):
            rest = ".".join(parts[index:])
            return [look_up(each, rest) for each in item]
        item = item.get(part) if isinstance(item, Mapping) else None
    return item


def cell(value: Any) -> str:
    """A value in one line of text.

    >>> cell(None), cell(["a", "b"]), cell(True), cell({"a": 1})
    ('', 'a, b', 'yes', '{"a": 1}')
    """
    if value is None:
        return ""
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, list) and not any(isinstance(each, dict | list) for each in value):
        return ", ".join(cell(each) for each in value)
    if isinstance(value, dict | list):
        return json.dumps(value, ensure_ascii=False)
    return str(value)


def write_many(items: Sequence[Any], columns: Sequence[str], form: Format) -> None:
    """A list."""
    if form is Format.TABLE:
        _write_table(items, columns)
    elif form is Format.CSV:
        _write_csv(items, columns)
    else:
        _write_data(list(items), form)


def write_rows(names: Sequence[str], rows: Sequence[Mapping[str, Any]], form: Format) -> None:
    """Rows of a table whose columns have names of any kind, dots too."""
    if form in (Format.JSON, Format.YAML):
        _write_data(list(rows), form)
        return
    places = [str(place) for place in range(len(names))]
    items = [dict(zip(places, (row[name] for name in names), strict=True)) for row in rows]
    if form is Format.TABLE:
        _write_table(items, places, names)
    else:
        _write_csv(items, places, names)


def write_one(item: Mapping[str, Any], form: Format) -> None:
    """One object: in a table, a line for each of its fields."""
    if form is Format.CSV:
        _write_csv([item], list(item))
    elif form is Format.TABLE:
        table = Table(box=None, show_header=False, pad_edge=False)
        table.add_column(style="bold", no_wrap=True)
        table.add_column(overflow="fold")
        for name, value in item.items():
            table.add_row(name, _coloured(_short_time(_block(value))))
        _print(table)
    else:
        _write_data(item, form)


def console() -> Console:
    """Standard output; as wide as needed where no one's screen has a width."""
    return Console(width=None if sys.stdout.isatty() else 10_000, highlight=False, soft_wrap=False)


def _print(table: Table) -> None:
    """On a screen as it is; in a pipe without the blanks that fill up the last column."""
    screen = console()
    if screen.is_terminal:
        screen.print(table)
        return
    with screen.capture() as captured:
        screen.print(table)
    sys.stdout.write("".join(f"{line.rstrip()}\n" for line in captured.get().splitlines()))


def _block(value: Any) -> str:
    """A value in as many lines as it needs."""
    nested = isinstance(value, dict) or (
        isinstance(value, list) and any(isinstance(each, dict | list) for each in value)
    )
    if nested and value:
        text: str = yaml.safe_dump(value, sort_keys=False, allow_unicode=True)
        return text.rstrip()
    return cell(value) if value != {} else ""


def _write_table(
    items: Sequence[Any], columns: Sequence[str], names: Sequence[str] | None = None
) -> None:
    table = Table(box=None, pad_edge=False, header_style="bold")
    for column, head in zip(columns, names or map(heading, columns), strict=True):
        table.add_column(Text(head), no_wrap=column == "id", overflow="fold")
    for item in items:
        texts = (_short_time(cell(look_up(item, column))) for column in columns)
        table.add_row(*(_coloured(text) for text in texts))
    _print(table)


def heading(column: str) -> str:
    """A path as the head of a column.

    >>> heading("id"), heading("topic.name"), heading("last_seen_at")
    ('ID', 'TOPIC', 'LAST SEEN AT')
    """
    return column.removesuffix(".name").replace(".", " ").replace("_", " ").upper()


def _coloured(text: str) -> Text:
    return Text(plain(text), style=_COLOURS.get(text, ""))


def _short_time(text: str) -> str:
    """Times without microseconds, for people; all times are UTC."""
    is_time = len(text) >= 19 and text[4:5] == "-" and text[10:11] == "T" and text[:4].isdigit()
    return text[:19].replace("T", " ") if is_time and len(text) <= 26 else text


def _write_csv(
    items: Sequence[Any], columns: Sequence[str], names: Sequence[str] | None = None
) -> None:
    buffer = io.StringIO()
    writer = csv.writer(buffer, lineterminator="\n")
    writer.writerow(names or columns)
    for item in items:
        writer.writerow([cell(look_up(item, column)) for column in columns])
    sys.stdout.write(buffer.getvalue())


def _write_data(data: Any, form: Format) -> None:
    if form is Format.JSON:
        sys.stdout.write(json.dumps(data, indent=2, ensure_ascii=False) + "\n")
    else:
        sys.stdout.write(yaml.safe_dump(data, sort_keys=False, allow_unicode=True))
