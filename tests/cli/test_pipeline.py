"""`ringtest pipeline`: what is wrong and what would run, before anything does."""

import json
from pathlib import Path

from typer.testing import CliRunner

from ringtest.cli.pipeline import app

FILE = """\
- {name: install, stage: ocp, topic: T, ansible_playbook: a.yml, components: [ocp], outputs: {k: k}}
- {name: app, stage: app, prev_stages: ocp, ansible_playbook: b.yml, inputs: {k: kube_path}}
"""


def test_a_plan_shows_stages_components_and_what_goes_from_job_to_job(tmp_path: Path) -> None:
    file = tmp_path / "p.yml"
    file.write_text(FILE)
    words = ["plan", str(file), "install:components=ocp=4.19.3,", "-f", "json"]
    done = CliRunner().invoke(app, words)
    assert done.exit_code == 0, done.output
    install, second = json.loads(done.stdout)
    assert (install["components"], install["gives"]) == (["ocp=4.19.3"], ["k"])
    assert (second["after"], second["needs"]) == (["ocp"], ["k"])


def test_faults_end_with_2_and_name_their_line(tmp_path: Path) -> None:
    file = tmp_path / "p.yml"
    file.write_text(FILE + "- {name: late, stage: x, prev_stages: [nope], ansible_playbook: c}\n")
    done = CliRunner().invoke(app, ["check", str(file)])
    assert done.exit_code == 2
    assert f"{file}:3:3: late: no job or stage nope comes before it" in done.stderr


def test_a_file_that_is_not_there_is_named(tmp_path: Path) -> None:
    done = CliRunner().invoke(app, ["check", str(tmp_path / "none.yml")])
    assert done.exit_code == 2
    assert "none.yml cannot be read: No such file or directory" in done.stderr


def test_files_that_jobs_name_are_looked_for(tmp_path: Path) -> None:
    file = tmp_path / "p.yml"
    file.write_text(FILE)
    (tmp_path / "a.yml").write_text("[]")
    done = CliRunner().invoke(app, ["check", str(file), "install:ansible_inventory=hosts"])
    assert done.exit_code == 2
    assert done.stderr.splitlines() == [
        f"{file}:1:3: install: ansible_inventory: there is no {tmp_path}/hosts",
        f"{file}:2:3: app: ansible_playbook: there is no {tmp_path}/b.yml",
    ]
    (tmp_path / "b.yml").write_text("[]")
    for word in ("install:comment=x", "install:ansible_inventory=@RESOURCE-hosts"):
        done = CliRunner().invoke(app, ["check", str(file), word])
        assert done.exit_code == 0, done.output
