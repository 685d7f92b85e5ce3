"""How tests are shared out among processes: what belongs together is not torn apart."""

import re
from pathlib import Path

import pytest

from tests.architecture.sources import ROOT
from tests.workers import FIRST, TOGETHER, together, turn


@pytest.mark.parametrize(
    ("test", "unit"),
    [
        ("tests/agent/test_jobs.py::test_one[a]", "tests/agent/test_jobs.py"),
        ("tests/scenario/test_kill.py::test_one[1]", "tests/scenario/test_kill.py::test_one[1]"),
        ("tests/examples/test_demo.py::test_one", "the running example"),
        ("tests/examples/test_pages.py::test_one[a-b]", "the running example"),
        ("tests/examples/test_sink.py::test_one", "tests/examples/test_sink.py::test_one"),
        (
            "tests/conformance/contract/test_rows.py::test_the_row_is_true[v2-GET /jobs]",
            "the tables of the contract v2",
        ),
        (
            "tests/agent/runners/test_conformance.py::test_every_try_is_reported[tmt]",
            "every runner's sample tmt",
        ),
    ],
)
def test_a_test_belongs_to_its_unit(test: str, unit: str) -> None:
    assert together(test) == unit


def test_what_is_long_begins_first() -> None:
    names = ["agent/test_jobs.py", "scenario/test_kill.py", "examples/test_demo.py"]
    assert sorted(names, key=lambda name: turn(f"tests/{name}")) == names[::-1]


def test_what_the_lists_name_is_there() -> None:
    files = [str(path.relative_to(ROOT)) for path in (ROOT / "tests").rglob("test_*.py")]
    assert [start for start in FIRST if not any(map(re.compile(start).match, files))] == []
    folders = [pattern.partition(".*")[0] for pattern in TOGETHER.values()]
    assert [one for one in folders if not any(map(re.compile(one).match, files))] == []


def test_what_looks_at_the_running_example_stays_with_it() -> None:
    files = [path for path in (ROOT / "tests").rglob("test_*.py") if path != Path(__file__)]
    units = {
        path.name: together(f"{path.relative_to(ROOT)}::test_one")
        for path in files
        if "told_demo" in path.read_text()
    }
    assert len(units) > 3
    assert set(units.values()) == {"the running example"}, units
