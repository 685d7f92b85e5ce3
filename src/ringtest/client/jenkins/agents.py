"""Agents of a controller: inbound ones over WebSocket, from creation to deletion.

The secret of an inbound agent is a fixed function of its name and the controller: who once saw
it could connect whenever an agent of that name exists. Names are therefore never used twice.
"""

import json
import secrets
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from urllib.parse import quote
from xml.etree import ElementTree as ET

import httpx

from ringtest.client.jenkins.controller import Controller
from ringtest.client.jenkins.errors import JenkinsError, Missing

_SHOWN = "displayName,description,offline,temporarilyOffline,idle"


@dataclass(frozen=True, slots=True)
class Agent:
    """An agent as the controller shows it."""

    name: str
    description: str
    online: bool
    draining: bool
    idle: bool


@dataclass(frozen=True, slots=True)
class InboundAgent:
    """What a machine needs to connect as an agent."""

    name: str
    url: str
    secret: str = field(repr=False)


def fresh_name(prefix: str) -> str:
    """A name that no agent ever had."""
    return f"{prefix}-{secrets.token_hex(6)}"


def create_inbound(
    controller: Controller,
    name: str,
    *,
    labels: Sequence[str] = (),
    executors: int = 1,
    remote_folder: str = "/var/lib/jenkins",
    owner: str = "ringtest",
) -> InboundAgent:
    """An agent that dials in over WebSocket. NameTaken when there is one of that name.

    `owner` goes into the description: `orphans` finds agents by it.
    """
    settings = {
        "nodeDescription": f"made by {owner}",
        "numExecutors": str(executors),
        "remoteFS": remote_folder,
        "labelString": " ".join(labels),
        "mode": "EXCLUSIVE",
        "retentionStrategy": {"stapler-class": "hudson.slaves.RetentionStrategy$Always"},
        "nodeProperties": {"stapler-class-bag": "true"},
        "launcher": {"stapler-class": "hudson.slaves.JNLPLauncher", "webSocket": True},
    }
    form = {
        "name": name,
        "type": "hudson.slaves.DumbSlave$DescriptorImpl",
        "json": json.dumps(settings),
    }

    def send() -> httpx.Response:
        return controller.exchange.post("computer/doCreateItem", form=form, again=False)

    controller.exchange.unless_done(send, lambda: look(controller, name) is not None)
    return InboundAgent(name, controller.url, _secret(controller, name))


def _secret(controller: Controller, name: str) -> str:
    """From the launch file: its first argument."""
    launch = controller.exchange.get(f"{_path(name)}jenkins-agent.jnlp")
    try:
        argument = ET.fromstring(launch.content).findtext(".//argument")
    except ET.ParseError:
        argument = None
    if not argument:
        raise JenkinsError(f"{name}: the launch file shows no secret; may this account connect?")
    return argument


def look(controller: Controller, name: str) -> Agent | None:
    """The agent of a name, None when there is none."""
    try:
        shown = controller.exchange.json(_path(name), _SHOWN)
    except Missing:
        return None
    return _agent(shown)


def agents(controller: Controller) -> list[Agent]:
    """Every agent."""
    shown = controller.exchange.json("computer/", f"computer[{_SHOWN}]")
    return [_agent(each) for each in shown["computer"]]


def orphans(controller: Controller, known: set[str], *, owner: str = "ringtest") -> list[str]:
    """Agents that this owner made and no longer knows."""
    mine = [each.name for each in agents(controller) if each.description == f"made by {owner}"]
    return [name for name in mine if name not in known]


def drain(
    controller: Controller,
    name: str,
    reason: str,
    *,
    pause: Callable[[], None] = lambda: time.sleep(5),
) -> None:
    """No more builds; returns when the last one has ended. Fine when the agent is gone."""

    def begun() -> bool:
        agent = look(controller, name)
        return agent is None or agent.draining

    def send() -> httpx.Response:
        return controller.exchange.post(
            f"{_path(name)}toggleOffline", params={"offlineMessage": reason}, again=False
        )

    if not begun():  # the only verb there is turns draining off again
        controller.exchange.unless_done(send, begun)
    while (agent := look(controller, name)) is not None and not agent.idle:
        pause()


def delete(controller: Controller, name: str) -> None:
    """Remove an agent; fine when it is gone already. JenkinsError when it stays."""
    try:
        controller.exchange.post(f"{_path(name)}doDelete", again=True)
    except Missing:
        return
    if look(controller, name) is not None:
        raise JenkinsError(f"{name} is still there after its deletion")


def _agent(shown: dict[str, object]) -> Agent:
    return Agent(
        str(shown["displayName"]),
        str(shown.get("description") or ""),
        not shown["offline"],
        bool(shown["temporarilyOffline"]),
        bool(shown["idle"]),
    )


def _path(name: str) -> str:
    return f"computer/{quote(name, safe='')}/"
