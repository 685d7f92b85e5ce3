"""`ringtest lab consent`, `runs`, `allow` and `refuse`: what others may run on a lab."""

from enum import StrEnum
from typing import Annotated, Any

import typer

from ringtest.cli.calls import NotFound, connected
from ringtest.cli.kinds import find_id
from ringtest.cli.noun import WhichArgument, show_list
from ringtest.cli.output import Format, FormatOption, write_many, write_one
from ringtest.client import Client

COLUMNS = ("id", "status", "name", "asker_name", "comment", "expires_at", "job_id")
RunArgument = Annotated[
    str, typer.Argument(help="Id of the run; `latest`: the newest that waits.", metavar="RUN")
]


class Answer(StrEnum):
    """What a lab says."""

    NEVER = "never"
    ASK = "ask"
    ALWAYS = "always"


def add_to(app: typer.Typer) -> None:
    """Give labs their consent."""
    for command in (consent, runs, allow, refuse):
        app.command()(connected(command))


def consent(
    client: Client,
    which: WhichArgument,
    say: Annotated[
        Answer | None, typer.Option(help="To never let run, to ask first, or to always let run.")
    ] = None,
    team: Annotated[str | None, typer.Option(help="Only for people of this team.")] = None,
    product: Annotated[str | None, typer.Option(help="Only for this product.")] = None,
    form: FormatOption = Format.TABLE,
) -> None:
    """Show what others may run on the lab, or say it; only people of its own team say it.

    The narrowest rule counts: of team and product, of the team, of the product, of everybody.

    Example: `ringtest lab consent west`, `ringtest lab consent west --say ask --product RHEL`
    """
    path = f"/remotecis/{find_id(client, 'lab', which)}/consent"
    known = client.get(path)
    rules = known["rules"]
    if say is not None:
        rule = {
            "answer": say.value,
            "asker_team_id": find_id(client, "team", team) if team else None,
            "product_id": find_id(client, "product", product) if product else None,
        }
        others = [{name: one[name] for name in rule} for one in rules if not _is_same(one, rule)]
        rules = client.put(path, {"rules": [*others, rule]}, etag=known["_meta"]["etag"])["rules"]
    write_many(rules, ("answer", "asker_team_name", "product_name"), form)


def _is_same(one: dict[str, Any], other: dict[str, Any]) -> bool:
    return all(one[name] == other[name] for name in ("asker_team_id", "product_id"))


def runs(client: Client, which: WhichArgument, form: FormatOption = Format.TABLE) -> None:
    """List what people wanted to run on the lab, and what came of it.

    Example: `ringtest lab runs west`
    """
    where = {"where": f"remoteci_id:{find_id(client, 'lab', which)}"}
    show_list(client, "/lab_runs", "lab_runs", COLUMNS, form, parameters=where)


def allow(client: Client, run: RunArgument, form: FormatOption = Format.TABLE) -> None:
    """Let something run that the lab was asked for.

    Example: `ringtest lab allow latest`
    """
    _write(client.post(f"/lab_runs/{_find(client, run)}/allow")["lab_run"], form)


def refuse(
    client: Client,
    run: RunArgument,
    reason: Annotated[str | None, typer.Option(help="What its people are told.")] = None,
    form: FormatOption = Format.TABLE,
) -> None:
    """Do not let something run that the lab was asked for.

    Example: `ringtest lab refuse latest --reason 'the rack is being moved'`
    """
    path = f"/lab_runs/{_find(client, run)}/refuse"
    _write(client.post(path, {"reason": reason} if reason else None)["lab_run"], form)


def _find(client: Client, run: str) -> str:
    if run != "latest":
        return run
    asked = client.pages("/lab_runs", "lab_runs", {"where": "status:asked", "sort": "-created_at"})
    found = next((one for one in asked if one["status"] == "asked"), None)
    if found is None:
        raise NotFound("nobody waits for an answer")
    return str(found["id"])


def _write(run: dict[str, Any], form: Format) -> None:
    if form is Format.TABLE:
        write_many([run], COLUMNS, form)
    else:
        write_one(run, form)
