"""What the demo keeps between runs."""

import socket
from pathlib import Path

from examples.jinja2.demo_state import DemoState, Key


def test_keys_and_passwords_are_kept_for_the_owner_only(tmp_path: Path) -> None:
    state = DemoState.of(tmp_path / "data")
    state.keys["lab-a"] = Key("remoteci/1", "secret")
    state.save()
    assert state.path.stat().st_mode & 0o777 == 0o600
    assert DemoState.of(tmp_path / "data") == state


def test_ports_stay_the_same_unless_they_are_taken(tmp_path: Path) -> None:
    state = DemoState.of(tmp_path)
    state.choose_ports({"server": None, "sink": None})
    first = dict(state.ports)
    assert len(set(first.values())) == 2
    state.choose_ports({"server": None, "sink": None})
    assert state.ports == first
    with socket.create_server(("127.0.0.1", first["server"])):
        state.choose_ports({"server": None, "sink": None})
    assert state.ports["server"] != first["server"]
    state.choose_ports({"server": 8080, "sink": None})
    assert state.ports["server"] == 8080
