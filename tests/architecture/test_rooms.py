"""Who has read one room has read all: the same files, the same floors, told events named."""

import re
from pathlib import Path

import pytest

from docs.generate import FLOORS, mentioned, named, rooms, said, tellers
from ringtest.control.kernel.events import CONSUMERS, EventType
from tests.architecture.sources import CONTROL, expect_none, name_of, python_files

KINDS = {"__init__.py", "model.py", "store.py", "service.py", "api.py", "loop.py"}
ALONE = {"__init__.py", "app.py", "server.py", "registry.py", "workers.py"}
"""Modules of the control server that are in no room: they wire the rooms together."""

ROOMS = sorted(rooms())


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
    assert said(rooms()[room], "out"), "Events out: …"
    assert said(rooms()[room], "in"), "Events in: …"
    assert len(rooms()[room].splitlines()) <= 8


@pytest.mark.parametrize("room", ROOMS)
def test_a_room_names_the_events_it_tells_and_no_other(room: str) -> None:
    code = [path for path in files_of(room) if path.name in ("model.py", "service.py")]
    told: set[str] = set().union(*(mentioned(path.read_text()) for path in code))
    expect_none(told - named(rooms()[room], "out"), "told, and not named as Events out:")
    claimed = named(rooms()[room], "out", itself=True)
    expect_none(claimed - told, "named as Events out, and not told:")


@pytest.mark.parametrize("consumer", sorted(CONSUMERS))
def test_a_consumer_is_a_room_that_names_the_events_it_waits_for(consumer: str) -> None:
    assert (CONTROL / consumer / "loop.py").exists()
    expect_none(CONSUMERS[consumer] - named(rooms()[consumer], "in"))


def test_every_event_is_told_by_a_room() -> None:
    expect_none(event for event in EventType if not tellers(event))


def test_only_stores_hold_sql() -> None:
    statement = re.compile(r"\b(SELECT .+ FROM|INSERT INTO|UPDATE \w+ SET|DELETE FROM)\b", re.S)
    holders = {
        name_of(path)
        for room in ROOMS
        for path in files_of(room)
        if path.name != "store.py" and statement.search(path.read_text())
    }
    expect_none(holders)
