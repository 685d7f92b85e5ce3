"""`ringtest group`: failure groups."""

from typing import Annotated, Any

import typer

from ringtest.cli.calls import connected
from ringtest.cli.completion import names_of
from ringtest.cli.group_radius import COLUMNS as LAB_COLUMNS
from ringtest.cli.group_radius import in_short, lab_rows
from ringtest.cli.kinds import find_id, read_one
from ringtest.cli.noun import AllOption, LimitOption, Noun, WhichArgument, noun_app, show_list
from ringtest.cli.output import Format, FormatOption, write_many, write_one
from ringtest.client import Client

COLUMNS = ("id", "verdict.text", "title", "cases", "occurrences", "in_latest_set", "last_seen.at")

GROUP = Noun(
    name="group",
    help="Failure groups: one cause each, with whom it hits and since when.",
    columns=COLUMNS,
    verbs=(),
    example="Example: `ringtest group list --topic rhel-9`, then `ringtest group show latest`",
)

app = noun_app(GROUP)


@app.command("list")
@connected
def list_(
    client: Client,
    topic: Annotated[
        str | None,
        typer.Option(help="Only of this topic, by id or name.", autocompletion=names_of("topic")),
    ] = None,
    known: Annotated[
        str | None, typer.Option(help="yes, no, or a known issue by id or name: only these.")
    ] = None,
    limit: LimitOption = 20,
    all_: AllOption = False,
    form: FormatOption = Format.TABLE,
) -> None:
    """List failure groups, the latest first.

    Example: `ringtest group list --topic rhel-9 --known no`
    """
    parameters = {"topic_id": find_id(client, "topic", topic)} if topic else {}
    if known:
        is_word = known in ("yes", "no")
        parameters["known_issue"] = known if is_word else find_id(client, "issue", known)
    wanted = None if all_ else limit
    path = "/failure_groups"
    show_list(client, path, "failure_groups", COLUMNS, form, parameters=parameters, limit=wanted)


@app.command()
@connected
def show(client: Client, which: WhichArgument, form: FormatOption = Format.TABLE) -> None:
    """Show one group: whom it hits, since when, and what changed then.

    Example: `ringtest group show latest`
    """
    group = read_one(client, "group", which)
    write_one(_in_words(group) if form is Format.TABLE else group, form)


@app.command()
@connected
def radius(client: Client, which: WhichArgument, form: FormatOption = Format.TABLE) -> None:
    """Show which topics, labs and hardware a failure hits, passed by or did not reach yet.

    Example: `ringtest group radius latest`, `ringtest group radius latest -f csv`
    """
    path = f"/failure_groups/{find_id(client, 'group', which)}/blast_radius"
    found = client.get(path)["blast_radius"]
    if form in (Format.JSON, Format.YAML):
        write_one(found, form)
        return
    write_many(lab_rows(found), LAB_COLUMNS, form)
    if form is Format.TABLE:
        print("\n".join(["", *in_short(found)]))


@app.command()
@connected
def similar(
    client: Client,
    which: WhichArgument,
    limit: LimitOption = 20,
    form: FormatOption = Format.TABLE,
) -> None:
    """List groups of the same topic that look like this one, the most alike first.

    Example: `ringtest group similar latest`
    """
    path = f"/failure_groups/{find_id(client, 'group', which)}/similar"
    found = client.get(path, {"limit": str(min(limit, 100))})["similar"]
    write_many(found, ("score", "id", "title", "occurrences", "last_seen_at"), form)


@app.command()
@connected
def merge(
    client: Client,
    which: WhichArgument,
    into: Annotated[str, typer.Option(help="The group that stays, by id.")],
    form: FormatOption = Format.TABLE,
) -> None:
    """Make a group a part of another: counted, listed and told as one.

    Example: `ringtest group merge ID --into OTHER`
    """
    body = {"into": find_id(client, "group", into)}
    path = f"/failure_groups/{find_id(client, 'group', which)}/merge"
    group = client.post(path, body)["failure_group"]
    write_one(_in_words(group) if form is Format.TABLE else group, form)


@app.command()
@connected
def unmerge(client: Client, which: WhichArgument) -> None:
    """Take a merged group out of the other one again.

    Example: `ringtest group unmerge ID`; `ringtest group show OTHER` lists what is merged
    """
    client.delete(f"/failure_groups/{find_id(client, 'group', which)}/merge")


def _in_words(group: dict[str, Any]) -> dict[str, Any]:
    """The group as a few lines for people."""
    verdict = group["verdict"]
    hit, run = (_names(verdict, kind) for kind in ("hit", "run"))
    changes = [
        f"{change['type']}: {_version(change['before'])} → {_version(change['after'])}"
        for change in group.get("difference") or []
    ]
    tests = [f"{test['classname']}::{test['name']}" for test in group.get("tests") or []]
    return {
        "id": group["id"],
        "title": group["title"],
        "verdict": f"{verdict['text']} (hit: {hit}; run: {run})",
        "first seen": _seen(group.get("first_seen")),
        "last seen": _seen(group.get("last_seen")),
        "changed since the last good": "\n".join(changes) or "nothing known",
        "known as": "\n".join(_known(issue) for issue in group.get("known_issues") or []),
        "merged into it": "\n".join(
            f"{part['id']} {part['title']}" for part in group.get("merged") or []
        ),
        "tests": "\n".join(tests),
        "failed cases": group.get("cases"),
        "sample": (group.get("sample") or {}).get("text"),
    }


def _names(verdict: dict[str, Any], kind: str) -> str:
    """Labs of a verdict: the first of them, and how many more there are."""
    named = [lab["name"] for lab in verdict[f"labs_{kind}"]]
    left = verdict.get(kind, len(named)) - len(named)
    return ", ".join(named) + (f" and {left} more" if left > 0 else "")


def _known(issue: dict[str, Any]) -> str:
    ended = " (expired)" if issue["expired"] else ""
    return " ".join(filter(None, (f"{issue['name']}{ended}, {issue['owner']}", issue["link"])))


def _version(component: dict[str, Any] | None) -> str:
    return str(component["version"]) if component else "none"


def _seen(sighting: dict[str, Any] | None) -> str:
    return f"{sighting['at'][:19]} in job {sighting['job_id']}" if sighting else ""
