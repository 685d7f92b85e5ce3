"""The runner `ansible`: playbooks and hooks as steps of a definition."""

import asyncio
import os
from collections.abc import Callable, Mapping, Sequence
from contextlib import nullcontext
from pathlib import Path

import msgspec
import pytest

from ringtest.agent.ansible.hooks import Hook, hook_playbook, hooks_of, last_hooks
from ringtest.agent.ansible.runner import Ansible, Options
from ringtest.agent.control import StageFailed
from ringtest.agent.runners.runner import Case, Task

SITE = """\
- hosts: localhost
  gather_facts: false
  tasks:
    - {name: say, debug: {msg: "{{ word }}"}}
    - {name: "test_a/b", assert: {that: true}}
    - {name: test_ring, assert: {that: "word == 'closed'"}, tags: [never_wanted]}
    - {name: last, assert: {that: false, fail_msg: nothing goes}}
"""


@pytest.fixture
def task(tmp_path: Path) -> Task:
    """A step in a work folder; commands run as they are."""

    async def command(
        argv: Sequence[str],
        *,
        env: Mapping[str, str],
        seconds: float | None = None,
        until: Callable[[], float | None] | None = None,
    ) -> int:
        process = await asyncio.create_subprocess_exec(*argv, env=env, cwd=tmp_path)
        return await process.wait()

    (tmp_path / "scratch").mkdir()
    return Task(
        work=tmp_path,
        scratch=tmp_path / "scratch",
        results=tmp_path / "results",
        variables=dict(os.environ),
        command=command,
        say=print,
        copying=lambda path: nullcontext(),
    )


async def _run(task: Task, options: Options) -> list[Case]:
    cases: list[Case] = []
    runner = Ansible(options)
    assert await runner.tests(task) is None
    await runner.run(task, [], 1, cases.append)
    return cases


async def test_a_playbook_and_its_tests_are_cases_and_its_tasks_files(task: Task) -> None:
    (task.work / "site.yml").write_text(SITE)
    given = {
        "playbook": "site.yml",
        "extra_vars": {"word": "a b"},
        "skip_tags": ["never_wanted"],
    }
    cases = await _run(task, msgspec.convert(given, Options))
    assert [(case.test, case.outcome) for case in cases] == [
        ("site::test_a/b", "passed"),
        ("playbook::site.yml", "failed"),
    ]
    assert cases[1].message == "last: nothing goes"
    folder = task.results / "ansible"
    files = sorted(path.relative_to(folder).as_posix() for path in folder.rglob("*[]]"))
    assert files == [
        "00001.test/TASK [say]",
        "00002.test/TASK [test_a∕b]",
        "00003.test/failed/TASK [last]",
    ]
    assert '"a b"' in (folder / "00001.test" / "TASK [say]").read_text()


async def test_a_hook_of_tasks_runs_and_one_without_a_file_is_left_out(task: Task) -> None:
    (task.work / "lab" / "hooks").mkdir(parents=True)
    hook = task.work / "lab" / "hooks" / "pre-run.yml"
    hook.write_text("- name: touch\n  file: {path: '{{ playbook_dir }}/it-ran', state: touch}\n")
    cases = await _run(task, Options(hook="pre-run", hooks=["lab"]))
    assert [case.outcome for case in cases] == ["passed"]
    assert (task.scratch / "it-ran").exists()
    (left_out,) = await _run(task, Options(hook="tests", hooks=["lab"]))
    assert (left_out.outcome, left_out.name) == ("skipped", "tests")


async def test_what_cannot_be_run_is_said(task: Task) -> None:
    for options, words in (
        (Options(), "one of playbook and hook"),
        (Options(playbook="none.yml"), "no playbook none.yml"),
        (Options(hook="instal"), "openshift has no hook instal"),
        (Options(hook="tests", hooks_of="plan9"), "hooks_of is one of openshift"),
    ):
        with pytest.raises(StageFailed, match=words):
            await _run(task, options)


def test_hooks_of_several_folders_run_in_order_and_are_torn_down_in_reverse(
    tmp_path: Path,
) -> None:
    one, two = tmp_path / "one", tmp_path / "two"
    for folder in (one, two):
        (folder / "hooks").mkdir(parents=True)
        for name in ("pre-run", "install", "teardown"):
            (folder / "hooks" / f"{name}.yml").write_text("[]")
    (one / "hooks" / "user-tests.yml").write_text("[]")
    found = hooks_of("openshift", [one, two])
    assert [(hook.name, hook.status, hook.file.parts[-3]) for hook in found] == [
        ("pre-run", "pre-run", "one"),
        ("pre-run", "pre-run", "two"),
        ("install", "running", "one"),
        ("install", "running", "two"),
    ]
    assert [hook.file.parts[-3] for hook in last_hooks("teardown", [one, two])] == ["two", "one"]


def test_a_hook_that_is_a_playbook_runs_as_it_is(tmp_path: Path) -> None:
    file = tmp_path / "tests.yml"
    file.write_text("- hosts: all\n  vars: {secret: !vault 'x'}\n  tasks: []\n")
    assert hook_playbook(Hook("tests", "running", file), tmp_path) == file
    file.write_text("- [broken")
    with pytest.raises(ValueError, match=r"tests\.yml"):
        hook_playbook(Hook("tests", "running", file), tmp_path)
