"""`ringtest prepare`: the plan, what is done, what is taken back, what is left to a run."""

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from typer.testing import CliRunner

from ringtest.cli.main import app

DEFINITION = """\
name: lab
isolation: none
parameters: {arch: x86_64}
environment:
  services:
    lab: {start: touch up, stop: rm up, status: test -e up, restart_on: [lab.conf]}
  files:
    lab.conf: {content: "arch = {{ARCH}}\\n", expand: true}
stages: {test: ["true"]}
"""

Prepare = Callable[..., Any]


@pytest.fixture
def prepare(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Prepare:
    (tmp_path / "ringtest.yaml").write_text(DEFINITION)
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    return lambda *words: CliRunner().invoke(app, ["prepare", *words])


def plan(prepare: Prepare, *words: str) -> list[Any]:
    done = prepare("--plan", "-f", "json", *words)
    assert done.exit_code == 0, done.output
    return [(one["key"], one["why"]) for one in json.loads(done.stdout)]


def test_the_plan_is_what_is_done_and_afterwards_it_is_empty(
    prepare: Prepare, tmp_path: Path
) -> None:
    assert plan(prepare) == [("files", "+lab.conf"), ("services", "+lab")]
    assert not (tmp_path / "lab.conf").exists(), "a plan does nothing"
    done = prepare()
    assert done.exit_code == 0 and "environment: 2 steps" in done.output
    assert (tmp_path / "lab.conf").read_text() == "arch = x86_64\n"
    assert plan(prepare) == []
    assert prepare().output == "environment: nothing has changed\n"


def test_another_parameter_changes_what_depends_on_it(prepare: Prepare, tmp_path: Path) -> None:
    prepare()
    assert plan(prepare, "-p", "arch=arm") == [("files", "~lab.conf"), ("services", "~lab")]
    assert "environment: 2 steps" in prepare("-p", "arch=arm").output
    assert (tmp_path / "lab.conf").read_text() == "arch = arm\n"


def test_what_was_done_is_taken_back_in_the_opposite_order(
    prepare: Prepare, tmp_path: Path
) -> None:
    prepare()
    assert plan(prepare, "--undo") == [("services", "-lab"), ("files", "-lab.conf")]
    assert prepare("--undo").exit_code == 0
    assert {path.name for path in tmp_path.iterdir()} == {"ringtest.yaml", "cache"}
    assert prepare("--undo").output == "environment: nothing has changed\n"


def test_what_is_forgotten_is_done_again(prepare: Prepare) -> None:
    prepare()
    assert plan(prepare, "--forget", "files") == [("files", "+lab.conf")]
    assert plan(prepare) == [], "a plan changes nothing"
    assert plan(prepare, "--forget", "all") == [("files", "+lab.conf"), ("services", "+lab")]
    assert prepare("--forget", "fils").exit_code == 2


def test_a_failing_step_leaves_the_rest_of_the_plan(prepare: Prepare, tmp_path: Path) -> None:
    broken = DEFINITION.replace("touch up", "exit 3")
    (tmp_path / "ringtest.yaml").write_text(broken)
    done = prepare()
    assert done.exit_code == 11, done.output
    assert plan(prepare) == [("services", "+lab")]


def test_a_run_goes_on_from_what_is_prepared(prepare: Prepare) -> None:
    prepare()
    done = CliRunner().invoke(app, ["run", "--out", "out"])
    assert done.exit_code == 0 and "environment: nothing has changed" in done.output


def test_what_goes_into_the_virtual_environment_of_a_run_is_left_to_it(
    prepare: Prepare, tmp_path: Path
) -> None:
    (tmp_path / "ringtest.yaml").write_text(
        "environment: {packages: {pip: [tmt], system: [gcc]}, framework: avocado}\n"
        "stages: {test: ['true']}\n"
    )
    assert plan(prepare) == [("packages", "+gcc")]


def test_wishes_that_mean_nothing_end_before_anything_is_done(
    prepare: Prepare, tmp_path: Path
) -> None:
    (tmp_path / "ringtest.yaml").write_text(
        "environment: {git: {a: '{{NOWHERE}}'}}\nstages: {test: ['true']}\n"
    )
    done = prepare()
    assert done.exit_code == 2 and "there is no variable {{NOWHERE}}" in done.output
