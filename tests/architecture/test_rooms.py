"""Who has read one room has read all: the same files, the same floors, told events named."""

import re
from pathlib import Path

import pytest

from docs.generate import FLOORS, rooms, told_by
from ringtest.control.kernel.events import CONSUMERS, EventType
from tests.architecture.sources import CONTROL, name_of, python_files

KINDS = {"__init__.py", "model.py", "store.py", "service.py", "api.py", "loop.py"}
ALONE = {"__init__.py", "app.py", "server.py", "registry.py"}
"""Modules of the control server that are in no room: they wire the rooms together."""
EVENT = re.compile(r"\b[a-z]+\.[a-z_]+\b")

ROOMS = sorted(rooms())


def said(room: str, direction: str) -> str:
    """What a room's docstring says after "Events out:" or "Events in:"."""
    text = " ".join(rooms()[room].split())
    found = re.search(rf"Events {direction}:(.*?)(?=Events (?:out|in):|$)", text)
    return found[1].strip() if found else ""


def files_of(room: str) -> list[Path]:
    return python_files(f"src/ringtest/control/{room}/")


@pytest.mark.parametrize("room", ROOMS)
def test_a_room_holds_the_six_kinds_of_file_and_nothing_else(room: str) -> None:
    assert {path.relative_to(CONTROL / room).as_posix() for path in files_of(room)} <= KINDS


def test_beside_the_rooms_there_is_only_the_wiring() -> None:
    modules = {
        path.name for path in python_files("src/ringtest/control/") if path.parent == CONTROL
    }
    assert modules <= ALONE
    assert set(FLOORS) <= {path.name for path in CONTROL.iterdir()}


@pytest.mark.parametrize("room", ROOMS)
def test_a_rooms_docstring_tells_its_states_and_events(room: str) -> None:
    assert re.search(r"\bStates\b[^.]*:", rooms()[room]), "States: …"
    assert said(room, "out"), "Events out: …"
    assert said(room, "in"), "Events in: …"
    assert len(rooms()[room].splitlines()) <= 8


@pytest.mark.parametrize("room", ROOMS)
def test_a_room_names_every_event_it_tells_and_no_other(room: str) -> None:
    told: set[EventType] = set()
    for path in files_of(room):
        told |= told_by(path.read_text())
    named = set(EVENT.findall(said(room, "out")))
    assert named <= set(EventType), "these are events"
    assert set(told) <= named


@pytest.mark.parametrize("consumer", sorted(CONSUMERS))
def test_a_consumer_is_a_room_that_names_the_events_it_waits_for(consumer: str) -> None:
    assert (CONTROL / consumer / "loop.py").exists()
    assert set(CONSUMERS[consumer]) <= set(EVENT.findall(said(consumer, "in")))


def test_every_event_is_told_by_a_room() -> None:
    told: set[EventType] = set()
    for path in python_files("src/ringtest/control/"):
        told |= told_by(path.read_text())
    assert sorted(set(EventType) - told) == []


def test_only_stores_hold_sql() -> None:
    statement = re.compile(r"\b(SELECT .+ FROM|INSERT INTO|UPDATE \w+ SET|DELETE FROM)\b", re.S)
    holders = {
        name_of(path)
        for room in ROOMS
        for path in files_of(room)
        if path.name != "store.py" and statement.search(path.read_text())
    }
    assert holders == set()
