"""Runs whose tests are watched: what each left is in the report, and put back before the next."""

from collections.abc import Callable
from pathlib import Path

import pytest

from ringtest.agent.guarding.guard import Left, read_left
from ringtest.agent.guarding.guarded import judged
from ringtest.agent.guarding.things import Change
from ringtest.agent.runners.runner import Case
from tests.agent.alone.conftest import Done, Ringtest
from tests.agent.guarding.conftest import World

TESTS = """
import subprocess

def virsh(*words):
    return subprocess.run(
        ["virsh", "-c", "{address}", *words], check=True, capture_output=True, text=True
    ).stdout

def test_1_leaves_it_off():
    virsh("destroy", "test")

def test_2_finds_it_running():
    assert "running" in virsh("list")

def test_3_leaves_it_off_and_fails():
    virsh("destroy", "test")
    assert False
"""
ONE, TWO = "test_1_leaves_it_off", "test_2_finds_it_running"
THREE = "test_3_leaves_it_off_and_fails"
RUNNER = "[{name: suite, runner: pytest, with: {paths: [test_guests.py]}}]"
DEFINITION = """
isolation: none
guard: {{libvirt: "{address}", {options}}}
stages:
  test: {steps}
"""
Run = Callable[..., Done]


@pytest.fixture
def run(ringtest: Ringtest, world: World, tmp_path: Path) -> Callable[[str], Done]:
    """A run with the guard's options."""
    (tmp_path / "test_guests.py").write_text(TESTS.format(address=world.address))

    def start(options: str, steps: str = RUNNER) -> Done:
        return ringtest(DEFINITION.format(address=world.address, options=options, steps=steps))

    return start


def test_each_test_finds_the_machine_as_the_first_one_did(run: Run, world: World) -> None:
    done = run("fail: true")
    assert done.code == 10
    assert done.outcomes() == {ONE: "errored", TWO: "passed", THREE: "failed"}, done.text
    [message] = [case.message for case in done.cases if case.name == ONE]
    assert message.startswith("it left the machine otherwise: domain test changed (state: ")
    assert message.endswith(": put back")
    told = {case.name: "domain test changed" in case.stdout for case in done.cases}
    assert told == {ONE: True, TWO: False, THREE: True}
    by = [left.by.rpartition("::")[2] for left in read_left(done.folder / "junit")]
    assert by == [ONE, THREE]
    assert "domain test changed" in (done.folder / "junit/suite.xml").read_text()
    assert "running" in world.virsh("list")


def test_what_is_left_fails_a_test_only_where_that_is_wanted_and_nothing_else_was_wrong() -> None:
    left = Left("t", [Change("domain", "vm", "appeared", restored=True)])
    passed, failed = Case("t", "", "t", "passed"), Case("t", "", "t", "failed", message="no")
    assert judged(passed, left, fail=True).outcome == "errored"
    assert judged(passed, left, fail=False).outcome == "passed"
    assert judged(failed, left, fail=True).message == "no"
    for case in (passed, failed):
        assert judged(case, left, fail=False).stdout == "state: domain vm appeared: put back"
        assert judged(case, Left("t", []), fail=True) == case


def test_a_shell_step_is_watched_as_a_whole(run: Run, world: World) -> None:
    done = run("fail: true", f"""['virsh -c "{world.address}" destroy test']""")
    assert done.code == 10
    assert "it left the machine otherwise: domain test changed" in done.text
    assert "running" in world.virsh("list")
