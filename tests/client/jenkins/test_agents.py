"""Inbound agents from creation to deletion, with answers that get lost on the way."""

import pytest

from ringtest.client.jenkins import Controller, Missing, NameTaken, agents
from tests.jenkins_server import JenkinsServer


def no_pause() -> None:
    """Nothing runs on the stand-in's agents."""


@pytest.mark.parametrize("how", ["", "unanswered", "unheard"])
def test_agent_lives_from_creation_to_deletion(
    server: JenkinsServer, controller: Controller, how: str
) -> None:
    for part in ("doCreateItem", "toggleOffline", "doDelete") if how else ():
        server.fail("POST", part, how)
    name = agents.fresh_name("lab")
    made = agents.create_inbound(controller, name, labels=["fast", "x86_64"])
    assert server.controller.connect(name, made.secret)
    seen = agents.look(controller, name)
    assert seen is not None
    assert (seen.online, seen.draining) == (True, False)
    agents.drain(controller, name, "end of lease", pause=no_pause)
    agents.drain(controller, name, "end of lease", pause=no_pause)
    drained = agents.look(controller, name)
    assert drained is not None
    assert drained.draining
    agents.delete(controller, name)
    agents.delete(controller, name)
    assert server.controller.nodes == {}


def test_inbound_agents_use_websocket(server: JenkinsServer, controller: Controller) -> None:
    agents.create_inbound(controller, "lab-1")
    launcher = server.controller.nodes["lab-1"].settings["launcher"]
    assert launcher == {"stapler-class": "hudson.slaves.JNLPLauncher", "webSocket": True}


def test_secret_is_not_shown(controller: Controller) -> None:
    made = agents.create_inbound(controller, "lab-1")
    assert made.secret not in repr(made)


def test_names_are_never_used_twice(controller: Controller) -> None:
    assert agents.fresh_name("lab") != agents.fresh_name("lab")
    agents.create_inbound(controller, "lab-1")
    with pytest.raises(NameTaken):
        agents.create_inbound(controller, "lab-1")


def test_orphans_are_agents_that_nobody_knows(
    server: JenkinsServer, controller: Controller
) -> None:
    for name in ("lab-1", "lab-2"):
        agents.create_inbound(controller, name)
    agents.create_inbound(controller, "others", owner="somebody")
    assert agents.orphans(controller, {"lab-1"}) == ["lab-2"]


def test_deleting_an_agent_that_the_controller_keeps_is_no_success(
    server: JenkinsServer, controller: Controller
) -> None:
    with pytest.raises(Missing):
        controller.exchange.get("computer/nobody/api/json")
    agents.delete(controller, "nobody")
