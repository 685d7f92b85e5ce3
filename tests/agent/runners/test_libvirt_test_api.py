"""libvirt-test-API's case files as tests: templates, values, what steps need, what they print."""

import shlex
import sys
from pathlib import Path
from typing import Any

import pytest

from ringtest.agent.runners.case_files import MOST_STEPS, read_steps
from tests.agent.runners import libvirt_test_api_standin
from tests.agent.runners.conftest import RunStep

PROGRAM = f"{shlex.quote(sys.executable)} {shlex.quote(libvirt_test_api_standin.__file__)}"
CASES = """\
# what every guest must do
domain:define
    guestname
        {{ guest }}
    disk
        raw
        qcow2

domain:start
    guestname
        {{ guest }}
clean
domain:define
    guestname
        other
"""
SCRIPT = "echo $0 $guestname $disk >> ran; "


@pytest.fixture
def work(tmp_path: Path) -> Path:
    """A work folder with a template and what its steps do."""
    (tmp_path / "cases").mkdir()
    (tmp_path / "cases" / "smoke.conf").write_text(CASES)
    (tmp_path / "steps").mkdir()
    (tmp_path / "steps" / "define").write_text(SCRIPT + 'test "$disk" != qcow2 || exit 77')
    (tmp_path / "steps" / "start").write_text(SCRIPT + "echo no KVM; exit 1")
    return tmp_path


def given(**more: Any) -> dict[str, Any]:
    return {"cases": ["cases/*.conf"], "program": PROGRAM, "values": {"guest": "f41"}, **more}


def ran(work: Path) -> list[str]:
    return (work / "ran").read_text().splitlines()


async def test_every_step_is_a_test_under_a_name_that_stays(step: RunStep, work: Path) -> None:
    done = await step("libvirt-test-api", given())
    assert done.outcomes() == {
        "cases/smoke:domain:define[disk=raw]": "passed",
        "cases/smoke:domain:define[disk=qcow2]": "skipped",
        "cases/smoke:domain:start": "failed",
        "cases/smoke:domain:define": "passed",
    }, done.log
    assert ran(work) == [
        "steps/define f41 raw", "steps/define f41 qcow2", "steps/start f41", "steps/define other"
    ]  # fmt: skip
    failed = next(case for case in done.cases if case.outcome == "failed")
    assert (failed.classname, failed.name) == ("cases.smoke.domain", "start")
    assert (failed.stdout, failed.message) == ("no KVM", "FAIL")
    assert done.failed == "1 of 4 tests are bad"


@pytest.mark.parametrize(
    ("choice", "left"),
    [
        ({"only": ["define[[]disk"]}, []),
        ({"only": ["disk=raw"]}, ["define f41 raw"]),
        ({"no": ["define"]}, ["start f41"]),
        ({"tests": ["cases/smoke:domain:define"]}, ["define other"]),
        ({"slice": "2/2"}, ["define f41 qcow2", "define other"]),
        ({"only": ["start"], "before": True}, ["define f41 raw", "define f41 qcow2", "start f41"]),
    ],
)
async def test_chosen_steps_run_alone_or_after_what_stands_before_them(
    step: RunStep, work: Path, choice: dict[str, Any], left: list[str]
) -> None:
    done = await step("libvirt-test-api", given(**choice))
    if not left:
        assert done.failed == "no test is left to run"
        return
    assert ran(work) == [f"steps/{line}" for line in left]
    told = 1 if choice.get("before") else len(left)
    assert len(done.outcomes()) == told


async def test_values_count_where_their_condition_is_true(step: RunStep, work: Path) -> None:
    overrides = [
        {"when": "arch == 's390x'", "values": {"guest": "zguest"}},
        {"when": "arch == 'x86_64'", "values": {"guest": "never"}},
    ]
    more = {"overrides": overrides, "only": ["disk=raw"]}
    await step("libvirt-test-api", given(**more), parameters={"arch": "s390x"})
    assert ran(work) == ["steps/define zguest raw"]


async def test_a_step_that_hangs_is_killed_and_those_behind_it_go_on(
    step: RunStep, work: Path
) -> None:
    (work / "steps" / "start").write_text("sleep 300 & echo $! > pid; wait")
    done = await step("libvirt-test-api", given(timeout_seconds=1))
    assert list(done.outcomes().values()) == ["passed", "skipped", "errored", "passed"]
    late = next(case for case in done.cases if case.outcome == "errored")
    assert late.message == "not done after 1 s, killed"
    assert not Path(f"/proc/{(work / 'pid').read_text().strip()}").exists()


async def test_a_program_that_dies_keeps_what_was_over_and_is_started_again(
    step: RunStep, work: Path
) -> None:
    (work / "steps" / "start").write_text("kill -9 $PPID; sleep 5")
    done = await step("libvirt-test-api", given())
    assert list(done.outcomes().values()) == ["passed", "skipped", "errored", "passed"]
    assert next(case for case in done.cases if case.outcome == "errored").message == (
        "killed by SIGKILL"
    )


async def test_a_bad_step_is_tried_again_with_what_it_needs(step: RunStep, work: Path) -> None:
    (work / "steps" / "start").write_text(SCRIPT + "test -e been || { touch been; exit 1; }")
    done = await step("libvirt-test-api", given(reruns=2, before=True))
    tries = [(one.outcome, one.attempt) for one in done.cases if one.name == "start"]
    assert tries == [("failed", 1), ("passed", 2)]
    assert ran(work)[4:] == ["steps/define f41 raw", "steps/define f41 qcow2", "steps/start f41"]
    assert done.failed == ""


async def test_a_log_of_its_own_is_read(step: RunStep, work: Path) -> None:
    program = f"sh -c 'exec \"$@\" > own.log' - {PROGRAM}"
    (work / "own.log").write_text("-- domain:start --\n    Result: OK\n")
    done = await step("libvirt-test-api", given(program=program, log="own.log"))
    assert list(done.outcomes().values()) == ["passed", "skipped", "failed", "passed"]


@pytest.mark.parametrize(
    ("more", "message"),
    [
        ({"cases": ["none/*.conf"]}, "there is no file none/*.conf"),
        ({"cases": ["../*.conf"]}, "leads out of the work folder"),
        ({"values": {}}, "cases/smoke.conf: line 4: nothing says what guest is"),
        ({"overrides": [{"when": "arch ==", "values": {}}]}, "when: "),
        ({"step_ends": "("}, "step_ends: no regular expression"),
        (
            {"program": "no-such-program"},
            "no-such-program is not installed where the job's commands run",
        ),
    ],
)
async def test_what_cannot_be_is_said(
    step: RunStep, work: Path, more: dict[str, Any], message: str
) -> None:
    assert message in (await step("libvirt-test-api", given(**more))).failed


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("    guestname\n", "line 1: a step such as domain:start comes first"),
        ("a:b\n   three\n", "line 2: options are indented by four"),
        ("a:b\n        value\n", "line 2: options are indented by four"),
        ("a:b\n" + ("    o\n" + "        v\n" * 101) * 2, f"at most {MOST_STEPS}"),
    ],
)
def test_a_case_file_that_is_none_is_named_by_line(text: str, message: str) -> None:
    with pytest.raises(ValueError, match=message):
        read_steps(text)
