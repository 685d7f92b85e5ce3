"""`ringtest jenkins` from job files to a controller and back, as people type it."""

import json
import os
import shlex
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
import yaml
from typer.testing import CliRunner, Result

from ringtest.cli.main import app
from tests.cli.test_examples import HELP, examples
from tests.jenkins_server import JenkinsServer, Outcome, jenkins_server

JOBS = """
- project:
    name: greeter
    part: [smoke, full]
    jobs: ['greeter-{part}']
- job-template:
    name: 'greeter-{part}'
    parameters:
    - string: {name: COLOUR, default: red}
    - string: {name: RINGTEST_ID}
    builders: [{shell: 'make {part}'}]
- view: {name: greeters, view-type: list, regex: 'greeter-.*'}
"""
MATRIX = """
archs: [x86_64]
products: {RHEL: ['9.5']}
jobs: {greeter: {smoke: }}
rules:
- {job-template: '{name}-run', script: 'test {arch}'}
- {when: version >= '9', script: !extend 'test again'}
"""
RUN = "- job-template: {name: '{name}-run', builders: [{shell: '{script}'}]}\n"
Type = Callable[..., Result]


@pytest.fixture
def server() -> Iterator[JenkinsServer]:
    with jenkins_server() as running:
        yield running


@pytest.fixture
def typed(server: JenkinsServer, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Type:
    """Type a command without its `ringtest jenkins`; its exit code must be as said."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr("time.sleep", lambda seconds: None)
    (tmp_path / "jobs").mkdir()
    (tmp_path / "jobs" / "greeter.yaml").write_text(JOBS)
    (tmp_path / "jobs.yaml").write_text(MATRIX)
    env = {"JENKINS_URL": server.url, "JENKINS_USER": "admin", "JENKINS_TOKEN": "token-of-admin"}
    env |= {"XDG_STATE_HOME": str(tmp_path / "state"), "HOME": str(tmp_path)}

    def invoke(line: str, code: int = 0, **more: str | None) -> Result:
        words = ["jenkins", *shlex.split(line)]
        done = CliRunner().invoke(app, words, env={**os.environ, **env, **more})
        assert done.exit_code == code, f"{line}\n{done.output}\n{done.exception!r}"
        return done

    return invoke


def test_plan_is_shown_and_applied_and_then_nothing_is_left(
    server: JenkinsServer, typed: Type
) -> None:
    shown = typed("plan jobs --exit-code", code=20).stdout
    assert "+ create job greeter-full\n" in shown
    assert "3 create" in shown
    assert server.writes() == []
    assert "3 written, 0 failed" in typed("apply jobs --yes").stdout
    assert "3 unchanged (1 request)" in typed("plan jobs --exit-code").stdout


def test_reviewed_file_is_applied_once(server: JenkinsServer, typed: Type, tmp_path: Path) -> None:
    typed("plan jobs --out plan.json")
    assert [each["verb"] for each in json.loads(Path("plan.json").read_text())["actions"]]
    shown = typed("plan plan.json --url http://127.0.0.1:9/").stdout
    assert shown.endswith("+ create view greeters\n3 create\n")
    assert "nobody to ask here" in typed("apply plan.json", code=2).stderr
    assert server.writes() == []
    typed("apply plan.json --yes")
    assert "0 written, 0 failed, 3 done before" in typed("apply plan.json --yes").stdout
    lines = (tmp_path / "state" / "ringtest" / "jenkins-audit.jsonl").read_text().splitlines()
    assert {json.loads(line)["user"] for line in lines} == {"admin"}
    assert len(lines) == 3


def test_file_is_refused_when_either_side_moved(
    server: JenkinsServer, typed: Type, tmp_path: Path
) -> None:
    typed("apply jobs --yes")
    (tmp_path / "jobs" / "greeter.yaml").write_text(JOBS.replace("make", "make -k"))
    typed("plan jobs --out plan.json")
    item = server.controller.item("greeter-full")
    before = item.config
    item.configure(before.replace("make", "rm").encode())
    assert "plan again" in typed("apply plan.json --yes", code=21).stderr
    item.configure(before.encode())
    (tmp_path / "jobs" / "greeter.yaml").write_text(JOBS)
    assert "say something else" in typed("apply plan.json jobs --yes", code=21).stderr
    typed("apply plan.json --yes")
    assert "make -k full" in item.config


def test_plan_shows_what_differs_and_what_was_changed_by_hand(
    server: JenkinsServer, typed: Type
) -> None:
    typed("update jobs")
    item = server.controller.item("greeter-full")
    item.set_field("description", "mine")
    item.configure(item.config.replace("make full", "rm full").encode())
    shown = typed("plan jobs").stdout
    assert "~ update job greeter-full  made by somebody else" in shown
    assert "~ builders/hudson.tasks.Shell/command: rm full → make full" in shown
    planned = json.loads(typed("plan jobs --format json").stdout)
    assert planned["counts"]["update"] == 1
    assert planned["actions"][0]["changes"][0]["after"] == "make full"


def test_errors_in_files_plan_nothing(server: JenkinsServer, typed: Type, tmp_path: Path) -> None:
    typed("update jobs")
    (tmp_path / "jobs" / "broken.yaml").write_text("- job: {name: x, builders: [{shel: make}]}\n")
    done = typed("update jobs --delete-old", code=1)
    assert "broken.yaml:1" in done.stderr
    assert "nothing was planned" in done.stderr
    assert len(server.controller.top.children) == 2


def test_delete_needs_all_jobs(typed: Type) -> None:
    assert "name none" in typed("plan --delete jobs greeter-full", code=2).stderr


def test_delete_by_name_leaves_what_nobody_manages(server: JenkinsServer, typed: Type) -> None:
    typed("update jobs")
    server.controller.create(server.controller.top, "greeter-mine", b"<project/>")
    assert "nobody manages it" in typed("delete 'greeter-*' --yes", code=1).stdout
    assert list(server.controller.top.children) == ["greeter-mine"]
    typed("delete greeter-mine --unmanaged --yes")
    assert not server.controller.top.children


def test_list_says_who_manages_what(server: JenkinsServer, typed: Type) -> None:
    typed("update --set mine jobs")
    server.controller.create(server.controller.top, "foreign", b"<project/>")
    rows = json.loads(typed("list --format json").stdout)
    assert {row["name"]: row["managed_by"] for row in rows} == {
        "all": None,
        "foreign": None,
        "greeter-full": "set mine",
        "greeter-smoke": "set mine",
        "greeters": "set mine",
    }


def test_plugins_are_written_as_rendering_reads_them(typed: Type, tmp_path: Path) -> None:
    typed("get-plugins-info")
    listed = yaml.safe_load((tmp_path / "plugins_info.yaml").read_text())
    assert {"shortName": "git", "version": "5.2.0", "longName": "Git plugin"} in listed
    assert "3 create" in typed("plan -p plugins_info.yaml jobs").stdout


def test_plugins_are_asked_for_when_the_ini_file_says_so(
    server: JenkinsServer, typed: Type, tmp_path: Path
) -> None:
    (tmp_path / "jj.ini").write_text("[jenkins]\nquery_plugins_info=true\n")
    assert "3 create (2 requests)" in typed("plan --conf jj.ini jobs").stdout
    assert "3 create (1 request)" in typed("plan jobs").stdout


def test_jobs_or_views_alone_are_planned_when_the_ini_file_says_so(
    typed: Type, tmp_path: Path
) -> None:
    for wanted, planned in (("jobs", "2 create"), ("views", "1 create"), ("all", "3 create")):
        (tmp_path / "jj.ini").write_text(f"[job_builder]\nupdate={wanted}\n")
        assert planned in typed("plan --conf jj.ini jobs").stdout
    (tmp_path / "jj.ini").write_text("[job_builder]\nupdate=jobs\n")
    assert "1 create" in typed("plan --conf jj.ini --views-only jobs").stdout
    (tmp_path / "jj.ini").write_text("[job_builder]\nupdate=some\n")
    assert "jobs, views or all" in typed("plan --conf jj.ini jobs", code=2).stderr


def test_build_is_followed_and_its_result_is_the_exit_code(
    server: JenkinsServer, typed: Type
) -> None:
    typed("update jobs")
    server.controller.item("greeter-full").outcome = Outcome(("one\n", "two\n"), "FAILURE")
    done = typed("trigger greeter-full -p COLOUR=blue --follow --id a-1", code=10)
    assert done.stdout == "one\ntwo\nFinished: FAILURE\n"
    build = server.controller.item("greeter-full").builds[0]
    assert build.parameters == {"COLOUR": "blue", "RINGTEST_ID": "a-1"}
    typed("trigger greeter-full --follow --id a-1", code=10)
    assert len(server.controller.item("greeter-full").builds) == 1


def test_matrix_files_are_planned_with_job_files(
    server: JenkinsServer, typed: Type, tmp_path: Path
) -> None:
    (tmp_path / "run.yaml").write_text(RUN)
    typed("apply --matrix jobs.yaml run.yaml --yes")
    config = server.controller.item("greeter-RHEL-9.5-x86_64-smoke-run").config
    assert "<command>test x86_64\ntest again</command>" in config


def test_errors_of_matrix_files_plan_nothing_and_warnings_are_told(
    server: JenkinsServer, typed: Type, tmp_path: Path
) -> None:
    (tmp_path / "run.yaml").write_text(RUN)
    (tmp_path / "jobs.yaml").write_text(MATRIX + "- {when: arch == 's390x', a: b}\n")
    told = typed("plan --matrix jobs.yaml run.yaml").stderr
    assert "jobs.yaml:8:3: warning: no cell fits: arch == 's390x'" in told
    (tmp_path / "jobs.yaml").write_text(MATRIX + "- {when: arch = 1, a: b}\n")
    told = typed("apply --yes --matrix jobs.yaml run.yaml", code=1).stderr
    assert "jobs.yaml:8:15: error" in told
    assert not server.writes()


def test_explanation_names_file_and_line(typed: Type) -> None:
    shown = typed("explain greeter-RHEL-9.5-x86_64-smoke-run --matrix jobs.yaml").stdout
    assert "set by jobs.yaml:6:32: always" in shown
    assert "extended by jobs.yaml:7:26: version >= '9'" in shown
    data = json.loads(typed("explain greeter-* --matrix jobs.yaml --format json").stdout)
    script = next(each for each in data[0]["variables"] if each["name"] == "script")
    assert script["value"] == "test x86_64\ntest again"
    typed("explain nothing --matrix jobs.yaml", code=3)


def test_site_comes_from_an_ini_file_of_jenkins_jobs(
    server: JenkinsServer, typed: Type, tmp_path: Path
) -> None:
    (tmp_path / "jj.ini").write_text(
        f"[jenkins]\nurl={server.url}\nuser=admin\npassword=password-of-admin\n"
    )
    nothing: dict[str, str | None] = dict.fromkeys(("JENKINS_URL", "JENKINS_USER", "JENKINS_TOKEN"))
    typed("update --conf jj.ini jobs", **nothing)
    assert len(server.controller.top.children) == 2
    assert "which Jenkins?" in typed("list", code=2, **nothing).stderr


def test_wrong_token_and_lost_controller_end_with_their_codes(
    server: JenkinsServer, typed: Type
) -> None:
    assert "JENKINS_TOKEN" in typed("list", code=1, JENKINS_TOKEN="wrong").stderr
    assert "does not answer" in typed("list --url http://127.0.0.1:9/", code=4).stderr


def test_node_is_made_drained_and_deleted(
    server: JenkinsServer, typed: Type, tmp_path: Path
) -> None:
    made = typed("create-node rack --fresh --label x86_64 --secret-file rack.secret").stdout
    [name] = server.controller.nodes
    assert f"-webSocket -url {server.url} -name {name} -secret @rack.secret" in made
    secret = tmp_path / "rack.secret"
    assert secret.read_text().strip() == server.controller.secret_of(name)
    assert secret.stat().st_mode & 0o777 == 0o600
    [shown] = json.loads(typed("nodes -f json").stdout)
    assert (shown["name"], shown["draining"]) == (name, False)
    assert server.controller.connect(name, secret.read_text().strip())
    typed(f"drain-node {name}")
    assert json.loads(typed("nodes -f json").stdout)[0]["draining"]
    typed("drain-node nobody", code=3)
    typed(f"delete-node {name} --orphans", code=2)
    typed(f"delete-node --orphans --keep {name}")
    assert list(server.controller.nodes) == [name]
    assert typed("delete-node --orphans").stdout == f"{name} is gone\n"
    assert server.controller.nodes == {}


@pytest.mark.parametrize("name", [name for name in HELP if name.startswith("jenkins ")])
def test_examples_of_the_help_run(
    server: JenkinsServer, typed: Type, tmp_path: Path, name: str
) -> None:
    typed("plan jobs --out plan.json")
    if name not in ("jenkins apply", "jenkins plan"):
        typed("update jobs")
    if name == "jenkins drain-node":
        typed("create-node rack-7")
    typed("check jobs --baseline known.json --write-baseline")
    smoke = tmp_path / "runs/workspace/greeter-smoke/smoke"
    smoke.parent.mkdir(parents=True)
    smoke.touch()  # what `make smoke` would make
    for example in examples(HELP[name]):
        typed(example.removeprefix("jenkins "))
