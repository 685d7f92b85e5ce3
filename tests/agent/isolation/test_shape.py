"""One shape of isolation and holds for files and servers; what cannot be meant is refused."""

from typing import Any

import msgspec
import pytest

from ringtest.agent.definitions import isolated
from ringtest.agent.definitions.model import Definition
from ringtest.agent.definitions.reading import Faulty, read_definition
from ringtest.control.definitions import model as server
from ringtest.control.kernel.errors import BadRequest

STAGES = {"test": [{"run": "true"}]}
GOOD: list[Any] = [
    "bubblewrap",
    {"kind": "bubblewrap", "memory": "2GiB", "cpus": 1.5, "readable": ["/srv"], "seconds": 60},
    {"kind": "podman", "rootfs": "/srv/root", "file_size": 1},
    {"kind": "ssh", "host": "board-7", "user": "root", "port": 2222, "host_key": "ssh-ed25519 AA"},
]
BAD: list[Any] = [
    "vm",
    {"memory": "1GiB"},
    {"kind": "podman"},
    {"kind": "ssh"},
    {"kind": "ssh", "host": "-oProxyCommand=reboot"},
    {"kind": "ssh", "host": "a", "user": "-l"},
    {"kind": "ssh", "host": "a", "host_key": "ssh-rsa AA\n* ssh-rsa BB"},
    {"kind": "none", "memory": "much"},
    {"kind": "none", "cpus": 0},
    {"kind": "none", "readable": ["srv"]},
]


@pytest.mark.parametrize("kind", ["Isolation", "Hold"])
def test_server_and_agent_know_the_same_keys(kind: str) -> None:
    ours, theirs = getattr(isolated, kind), getattr(server, kind)
    assert ours.__struct_fields__ == theirs.__struct_fields__


@pytest.mark.parametrize("wanted", GOOD, ids=str)
def test_what_the_server_takes_the_agent_reads(wanted: Any) -> None:
    spec = server.read_spec({"stages": STAGES, "isolation": wanted, "hold": {"hours": 2}})
    definition = msgspec.convert(spec, Definition)
    assert definition.isolated.kind == (wanted if isinstance(wanted, str) else wanted["kind"])
    assert definition.hold == isolated.Hold("failure", 2)


@pytest.mark.parametrize("wanted", BAD, ids=str)
def test_what_cannot_be_meant_is_refused_by_both(wanted: Any) -> None:
    with pytest.raises(BadRequest):
        server.read_spec({"stages": STAGES, "isolation": wanted})
    with pytest.raises(msgspec.ValidationError):
        msgspec.convert({"stages": STAGES, "isolation": wanted}, Definition)


def test_unknown_key_of_a_table_is_a_fault_with_its_place() -> None:
    text = "isolation: {kind: none, memroy: 1GiB}\nstages: {test: ['true']}\n"
    with pytest.raises(Faulty, match=r"a\.yaml:1.*memroy; did you mean memory"):
        read_definition(text, "a.yaml")
