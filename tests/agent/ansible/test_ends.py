"""A playbook that is ended takes every process of its tasks with it, however it is ended."""

import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path

import pytest

from ringtest.agent import proc
from tests.agent.alone.conftest import Ringtest, environment, ringtest

__all__ = ["ringtest"]

FAMILY = """\
- hosts: localhost
  gather_facts: false
  tasks:
    - name: a family
      shell: |
        sh -c 'echo $$ > {{ here }}/child; exec sleep 1000' &
        setsid sh -c 'trap "" TERM; echo $$ > {{ here }}/escaped; while :; do sleep 1; done' &
        until test -s {{ here }}/child -a -s {{ here }}/escaped; do sleep 0.01; done
        touch {{ here }}/ready
        wait
"""
DEFINITION = """\
isolation: none
stages:
  test:
    - runner: ansible
      timeout_seconds: {seconds}
      with: {{playbook: site.yml, extra_vars: {{here: "{here}"}}}}
    - {{run: touch after, always: true}}
artifacts: [after]
"""
MEMBERS = ("child", "escaped")


@pytest.fixture
def here(tmp_path: Path) -> Path:
    """Where the family says who it is."""
    (tmp_path / "site.yml").write_text(FAMILY)
    (tmp_path / "here").mkdir()
    return tmp_path / "here"


def _living(here: Path) -> list[str]:
    return [name for name in MEMBERS if proc.process(int((here / name).read_text()))]


def test_the_limit_of_a_step_ends_the_whole_tree_of_a_playbook(
    ringtest: Ringtest, here: Path
) -> None:
    watched = here.parent / "watched"
    look = f"for p in $(cat {here}/child {here}/escaped); do ! kill -0 $p || echo $p; done"
    text = DEFINITION.format(seconds=4, here=here).replace("touch after", f"({look}) > {watched}")
    done = ringtest(text)
    assert done.code == 10, done.text
    assert "ansible: not done after its 4 s, killed" in done.text
    assert watched.read_text() == "", "somebody of the step lived on into the next one"


def test_kill_9_of_the_whole_group_leaves_nothing_of_a_playbook(here: Path, tmp_path: Path) -> None:
    (tmp_path / "ringtest.yaml").write_text(DEFINITION.format(seconds=600, here=here))
    words = ["run", "--out", str(tmp_path / "out")]
    process = subprocess.Popen(
        [sys.executable, "-m", "ringtest.cli.main", *words],
        cwd=tmp_path,
        env=environment(tmp_path),
        start_new_session=True,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )
    _until(lambda: (here / "ready").exists(), process)
    assert _living(here) == list(MEMBERS)
    os.killpg(process.pid, signal.SIGKILL)
    process.wait()
    _until(lambda: not _living(here))


def _until(holds: Callable[[], bool], process: "subprocess.Popen[bytes] | None" = None) -> None:
    deadline = time.monotonic() + 30
    while not holds():
        assert process is None or process.poll() is None, "it has ended by itself"
        assert time.monotonic() < deadline
        time.sleep(0.05)


def test_steps_of_one_title_have_results_of_their_own(ringtest: Ringtest, tmp_path: Path) -> None:
    (tmp_path / "hooks").mkdir()
    step = "{runner: ansible, with: {hook: pre-run, hooks: [.]}}"
    steps = "".join(f"  {stage}: [{step}]\n" for stage in ("prepare", "test", "teardown"))
    done = ringtest(f"isolation: none\nstages:\n{steps}")
    assert done.code == 0, done.text
    found = sorted(path.name for path in (done.folder / "junit").glob("*.xml"))
    assert found == ["ansible.teardown-1.xml", "ansible.test-1.xml", "ansible.xml"]
