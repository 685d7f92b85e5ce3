"""`ringtest statistics`: jobs counted by any two keys."""

from typing import Annotated, Any

import typer

from ringtest.cli.calls import connected
from ringtest.cli.noun import QueryOption
from ringtest.cli.output import Format, FormatOption, console, write_many, write_one
from ringtest.cli.questions import FromOption, LabOption, ManyOption, TeamOption, ToOption, window
from ringtest.client import Client

app = typer.Typer(add_completion=False, rich_markup_mode="markdown")

_KEYS = (
    "topic, team, lab, product, pipeline, status, name, configuration, tag, set, day, week,"
    " month or component_type:<type>"
)
_COLUMNS = ("row", "column", "jobs", "success", "failure", "error", "killed")


@app.command()
@connected
def statistics(
    client: Client,
    rows: Annotated[str, typer.Option(help=f"What the rows are: {_KEYS}.")],
    columns: Annotated[str, typer.Option(help="What the columns are, in the same words.")],
    query: QueryOption = None,
    first: FromOption = None,
    last: ToOption = None,
    lab: LabOption = None,
    team: TeamOption = None,
    limit: ManyOption = 20,
    form: FormatOption = Format.TABLE,
) -> None:
    """Count jobs by two keys.

    In the table a cell is the number of jobs, and of those that ended how many succeeded.

    Example: `ringtest statistics --rows team --columns week --query 'topic:rhel-9'`
    """
    asked = window(client, first=first, last=last, lab=lab, team=team, limit=limit)
    asked |= {"rows": rows, "columns": columns} | ({"query": query} if query else {})
    answer = client.get("/job_statistics", asked)
    found = answer["statistics"]
    if form is Format.TABLE:
        _write_table(found, rows, answer["_meta"])
    elif form is Format.CSV:
        write_many(found["cells"], _COLUMNS, form)
    else:
        write_one(found, form)


def _write_table(found: dict[str, Any], rows: str, meta: dict[str, int]) -> None:
    cells = {(cell["row"], cell["column"]): cell for cell in found["cells"]}
    heads = [_named(column) for column in found["columns"]]
    corner = rows.partition(":")[2] or rows
    lines = []
    for row in found["rows"]:
        line = {corner: _named(row)}
        for head, column in zip(heads, found["columns"], strict=True):
            line[head] = _cell(cells.get((row["key"], column["key"])))
        lines.append(line | {"all": str(row["jobs"])})
    if not lines:
        console().print("no job fits")
        return
    write_many([_flat(line) for line in lines], [_safe(name) for name in lines[0]], Format.TABLE)
    for side in ("rows", "columns"):
        if len(found[side]) < meta[side]:
            console().print(f"[dim]{len(found[side])} of {meta[side]} {side}.[/dim]")


def _named(side: dict[str, Any]) -> str:
    return str(side["name"] or side["key"] or "none")


def _safe(name: str) -> str:
    """A name as a column: dots would be taken for a path."""
    return name.replace(".", "·")


def _flat(line: dict[str, str]) -> dict[str, str]:
    return {_safe(name): text for name, text in line.items()}


def _cell(cell: dict[str, Any] | None) -> str:
    """
    >>> _cell({"jobs": 5, "success": 3, "failure": 1, "error": 0, "killed": 1}), _cell(None)
    ('5 75%', '')
    """
    if cell is None:
        return ""
    judged = cell["success"] + cell["failure"] + cell["error"]
    share = f" {cell['success'] * 100 // judged}%" if judged else ""
    return f"{cell['jobs']}{share}"
