"""`ringtest run --hold`: what a run leaves stays, with a way in, until it is let go."""

import subprocess
from pathlib import Path

import pytest

from ringtest.cli.held_runs import release_run
from tests.agent.alone.conftest import Ringtest, ringtest

__all__ = ["ringtest"]

DEFINITION = """
isolation: {kind: bubblewrap}
stages: {test: ["echo seen > /tmp/note; pwd > where"]}
"""


def test_held_run_says_how_to_get_in_and_how_to_let_go(
    ringtest: Ringtest, capsys: pytest.CaptureFixture[str]
) -> None:
    done = ringtest(DEFINITION, "--hold")
    assert done.code == 0, done.text
    lines = done.text.splitlines()
    shell = lines[lines.index("held; to get in:") + 1]
    inside = subprocess.run(
        shell, shell=True, input="cat /tmp/note where\n", capture_output=True, text=True, check=True
    )
    assert inside.stdout == f"seen\n{done.folder.parent}\n"
    assert lines[-1] == f"ringtest run --release {done.folder}"
    assert release_run(done.folder) == 0
    assert not (done.folder / "tmp").exists() and not (done.folder / "home").exists()
    assert release_run(done.folder) == 2
    assert "not the folder of a run that is held" in capsys.readouterr().err


def test_definition_holds_what_failed_and_nothing_else(ringtest: Ringtest) -> None:
    text = "isolation: none\nhold: {after: failure}\nstages: {test: ['test -e go']}\n"
    failed = ringtest(text, out="failed")
    assert "held; to get in:" in failed.text, failed.text
    assert f"\ncd {failed.folder.parent}\n" in failed.text
    (Path(failed.folder.parent) / "go").touch()
    assert "held" not in ringtest(text, out="passed").text
