"""`ringtest rerun --failed`: of a recorded run only what was bad."""

import subprocess
import sys
from pathlib import Path

import pytest

from ringtest.agent.alone.again import only_bad
from ringtest.agent.definitions.model import Definition, Stages, Step
from tests.agent.alone.conftest import Ringtest, environment

DEFINITION = """
name: smoke
isolation: none
stages:
  test:
    - {run: touch prepared}
    - {name: good, runner: command, with: {listing: "echo a", each: "true"}}
    - name: sliced
      runner: command
      with:
        listing: "printf '%s\\\\n' x one y two"
        each: 'test ! -e "broken-$RINGTEST_TEST"'
        slice: 2/2
    - {name: never, runner: command, with: {listing: "echo b", each: "true"}}
"""


def rerun(tmp_path: Path, *words: str) -> "subprocess.CompletedProcess[str]":
    return subprocess.run(
        [sys.executable, "-m", "ringtest.cli.main", "rerun", *words],
        cwd=tmp_path,
        env=environment(tmp_path),
        capture_output=True,
        text=True,
        timeout=120,
    )


def test_only_what_was_bad_runs_again_and_is_compared(ringtest: Ringtest, tmp_path: Path) -> None:
    (tmp_path / "broken-two").touch()
    first = ringtest(DEFINITION, out="first")
    assert first.outcomes() == {"a": "passed", "one": "passed", "two": "failed"}, first.text
    (tmp_path / "broken-two").unlink()
    (tmp_path / "prepared").unlink()
    again = rerun(tmp_path, "first", "--failed", "--work", ".", "--out", "again")
    assert again.returncode == 0, again.stdout + again.stderr
    assert "left out: good: nothing was bad" in again.stdout
    assert "left out: never: it did not run" in again.stdout
    assert "1 bad in the recorded run" in again.stdout
    assert "command: 1 of 4 tests" in again.stdout
    assert "1 did not end as before" in again.stdout
    assert (tmp_path / "prepared").exists()
    nothing = rerun(tmp_path, "again", "--failed", "--work", ".", "--out", "third")
    assert nothing.returncode == 0, nothing.stdout + nothing.stderr
    assert "nothing to do again" in nothing.stdout + nothing.stderr
    assert not (tmp_path / "third").exists()


def test_step_that_told_of_no_case_is_done_whole(ringtest: Ringtest, tmp_path: Path) -> None:
    step = "{runner: command, with: {listing: cat list, each: 'true'}}"
    first = ringtest(f"isolation: none\nstages: {{test: [{step}]}}\n", out="first")
    assert first.code == 10 and not first.cases, first.text
    (tmp_path / "list").write_text("a\nb\n")
    again = rerun(tmp_path, "first", "--failed", "--work", ".", "--out", "again")
    assert again.returncode == 0, again.stdout + again.stderr
    assert "command: 2 of 2 tests" in again.stdout


def test_runner_that_cannot_list_its_tests_does_all_again(
    ringtest: Ringtest, tmp_path: Path
) -> None:
    said = "printf '1..2\\nok 1 - a\\nnot ok 2 - b\\n' > out.tap"
    step = f'{{runner: command, with: {{run: "{said}", results: [out.tap], format: tap}}}}'
    first = ringtest(f"isolation: none\nstages: {{test: [{step}]}}\n", out="first")
    assert sorted(first.outcomes().values()) == ["failed", "passed"], first.text
    again = rerun(tmp_path, "first", "--failed", "--work", ".", "--out", "again")
    assert again.returncode == 10, again.stdout + again.stderr
    assert "all there is, as it cannot tell which tests there are" in again.stdout


def test_results_that_cannot_be_read_are_named(tmp_path: Path) -> None:
    (tmp_path / "suite.xml").write_text("<testsuite>")
    stages = Stages(test=[Step(runner="pytest", name="suite")])
    with pytest.raises(ValueError, match=r"suite\.xml cannot be read"):
        only_bad(Definition(stages), tmp_path)
