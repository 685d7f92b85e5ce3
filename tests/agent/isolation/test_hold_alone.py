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


def test_teardown_waits_until_the_run_is_let_go(
    ringtest: Ringtest, tmp_path: Path, capfdbinary: pytest.CaptureFixture[bytes]
) -> None:
    text = """
isolation: {kind: bubblewrap}
parameters: {lab: west}
secrets: {TOKEN: {env: HOLD_TOKEN}}
hold: {after: failure}
stages:
  prepare: [touch machine ~/machine]
  test: ["false"]
  teardown:
    - 'echo "$RINGTEST_PARAMETER_LAB gives it back, $TOKEN"; rm machine ~/machine; touch gone'
"""
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("HOLD_TOKEN", "s3cret-of-the-lab")
        done = ringtest(text)
        assert done.code == 10, done.text
        assert {one.name: one.status for one in done.report.stages}["teardown"] == "skipped"
        assert "teardown: the run is held; done when that is over" in done.text
        assert (tmp_path / "machine").exists() and (done.folder / "home" / "machine").exists()
        assert release_run(done.folder) == 0
    assert (tmp_path / "gone").exists() and not (tmp_path / "machine").exists()
    assert not (done.folder / "home").exists()
    shown = capfdbinary.readouterr().out
    assert b"\nwest gives it back, " in shown and b"s3cret" not in shown


def test_teardown_that_fails_is_told_and_the_run_let_go(
    ringtest: Ringtest, capsys: pytest.CaptureFixture[str]
) -> None:
    done = ringtest("isolation: none\nstages: {test: ['true'], teardown: [exit 4]}\n", "--hold")
    assert release_run(done.folder) == 1
    assert "teardown: exit 4: exit code 4" in capsys.readouterr().err
    assert release_run(done.folder) == 2
