"""What must exist before the story begins, created through the public API; safe to repeat."""

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import yaml

from examples.jinja2.demo_state import DemoState, Key
from ringtest.client import ApiError, Client

_HERE = Path(__file__).parent
_CONFLICT = 409
LABS = {"lab-a": "Vendor", "lab-b": "Partner B"}
"""Each lab and the team that it belongs to."""


@dataclass(frozen=True, slots=True)
class Seeded:
    """Ids that the rest of the demo needs."""

    product_id: str
    topic_id: str


def seed(client: Client, state: DemoState) -> Seeded:
    """Bring everything about; `client` speaks as super admin."""
    teams = {
        name: ensure(client, "/teams", "team", {"name": name}) for name in sorted(LABS.values())
    }
    product = ensure(client, "/products", "product", {"name": "Jinja2", "label": "JINJA2"})
    topic = ensure(
        client,
        "/topics",
        "topic",
        {
            "name": "Jinja2 2.11",
            "product_id": product["id"],
            "component_types": ["jinja2", "markupsafe"],
            "export_control": True,  # every team of the product may see it
        },
    )
    for team in teams.values():
        allow_conflict(client, f"/products/{product['id']}/teams", {"team_id": team["id"]})
    _programs(client, state, teams, topic["id"])
    _partner_login(client, state, teams["Partner B"]["id"])
    _what_to_run(client, topic["id"])
    _report_targets(client, state, topic["id"])
    return Seeded(product["id"], topic["id"])


def _programs(
    client: Client, state: DemoState, teams: Mapping[str, dict[str, Any]], topic_id: str
) -> None:
    """The two labs, each in its team and subscribed to the topic, and the feeder."""
    for name, team in LABS.items():
        body = {"name": name, "team_id": teams[team]["id"]}
        lab = with_key(client, state, "/remotecis", "remoteci", body)
        allow_conflict(client, f"/remotecis/{lab['id']}/topics", {"topic_id": topic_id})
    body = {"name": "package-index", "team_id": teams["Vendor"]["id"]}
    with_key(client, state, "/feeders", "feeder", body)


def _partner_login(client: Client, state: DemoState, team_id: str) -> None:
    """A person of Partner B, to see what a partner sees."""
    body = {
        "name": "partner",
        "fullname": "Partner B",
        "email": "partner@localhost",
        "password": state.partner_password,
    }
    user = ensure(client, "/users", "user", body)
    allow_conflict(client, f"/teams/{team_id}/users/{user['id']}", None)


def _what_to_run(client: Client, topic_id: str) -> None:
    """The job definition, brought up to date with its file, and the rule that uses it."""
    spec = yaml.safe_load((_HERE / "definition.yaml").read_text())
    body = {"name": "jinja2-own-tests", "topic_id": topic_id, "spec": spec}
    definition = ensure(client, "/job_definitions", "job_definition", body)
    update(client, "/job_definitions", "job_definition", definition, {"spec": spec})
    rule = {
        "name": "every-component-set",
        "topic_id": topic_id,
        "definition_id": definition["id"],
        "component_types": [],
    }
    ensure(client, "/trigger_rules", "trigger_rule", rule)


def _report_targets(client: Client, state: DemoState, topic_id: str) -> None:
    """A webhook and a mail address, both at the local sink, for the topic's new groups."""
    team = find(client, "/teams", "teams", "admin")
    hook = f"http://127.0.0.1:{state.ports['sink']}/hook"
    for name, address, secret in (
        ("webhook", hook, state.webhook_secret),
        ("mail", "quality@localhost", None),
    ):
        body: dict[str, Any] = {
            "name": f"demo {name}",
            "channel": name,
            "address": address,
            "topic_id": topic_id,
            "team_id": team["id"] if team else None,
        }
        target = ensure(
            client,
            "/report_targets",
            "report_target",
            {**body, "secret": secret} if secret else body,
        )
        update(client, "/report_targets", "report_target", target, {"address": address})


def with_key(
    client: Client, state: DemoState, path: str, noun: str, body: Mapping[str, Any]
) -> dict[str, Any]:
    """A remote CI or feeder whose key we hold: the key of its creation, or a new one."""
    name = str(body["name"])
    one = ensure(client, path, noun, body)
    identity = f"{noun}/{one['id']}"
    kept = state.keys.get(name)
    if kept is None or kept.identity != identity:
        if "api_secret" not in one:  # it was created before, and its key was lost
            etag = client.get(f"{path}/{one['id']}")[noun]["etag"]
            one = client.put(f"{path}/{one['id']}/api_secret", {}, etag=etag)[noun]
        state.keys[name] = Key(identity, one["api_secret"])
        state.save()
    return one


def ensure(client: Client, path: str, noun: str, body: Mapping[str, Any]) -> dict[str, Any]:
    """The object of this name, created when there is none."""
    found = find(client, path, f"{noun}s", str(body["name"]))
    if found is None:
        created: dict[str, Any] = client.post(path, dict(body))[noun]
        return created
    return found


def find(client: Client, path: str, nouns: str, name: str) -> dict[str, Any] | None:
    """The object of this name in a list, None when there is none."""
    return next((one for one in client.pages(path, nouns) if one["name"] == name), None)


def update(
    client: Client, path: str, noun: str, one: Mapping[str, Any], wanted: Mapping[str, Any]
) -> None:
    """Change the fields that differ from what is wanted."""
    current = client.get(f"{path}/{one['id']}")[noun]
    changes = {name: value for name, value in wanted.items() if current.get(name) != value}
    if changes:
        client.put(f"{path}/{one['id']}", changes, etag=current["etag"])


def allow_conflict(client: Client, path: str, body: Any) -> None:
    """POST, content when the link is there already."""
    try:
        client.post(path, body)
    except ApiError as error:
        if error.status != _CONFLICT:
            raise
