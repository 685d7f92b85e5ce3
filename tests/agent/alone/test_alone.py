"""Stages, steps, parameters and the folder of a run without a server."""

import json
import os
import signal
import subprocess
import sys
from pathlib import Path
from xml.etree import ElementTree

import pytest

from ringtest.agent.alone.report import describe
from tests.agent.alone.conftest import Ringtest, environment

STAGES = """
isolation: none
parameters: {{arch: x86_64}}
stages:
  provision: [echo got a machine]
  prepare: ["{prepare}"]
  test: ["{test}", {{run: echo always, always: true}}, echo never after a failure]
  collect: [echo collected > kept.txt]
  teardown: [echo gave it back]
artifacts: ["*.txt"]
"""


def test_every_stage_runs_and_the_folder_tells_of_it(ringtest: Ringtest, tmp_path: Path) -> None:
    done = ringtest(STAGES.format(prepare="true", test="echo $RINGTEST_PARAMETER_ARCH"))
    assert done.code == 0, done.text
    assert [(one.name, one.status) for one in done.report.stages] == [
        (name, "passed") for name in ("provision", "prepare", "test", "collect", "teardown")
    ]
    log = (done.folder / "log.txt").read_text(encoding="utf-8")
    assert "\nx86_64\n" in log and "gave it back" in log
    assert (done.folder / "artifacts" / "kept.txt").read_text() == "collected\n"
    assert json.loads((done.folder / "report.json").read_text())["result"] == "passed"
    assert "<h1>ringtest: " in (done.folder / "report.html").read_text()
    assert not (tmp_path / "ringtest-results").exists()


@pytest.mark.parametrize(
    ("prepare", "test", "code", "statuses"),
    [
        ("true", "false", 10, "passed passed failed passed passed"),
        ("false", "true", 11, "passed errored skipped passed passed"),
    ],
)
def test_collect_and_teardown_run_whatever_failed(
    ringtest: Ringtest, prepare: str, test: str, code: int, statuses: str
) -> None:
    done = ringtest(STAGES.format(prepare=prepare, test=test))
    assert done.code == code, done.text
    assert " ".join(one.status for one in done.report.stages) == statuses
    assert ("\nalways\n" in done.text) == (prepare == "true")
    assert "\nnever" not in done.text


@pytest.mark.parametrize(
    ("isolation", "step", "why"),
    [
        ("{kind: podman, rootfs: /not/there}", "'true'", "podman is not installed"),
        ("none", "{runner: pytest, with: {paths: [.]}}", "pytest is not installed"),
        ("none", "{runner: ansible, with: {playbook: site.yml}}", "no ansible-playbook on PATH"),
    ],
)
def test_what_the_lab_lacks_is_an_error_and_no_failure_of_the_product(
    ringtest: Ringtest, tmp_path: Path, isolation: str, step: str, why: str
) -> None:
    (tmp_path / "site.yml").write_text("[]")
    programs = tmp_path / "bin"
    programs.mkdir()
    for name in ("sh", "ls", "tar"):
        (programs / name).symlink_to(f"/bin/{name}")
    text = f"isolation: {isolation}\nstages: {{test: [{step}], collect: [echo collected]}}\n"
    done = ringtest(text, PATH=str(programs))
    assert done.code == 11, done.text
    assert why in done.text
    assert {one.name: one.status for one in done.report.stages}["test"] == "errored"


def test_a_step_is_tried_again_as_often_as_it_says(ringtest: Ringtest) -> None:
    done = ringtest(
        "isolation: none\nstages:\n"
        "  test: [{run: 'echo x >> tries; test $(wc -l < tries) = 3', retry: 2}]\n"
    )
    assert done.code == 0, done.text
    assert done.text.count("tried again") == 2


def test_a_step_that_takes_too_long_is_killed_with_all_it_started(
    ringtest: Ringtest, tmp_path: Path
) -> None:
    done = ringtest(
        "isolation: none\nstages:\n"
        "  test: [{run: '(sleep 300 & echo $! > pid; wait)', timeout_seconds: 0.5}]\n"
    )
    assert done.code == 10, done.text
    assert "not done after its 0.5 s, killed" in done.text
    with pytest.raises(ProcessLookupError):
        os.kill(int((tmp_path / "pid").read_text()), 0)


def test_the_environment_is_stronger_than_files_and_arguments(
    ringtest: Ringtest, tmp_path: Path
) -> None:
    (tmp_path / "more.yaml").write_text("arch: from-file\nsize: 3\n")
    definition = "parameters: {arch: own, size: 1, kept: yes}\nstages: {test: ['true']}\n"
    done = ringtest(
        definition, "-p", "arch=argued", "--parameters", "more.yaml", "--explain", "-f", "json",
        RINGTEST_PARAMETER_ARCH="from-environment",
    )  # fmt: skip
    told = {one["name"]: one for one in json.loads(done.text)}
    assert (told["arch"]["value"], told["arch"]["source"]) == ("from-environment", "environment")
    assert told["arch"]["hidden"] == ["file: from-file", "argument: argued", "definition: own"]
    assert (told["size"]["value"], told["kept"]["source"]) == (3, "definition")


def test_faults_are_told_before_anything_runs(ringtest: Ringtest) -> None:
    done = ringtest("stages:\n  test:\n    - {rn: make}\n")
    assert done.code == 2
    assert "ringtest.yaml:3:8: there is no key rn; did you mean run?" in done.text
    assert not done.folder.exists()


def test_a_folder_that_holds_something_is_not_written_over(ringtest: Ringtest) -> None:
    definition = "isolation: none\nstages: {test: ['true']}\n"
    assert ringtest(definition).code == 0
    again = ringtest(definition)
    assert again.code == 2
    assert "name another with --out" in again.text


def test_what_was_over_is_reported_of_a_run_that_was_killed(tmp_path: Path) -> None:
    (tmp_path / "test_two.py").write_text(
        "import os, signal\ndef test_one(): pass\n"
        "def test_two(): os.kill(int(os.environ['VICTIM']), signal.SIGKILL)\n"
    )
    (tmp_path / "ringtest.yaml").write_text(
        "isolation: none\nstages: {test: [{runner: pytest, with: {paths: [test_two.py]}}]}\n"
    )
    script = (
        "import os, sys; os.environ['VICTIM'] = str(os.getpid()); "
        "from ringtest.cli.main import app; sys.argv = ['ringtest', 'run', '--out', 'out']; app()"
    )
    process = subprocess.run(
        [sys.executable, "-c", script],
        cwd=tmp_path, env=environment(tmp_path), capture_output=True, timeout=120,
    )  # fmt: skip
    assert process.returncode == -signal.SIGKILL
    run = describe(tmp_path / "out")
    assert (run.result, run.reason) == ("errored", "the run died before its end")
    assert run.suites[0].counts["passed"] >= 1  # the guard lets tests end politely


def test_the_first_interrupt_still_collects_and_tears_down(tmp_path: Path) -> None:
    (tmp_path / "ringtest.yaml").write_text(
        "isolation: none\nstages: {test: [echo begun; sleep 300], teardown: [echo given back]}\n"
    )
    process = subprocess.Popen(
        [sys.executable, "-m", "ringtest.cli.main", "run", "--out", "out"],
        cwd=tmp_path, env=environment(tmp_path), stdout=subprocess.PIPE, text=True,
    )  # fmt: skip
    assert process.stdout
    for line in process.stdout:
        if line == "begun\n":
            process.send_signal(signal.SIGINT)
            break
    rest = process.stdout.read()
    assert process.wait(60) == 12, rest
    assert "given back" in rest


def test_junit_names_every_case_and_its_earlier_tries(ringtest: Ringtest, tmp_path: Path) -> None:
    (tmp_path / "test_flaky.py").write_text(
        "from pathlib import Path\n"
        "def test_flaky():\n    seen = Path('seen'); first = not seen.exists(); seen.touch()\n"
        "    assert not first\n"
        "def test_bad(): assert 0, 'bad \\x01 text'\n"
    )
    done = ringtest(
        "isolation: none\nstages: {test: [{name: unit, runner: pytest,"
        " with: {paths: [test_flaky.py], reruns: 1}}]}\n"
    )
    assert done.code == 10
    suite = ElementTree.parse(done.folder / "junit" / "unit.xml").getroot()[0]
    assert (suite.get("tests"), suite.get("failures")) == ("2", "1")
    found = {case.get("name"): [child.tag for child in case] for case in suite}
    assert found == {"test_flaky": ["flakyFailure"], "test_bad": ["failure", "rerunFailure"]}
