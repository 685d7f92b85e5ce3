"""pytest as a runner: what it tells of each test, and what a bad test cannot spoil."""

from pathlib import Path

import pytest

from tests.agent.alone.conftest import Ringtest

TESTS = """
import os, sys, time
import pytest

def test_passes(): print("printed")
def test_fails(): assert 1 == 2
@pytest.fixture
def broken(): raise RuntimeError("no fixture")
def test_breaks(broken): pass
@pytest.mark.skip(reason="later")
def test_skipped(): pass
@pytest.mark.xfail(reason="known")
def test_expected(): assert 0
@pytest.mark.xfail
def test_unexpected(): pass
class TestInside:
    @pytest.mark.parametrize("n", [1, 2])
    def test_with(self, n): pass
"""


def _step(**options: object) -> str:
    words = {"paths": ["test_it.py"], **options}
    return f"isolation: none\nstages: {{test: [{{runner: pytest, with: {words}}}]}}\n"


def test_each_test_is_told_with_its_outcome(ringtest: Ringtest, tmp_path: Path) -> None:
    (tmp_path / "test_it.py").write_text(TESTS)
    done = ringtest(_step())
    assert done.code == 10, done.text
    assert done.outcomes() == {
        "test_passes": "passed", "test_fails": "failed", "test_breaks": "errored",
        "test_skipped": "skipped", "test_expected": "xfailed", "test_unexpected": "xpassed",
        "test_with[1]": "passed", "test_with[2]": "passed",
    }  # fmt: skip
    by_name = {case.name: case for case in done.cases}
    assert by_name["test_passes"].stdout == "printed\n"
    assert by_name["test_fails"].message == "assert 1 == 2"
    assert "no fixture" in by_name["test_breaks"].message
    assert by_name["test_with[1]"].classname == "test_it.TestInside"


def test_a_test_that_hangs_or_dies_spoils_no_other(ringtest: Ringtest, tmp_path: Path) -> None:
    (tmp_path / "test_it.py").write_text(
        "import os, subprocess, time\n"
        "def test_a(): pass\n"
        "def test_hangs(): subprocess.run(['sleep', '300'])\n"
        "def test_b(): pass\n"
        "def test_dies(): os._exit(7)\n"
        "def test_c(): pass\n"
    )
    done = ringtest(_step(timeout_seconds=1.5))
    assert done.outcomes() == {
        "test_a": "passed", "test_hangs": "errored", "test_b": "passed",
        "test_dies": "errored", "test_c": "passed",
    }  # fmt: skip
    by_name = {case.name: case.message for case in done.cases}
    assert by_name["test_hangs"] == "not done after 1.5 s, killed"
    assert by_name["test_dies"] == "exit code 7"


@pytest.mark.parametrize(
    ("options", "names"),
    [
        ({"only": ["with"]}, ["test_with[1]", "test_with[2]"]),
        ({"no": ["with", "bad"]}, ["test_ok"]),
        ({"slice": "2/2"}, ["test_bad", "test_with[2]"]),
        ({"tests": ["test_it.py::test_bad"]}, ["test_bad"]),
    ],
)
def test_what_is_chosen_runs_and_nothing_else(
    ringtest: Ringtest, tmp_path: Path, options: dict[str, object], names: list[str]
) -> None:
    (tmp_path / "test_it.py").write_text(
        "import pytest\ndef test_ok(): pass\ndef test_bad(): assert 0\n"
        "@pytest.mark.parametrize('n', [1, 2])\ndef test_with(n): pass\n"
    )
    assert [case.name for case in ringtest(_step(**options)).cases] == names


def test_a_rerun_takes_only_what_was_bad(ringtest: Ringtest, tmp_path: Path) -> None:
    (tmp_path / "test_it.py").write_text("def test_ok(): pass\ndef test_bad(): assert 0\n")
    assert ringtest(_step(), out="first").code == 10
    again = ringtest(_step(rerun="first"), out="second")
    assert [case.name for case in again.cases] == ["test_bad"]


def test_what_cannot_be_collected_fails_the_step(ringtest: Ringtest, tmp_path: Path) -> None:
    (tmp_path / "test_it.py").write_text("import nothing_of_that_name\n")
    done = ringtest(_step())
    assert done.code == 10
    assert "pytest cannot list the tests" in done.text


def test_wrong_options_are_named(ringtest: Ringtest, tmp_path: Path) -> None:
    done = ringtest(_step(retries=3))
    assert "there is no key retries; did you mean reruns?" in done.text


def test_a_program_that_is_not_there_is_said_with_what_to_do(ringtest: Ringtest) -> None:
    done = ringtest("isolation: venv\nstages: {test: [{runner: pytest, with: {paths: [.]}}]}\n")
    assert done.code == 11
    assert "environment: {packages: {pip: [pytest]}}" in done.text
