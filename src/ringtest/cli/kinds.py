"""The resources of the API by the names people use, and how to find one by its own name."""

import csv
import io
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from ringtest.cli.calls import NotFound
from ringtest.cli.config import UsageError
from ringtest.client import ApiError, Client


@dataclass(frozen=True, slots=True)
class Kind:
    """A resource: its path, the keys of its answers and the column that names it."""

    noun: str
    path: str
    one: str
    many: str
    name_column: str | None = "name"


KINDS = {
    kind.noun: kind
    for kind in (
        Kind("job", "/jobs", "job", "jobs", None),
        Kind("component", "/components", "component", "components", "display_name"),
        Kind("topic", "/topics", "topic", "topics"),
        Kind("product", "/products", "product", "products"),
        Kind("lab", "/remotecis", "remoteci", "remotecis"),
        Kind("feeder", "/feeders", "feeder", "feeders"),
        Kind("team", "/teams", "team", "teams"),
        Kind("user", "/users", "user", "users"),
        Kind("token", "/tokens", "token", "tokens"),
        Kind("definition", "/job_definitions", "job_definition", "job_definitions"),
        Kind("rule", "/trigger_rules", "trigger_rule", "trigger_rules"),
        Kind("group", "/failure_groups", "failure_group", "failure_groups", None),
        Kind("issue", "/known_issues", "known_issue", "known_issues"),
        Kind("target", "/report_targets", "report_target", "report_targets"),
        Kind("webhook", "/report_targets", "report_target", "report_targets"),
        Kind("controller", "/ci_controllers", "ci_controller", "ci_controllers"),
        Kind("delivery", "/deliveries", "delivery", "deliveries", None),
        Kind("audit", "/audits", "audit", "audits", None),
    )
}


def find_id(client: Client, noun: str, text: str) -> str:
    """The id of what `text` names: an id already, or the name of exactly one thing.

    Of things without names, `latest` is the first of the list.
    """
    kind = KINDS[noun]
    try:
        return str(UUID(text))
    except ValueError:
        if kind.name_column is None:
            return _latest(client, kind, text)
    where = where_parameter([f"{kind.name_column}:{text}"])
    page = client.get(kind.path, {"where": where, "limit": "2", "offset": "0"})
    found = page[kind.many]
    if not found:
        raise NotFound(f"there is no {noun} {text!r}")
    if len(found) > 1:
        raise UsageError(f"there are several {noun}s {text!r}: give an id")
    return str(found[0]["id"])


def _latest(client: Client, kind: Kind, text: str) -> str:
    if text != "latest":
        raise UsageError(f"{text!r} is not the id of a {kind.noun}; the newest one is `latest`")
    found = client.get(kind.path, {"limit": "1", "offset": "0"})[kind.many]
    if not found:
        raise NotFound(f"there is no {kind.noun} yet")
    return str(found[0]["id"])


def read_one(client: Client, noun: str, text: str) -> dict[str, Any]:
    """The object that `text` names by id or name."""
    kind = KINDS[noun]
    try:
        item: dict[str, Any] = client.get(f"{kind.path}/{find_id(client, noun, text)}")[kind.one]
    except ApiError as error:
        if error.status == 404:
            raise NotFound(f"there is no {noun} {text!r}") from error
        raise
    return item


def where_parameter(conditions: Iterable[str]) -> str:
    """Conditions `column:value` as the wire wants them: one line of CSV.

    >>> where_parameter(["name:a", "comment:b, c"])
    'name:a,"comment:b, c"'
    """
    conditions = list(conditions)
    wrong = [each for each in conditions if ":" not in each]
    if wrong:
        raise UsageError(f"--where wants column:value, not {wrong[0]!r}")
    buffer = io.StringIO()
    csv.writer(buffer, lineterminator="").writerow(conditions)
    return buffer.getvalue()


def list_parameters(
    where: Iterable[str], *, query: str | None = None, sort: str | None
) -> Mapping[str, str]:
    """Parameters of a list, without those of its pages."""
    wanted = {"where": where_parameter(where), "query": query or "", "sort": sort or ""}
    if wanted["where"] and query:
        raise UsageError("either --where or --query: the server reads one of them")
    return {name: value for name, value in wanted.items() if value}
