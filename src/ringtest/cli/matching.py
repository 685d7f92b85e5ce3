"""`ringtest definition labs` and `ringtest job labs`: who has what a job needs."""

from typing import Annotated, Any

import typer

from ringtest.cli.calls import connected
from ringtest.cli.kinds import find_id
from ringtest.cli.noun import WhichArgument
from ringtest.cli.output import Format, FormatOption, write_many, write_one
from ringtest.client import Client
from ringtest.language import labels

COLUMNS = ("name", "fits", "connected", "subscribed", "agent", "lacks")
NeedsOption = Annotated[
    list[str] | None,
    typer.Option(
        "--needs", help="What a machine of the lab must have: nic=mlx5*, memory>=64GiB; repeat."
    ),
]


def add_to_definition(app: typer.Typer) -> None:
    """Let definitions be asked which labs could run them."""
    app.command("labs")(connected(definition_labs))


def add_to_job(app: typer.Typer) -> None:
    """Let jobs be asked whether their lab could run them."""
    app.command("labs")(connected(job_labs))


def definition_labs(
    client: Client, which: WhichArgument, form: FormatOption = Format.TABLE
) -> None:
    """Show which of your labs could run it, and which of its labels the others lack.

    Example: `ringtest definition labs smoke`
    """
    _write(client, f"/job_definitions/{find_id(client, 'definition', which)}/labs", form)


def job_labs(client: Client, which: WhichArgument, form: FormatOption = Format.TABLE) -> None:
    """Show whether the job's lab has what the job needs: why it waits.

    Example: `ringtest job labs latest`
    """
    _write(client, f"/jobs/{find_id(client, 'job', which)}/labs", form)


def _write(client: Client, path: str, form: Format) -> None:
    found = client.get(path)["matching"]
    if form in (Format.JSON, Format.YAML):
        write_one(found, form)
        return
    write_many([row for lab in found["labs"] for row in _rows(lab)], COLUMNS, form)
    if form is Format.TABLE:
        print(found["text"])


def _rows(lab: dict[str, Any]) -> list[dict[str, Any]]:
    """A row per machine, or one for a lab that has told of none."""
    machines = lab["machines"] or [{"agent": "", "unmet": []}]
    return [
        {**lab, "agent": one["agent"], "fits": lab["fits"] and not one["unmet"],
         "lacks": "; ".join(one["unmet"])}
        for one in machines
    ]  # fmt: skip


def read_needs(needs: list[str] | None) -> dict[str, str]:
    """Labels as they are asked for; typer.BadParameter for what is no wish."""
    try:
        wishes = dict(labels.read(one) for one in needs or ())
    except ValueError as error:
        raise typer.BadParameter(str(error)) from None
    if problems := labels.faults(wishes):
        raise typer.BadParameter(problems[0])
    return wishes
