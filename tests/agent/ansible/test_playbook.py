"""Playbooks under the lab's own ansible-playbook: what is told of each task, and at which cost."""

import os
import subprocess
from pathlib import Path

import pytest

from ringtest.agent.ansible.cases import task_cases
from ringtest.agent.ansible.files import commit_component, task_file
from ringtest.agent.ansible.playbook import Playbook
from ringtest.agent.ansible.told import CommitTold, EndTold, PlayTold, TaskTold, Told, read_told

SITE = """\
- name: prepare
  hosts: localhost
  gather_facts: false
  vars: {dci_status: pre-run, dci_comment: getting ready}
  tasks:
    - {name: hidden, debug: {msg: "the s3cret {{ word }}"}, no_log: true}
    - {name: never, debug: {msg: x}, when: false}
    - name: sources
      ansible.builtin.git: {repo: "{{ repo }}", dest: "{{ playbook_dir }}/sources"}
- name: tests
  hosts: localhost
  gather_facts: false
  vars: {dci_status: running}
  tasks:
    - {name: test_good, assert: {that: true}}
    - {name: test_ignored, assert: {that: false}, ignore_errors: true}
    - {name: test_bad, assert: {that: false, fail_msg: the ring is open}}
    - {name: after it, debug: {msg: never}}
"""
GIT = ("git", "-c", "user.name=n", "-c", "user.email=n@example.com")


@pytest.fixture(scope="module")
def ran(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, int, list[Told], str]:
    """A folder in which `SITE` has run: the exit code, what was told, what was printed."""
    folder = tmp_path_factory.mktemp("ansible")
    repo = folder / "app.git"
    subprocess.run(["git", "init", "-q", repo], check=True)
    for message in ("first", "second"):
        subprocess.run([*GIT, "commit", "-qm", message, "--allow-empty"], cwd=repo, check=True)
    subprocess.run(["git", "tag", "v2"], cwd=repo, check=True)
    site = folder / "site.yml"
    site.write_text(SITE)
    return (folder, *_run(Playbook(site, extra=[f"repo={repo}", "word=s3cret"])))


def _run(playbook: Playbook, **more: str) -> tuple[int, list[Told], str]:
    told = playbook.folder / "told.jsonl"
    told.unlink(missing_ok=True)
    env = playbook.environment({**os.environ, **more}, told)
    done = subprocess.run(
        playbook.argv(), cwd=playbook.folder, env=env, capture_output=True, text=True, check=False
    )
    return done.returncode, read_told(told, 0)[0], done.stdout + done.stderr


def _tasks(told: list[Told]) -> dict[str, TaskTold]:
    return {line.title: line for line in told if isinstance(line, TaskTold)}


def test_each_task_is_a_file_named_as_dci_does(ran: tuple[Path, int, list[Told], str]) -> None:
    _, code, told, output = ran
    assert code == 2, output
    assert [task_file(line)[0] for line in told if isinstance(line, TaskTold)] == [
        "TASK [hidden]",
        "skipped/TASK [never]",
        "TASK [sources]",
        "TASK [test_good]",
        "warn/TASK [test_ignored]",
        "failed/TASK [test_bad]",
    ]
    assert "the ring is open" in task_file(_tasks(told)["test_bad"])[1]
    plays = [line for line in told if isinstance(line, PlayTold)]
    assert [(play.status, play.comment) for play in plays] == [
        ("pre-run", "getting ready"),
        ("running", ""),
    ]
    end = told[-1]
    assert isinstance(end, EndTold)
    assert (end.ok, end.failures, end.skipped, end.ignored) == (4, 1, 1, 1)


def test_nothing_of_a_task_with_no_log_is_told(ran: tuple[Path, int, list[Told], str]) -> None:
    folder, _, told, _ = ran
    assert "censored" in task_file(_tasks(told)["hidden"])[1]
    assert "s3cret" not in (folder / "told.jsonl").read_text()


def test_a_git_task_becomes_a_component(ran: tuple[Path, int, list[Told], str]) -> None:
    folder, _, told, _ = ran
    (commit,) = [line for line in told if isinstance(line, CommitTold)]
    component = commit_component(commit)
    assert (component.type, component.version) == ("app", "v2")
    head = subprocess.check_output(["git", "rev-parse", "HEAD"], cwd=folder / "app.git", text=True)
    assert component.uid == head.strip()


@pytest.mark.parametrize("module", ["git", "ansible.builtin.git", "ansible.legacy.git"])
def test_a_commit_that_the_job_has_is_checked_out_again(
    ran: tuple[Path, int, list[Told], str], tmp_path: Path, module: str
) -> None:
    repo = ran[0] / "app.git"
    first = subprocess.check_output(["git", "rev-parse", "HEAD~1"], cwd=repo, text=True).strip()
    site = tmp_path / "site.yml"
    site.write_text(
        "- hosts: localhost\n  gather_facts: false\n  tasks:\n"
        f"    - {module}: {{repo: {repo}, dest: {tmp_path}/sources, version: master}}\n"
    )
    pins = f'{{"{repo}": "{first}"}}'
    code, told, output = _run(Playbook(site), RINGTEST_GIT_PINS=pins)
    assert code == 0, output
    assert [line.commit for line in told if isinstance(line, CommitTold)] == [first]


def test_tasks_called_test_are_tests(ran: tuple[Path, int, list[Told], str]) -> None:
    cases = [case for task in _tasks(ran[2]).values() for case in task_cases(task)]
    assert [(case.classname, case.name, case.outcome) for case in cases] == [
        ("site", "test_good", "passed"),
        ("site", "test_ignored", "failed"),
        ("site", "test_bad", "failed"),
    ]
    assert cases[2].message == "the ring is open"


def test_folders_and_callbacks_of_the_labs_configuration_stay(tmp_path: Path) -> None:
    (tmp_path / "ansible.cfg").write_text(
        "[defaults]\ncallback_whitelist = dci, timer\ncallback_plugins = mine\nlibrary=/srv/lib\n"
    )
    lab = Path("/usr/share/dci")
    playbook = Playbook(tmp_path / "site.yml", libraries=[lab])
    env = playbook.environment({"HOME": "/nowhere"}, tmp_path / "told")
    assert env["ANSIBLE_CALLBACKS_ENABLED"] == "ringtest_tasks,timer"
    callbacks = env["ANSIBLE_CALLBACK_PLUGINS"].split(":")
    assert callbacks[0].endswith("plugins/callback")
    assert callbacks[1:3] == ["/usr/share/dci/callback", str(tmp_path / "mine")]
    assert env["ANSIBLE_LIBRARY"].split(":")[:2] == ["/usr/share/dci/modules", "/srv/lib"]


def test_torn_and_foreign_lines_are_passed_over(tmp_path: Path) -> None:
    told = tmp_path / "told"
    told.write_text('{"kind":"explicit","at":1}\nwords\n{"kind":"end","at":2}\n{"kind":"pl')
    lines, offset = read_told(told, 0)
    assert [type(line).__name__ for line in lines] == ["ExplicitTold", "EndTold"]
    assert read_told(told, offset) == ([], offset)
