"""`ringtest jenkins run` and `plan --native` as people type them: through the agent's own run."""

import json
import os
import signal
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest
from typer.testing import CliRunner, Result

from ringtest.cli.jenkins import app

JOBS = """\
- job:
    name: j
    parameters:
    - choice: {name: COLOUR, choices: [red, blue]}
    - password: {name: KEY, default: k3y-of-file}
    wrappers: [timestamps]
    builders:
    - shell: |
        echo "$COLOUR $KEY"
        echo '<testsuite><testcase name="t"/></testsuite>' > r.xml
        test $COLOUR = red || sed -i 's,/>,><failure/></testcase>,' r.xml
    publishers:
    - junit: {results: r.xml}
    - archive: {artifacts: '*.xml'}
- job: {name: partly, builders: [{ant: x}, {shell: 'echo rest'}]}
- job: {name: lost, scm: [{git: {url: /nowhere}}], builders: [{shell: x}]}
- job: {name: needy, wrappers: [{credentials-binding: [{text: {credential-id: t, variable: T}}]}]}
- job:
    name: long
    builders: [{shell: 'touch began; sleep 60'}]
    publishers: [{archive: {artifacts: began}}]
- job:
    name: grid
    project-type: matrix
    axes:
    - axis: {type: user-defined, name: os, values: [el9, el10]}
    builders: [{shell: 'echo $JOB_NAME; test $os = el9'}]
"""
Typed = Callable[..., Result]
COMMAND = [sys.executable, "-m", "ringtest.cli.main", "jenkins"]


@pytest.fixture
def typed(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Typed:
    """Types a command in a folder with `jobs.yaml`."""
    (tmp_path / "jobs.yaml").write_text(JOBS)
    monkeypatch.chdir(tmp_path)

    def run(*words: str) -> Result:
        return CliRunner().invoke(app, [*words], env=environment(tmp_path))

    return run


def environment(folder: Path) -> dict[str, str]:
    """Nobody's ini file, nobody's cache."""
    kept = {name: value for name, value in os.environ.items() if not name.startswith("RINGTEST")}
    return {**kept, "HOME": str(folder), "XDG_CACHE_HOME": str(folder / "cache")}


def test_a_job_runs_and_its_folder_tells_of_it(typed: Typed, tmp_path: Path) -> None:
    done = typed("run", "j", "jobs.yaml", "-p", "COLOUR=blue")
    assert done.exit_code == 10, done.stderr
    assert "blue ****" in done.stdout.splitlines()
    assert "j #1: UNSTABLE" in done.stdout
    assert "without effect: jobs.yaml:6:16: wrappers timestamps" in done.stderr
    out = tmp_path / "runs/builds/j/1"
    report = json.loads((out / "report.json").read_text())
    assert (report["name"], report["result"]) == ("j", "failed")
    assert report["parameters"] == {"COLOUR": "blue"}
    assert report["notes"] == ["j #1: UNSTABLE", "1 tests, 1 failed, 0 skipped"]
    assert "j #1: UNSTABLE" in (out / "report.html").read_text()
    assert (out / "artifacts/r.xml").read_bytes() == (out / "junit/r.xml").read_bytes()
    assert "blue ****" in (out / "log.txt").read_text()
    files = [one for one in out.rglob("*") if one.is_file()]
    assert not [one for one in files if b"k3y-of-file" in one.read_bytes()]


def test_values_that_a_job_does_not_take_end_it_before_it_begins(
    typed: Typed, tmp_path: Path
) -> None:
    done = typed("run", "j", "jobs.yaml", "-p", "COLOUR=green")
    assert (done.exit_code, done.stdout) == (2, "")
    assert "COLOUR is red or blue, not green" in done.stderr
    needy = typed("run", "needy", "jobs.yaml")
    assert (needy.exit_code, "needs the credential t" in needy.stderr) == (2, True)
    assert typed("run", "nobody", "jobs.yaml").exit_code == 3
    assert not (tmp_path / "runs").exists()


def test_what_is_not_covered_ends_a_run_or_is_told_in_its_report(
    typed: Typed, tmp_path: Path
) -> None:
    refused = typed("run", "partly", "jobs.yaml")
    assert refused.exit_code == 2
    assert "not covered: jobs.yaml:15:34: builders ant" in refused.stderr
    assert not (tmp_path / "runs").exists()
    done = typed("run", "partly", "jobs.yaml", "--allow-uncovered")
    assert done.exit_code == 0
    assert "left out, not covered: jobs.yaml:15:34: builders ant" in done.stderr
    report = json.loads((tmp_path / "runs/builds/partly/1/report.json").read_text())
    assert report["notes"][1:] == ["left out, not covered: jobs.yaml:15:34: builders ant"]


def test_sources_that_cannot_be_had_are_no_failure_of_what_is_tested(typed: Typed) -> None:
    done = typed("run", "lost", "jobs.yaml")
    assert done.exit_code == 11
    assert "lost #1: FAILURE" in done.stdout


def test_a_matrix_runs_each_cell_in_a_folder_of_its_own(typed: Typed, tmp_path: Path) -> None:
    done = typed("run", "grid", "jobs.yaml")
    assert done.exit_code == 10
    assert done.stdout.splitlines()[-2:] == ["grid/os=el9: SUCCESS", "grid/os=el10: FAILURE"]
    out = tmp_path / "runs/builds/grid/1"
    assert json.loads((out / "cells.json").read_text())["cells"] == {
        "os=el9": "SUCCESS",
        "os=el10": "FAILURE",
    }
    assert "grid/os=el9" in (out / "cells/os=el9/log.txt").read_text().splitlines()
    assert (tmp_path / "runs/workspace/grid/os/el9").is_dir()
    one = typed("run", "grid", "jobs.yaml", "--cell", "os=el9")
    assert one.exit_code == 0


def test_an_interrupt_aborts_the_build_and_its_publishers_are_still_done(
    typed: Typed, tmp_path: Path
) -> None:
    process = subprocess.Popen(
        [*COMMAND, "run", "long", "jobs.yaml"], cwd=tmp_path, env=environment(tmp_path),
        stdout=subprocess.PIPE, text=True,
    )  # fmt: skip
    assert process.stdout is not None
    for line in process.stdout:
        if line.startswith("+ sleep"):
            process.send_signal(signal.SIGINT)
            break
    rest = process.stdout.read()
    assert process.wait() == 12
    assert "long #1: ABORTED" in rest
    assert (tmp_path / "runs/builds/long/1/artifacts/began").exists()


def test_a_plan_says_per_job_what_would_be_left_out(typed: Typed) -> None:
    done = typed("plan", "--native", "jobs.yaml")
    assert done.exit_code == 0
    assert "partly: not native, 1 covered\n    not covered: builders ant" in done.stdout
    assert "6 jobs: 5 run natively, 1 do not" in done.stderr
    assert "builders ant: 1 jobs" in done.stderr
    as_json = typed("plan", "--native", "--exit-code", "--format", "json", "jobs.yaml")
    assert as_json.exit_code == 20
    rows = {row["name"]: row for row in json.loads(as_json.stdout)}
    assert [name for name, row in rows.items() if not row["native"]] == ["partly"]
    assert rows["partly"]["uncovered"][0]["place"] == "jobs.yaml:15:34"
