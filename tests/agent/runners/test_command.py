"""Any command as a runner: the files that it leaves, and what it does not leave."""

import os
import sys
from pathlib import Path

import pytest

from tests.agent.runners.conftest import RunStep

JUNIT = (
    "<testsuites><testsuite><testcase classname='a.B' name='ok' time='1.5'/>"
    "<testcase classname='a.B' name='bad'><failure message='no'>why</failure></testcase>"
    "<testcase classname='a.B' name='off'><skipped/></testcase>"
    "<testcase classname='a.B' name='ok'><error>torn</error></testcase>"
    "</testsuite></testsuites>"
)
TAP = """TAP version 14
1..6
ok 1 - one
not ok 2 - two
# expected 1
ok 3 - three # SKIP no board
not ok 4 - four # TODO later
# Subtest: five
    ok 1 - inner
    not ok 2 - outer
    1..2
not ok 5 - five
"""
KTAP = """KTAP version 1
1..1
  KTAP version 1
  1..2
  ok 1 kunit_one
  not ok 2 kunit_two
not ok 1 suite
"""


async def test_cases_of_junit_files_are_told(step: RunStep, tmp_path: Path) -> None:
    (tmp_path / "made.xml").write_text(JUNIT)
    given = {"run": "mkdir -p out; cp made.xml out/junit.xml; exit 1", "results": ["out/*.xml"]}
    done = await step("command", given)
    assert done.outcomes() == {
        "a.B.ok": "passed", "a.B.bad": "failed", "a.B.off": "skipped", "a.B.ok#2": "errored"
    }  # fmt: skip
    bad = next(case for case in done.cases if case.name == "bad")
    assert (bad.classname, bad.message, bad.detail) == ("a.B", "no", "why")
    assert done.failed == "2 of 4 tests are bad"


@pytest.mark.parametrize(
    ("text", "outcomes"),
    [
        (TAP, {"one": "passed", "two": "failed", "three": "skipped", "four": "xfailed",
               "five.inner": "passed", "five.outer": "failed", "point 6": "errored"}),
        (KTAP, {"suite.kunit_one": "passed", "suite.kunit_two": "failed"}),
        ("1..2\nok 1 a\nBail out! no disk\n",
         {"a": "passed", "bail out": "errored", "point 2": "errored"}),
        ("noise\n\x1b[31mok 1 - not a point\nok 1 - \u2603\n", {"\u2603": "passed"}),
    ],
)  # fmt: skip
async def test_points_of_tap_and_ktap_are_told_from_what_is_printed(
    step: RunStep, tmp_path: Path, text: str, outcomes: dict[str, str]
) -> None:
    (tmp_path / "made.tap").write_text(text)
    done = await step("command", {"run": "cat made.tap", "format": "tap"})
    assert done.outcomes() == outcomes


async def test_subunit_is_read_by_the_interpreter_that_has_it(
    step: RunStep, tmp_path: Path
) -> None:
    (tmp_path / "test_it.py").write_text(
        "import unittest\nclass Case(unittest.TestCase):\n"
        "    def test_ok(self): pass\n    def test_bad(self): self.fail('bad text')\n"
    )
    run = f"{sys.executable} -m subunit.run test_it > it.subunit"
    done = await step("command", {"run": run, "results": ["*.subunit"], "format": "subunit"})
    assert done.outcomes() == {"test_it.Case.test_ok": "passed", "test_it.Case.test_bad": "failed"}
    assert "bad text" in done.cases[-1].message + done.cases[0].message


async def test_files_of_an_earlier_run_do_not_count(step: RunStep, tmp_path: Path) -> None:
    (tmp_path / "old.xml").write_text(JUNIT)
    done = await step("command", {"run": "true", "results": ["*.xml"]})
    assert (done.failed, done.cases) == ("no test was told of", [])


@pytest.mark.parametrize("text", ["<testsuite><testcase name='a'/>", "", "{}", "<a>&big;</a>"])
async def test_a_file_that_cannot_be_read_is_bad(step: RunStep, text: str) -> None:
    done = await step("command", {"run": f'echo "{text}" > it.xml', "results": ["*.xml"]})
    assert done.outcomes() == {"it.xml": "errored"}


async def test_a_command_that_fails_without_a_bad_case_is_bad(
    step: RunStep, tmp_path: Path
) -> None:
    (tmp_path / "good.txt").write_text("<testsuite><testcase name='a'/></testsuite>")
    given = {"run": "cp good.txt it.xml; kill -9 $$", "results": ["*.xml"]}
    done = await step("command", given)
    assert done.outcomes() == {"a": "passed", "the whole command": "errored"}
    assert done.cases[-1].message == "killed by SIGKILL"


async def test_a_command_that_takes_too_long_keeps_what_it_left(
    step: RunStep, tmp_path: Path
) -> None:
    (tmp_path / "good.txt").write_text("<testsuite><testcase name='a'/></testsuite>")
    given = {"run": "cp good.txt it.xml; sleep 300", "results": ["*.xml"], "timeout_seconds": 1}
    done = await step("command", given)
    assert done.outcomes() == {"a": "passed", "the whole command": "errored"}


async def test_what_was_chosen_and_left_no_result_is_errored(step: RunStep) -> None:
    given = {
        "listing": "printf '%s\\n' a b c",
        "run": "grep -v b $RINGTEST_CHOSEN | sed 's/^/ok - /'",
        "format": "tap",
        "no": ["c"],
    }
    done = await step("command", given)
    assert done.outcomes() == {"a": "passed", "b": "errored"}


async def test_a_second_attempt_without_names_counts_for_the_bad_ones_only(
    step: RunStep, tmp_path: Path
) -> None:
    given = {"run": "echo ok 1 - a; test -e f && echo ok 2 - b || echo not ok 2 - b; touch f",
             "format": "tap", "reruns": 3}  # fmt: skip
    done = await step("command", given)
    assert [(one.test, one.outcome, one.attempt) for one in done.cases] == [
        ("a", "passed", 1), ("b", "failed", 1), ("b", "passed", 2)
    ]  # fmt: skip
    assert done.failed == ""


STEPS = {
    "format": "steps",
    "step_begins": r"^-+ (?P<name>\w+:\w+) -+$",
    "step_ends": r"^ *Result: (?P<result>\w+)",
}


async def test_steps_of_a_log_are_tests_and_one_that_hangs_is_killed(
    step: RunStep, tmp_path: Path
) -> None:
    lines = [
        "--- domain:define ---", "15:01 INFO defined", "    Result: OK",
        "--- domain:start ---", "no KVM", "    Result: FAIL",
        "--- domain:define ---", "    Result: SKIP", "    Result: OK",
        "--- domain:start ---", "    Result: PANIC", "--- domain:hang ---",
    ]  # fmt: skip
    (tmp_path / "steps.log").write_text("\n".join(lines) + "\n")
    run = "cat steps.log; sleep 300 & echo $! > pid; wait"
    done = await step("command", {"run": run, **STEPS, "timeout_seconds": 1})
    assert done.outcomes() == {
        "domain:define": "passed", "domain:start": "failed", "domain:define#2": "skipped",
        "domain:start#2": "errored", "domain:hang": "errored",
    }  # fmt: skip
    found = {case.test: case for case in done.cases}
    assert found["domain:start"].stdout == "no KVM"
    assert (found["domain:start"].classname, found["domain:start"].name) == ("domain", "start")
    assert found["domain:hang"].message == "not done after 1 s, killed"
    with pytest.raises(ProcessLookupError):
        os.kill(int((tmp_path / "pid").read_text()), 0)


async def test_a_step_without_an_end_is_errored(step: RunStep) -> None:
    done = await step("command", {"run": "echo '- a:b -'; exit 3", **STEPS})
    assert [(case.test, case.message) for case in done.cases] == [
        ("a:b", "it has no end: exit code 3")
    ]


@pytest.mark.parametrize(
    ("given", "message"),
    [
        ({"run": "true", "format": "steps"}, "step_ends: a group name is missing"),
        ({"run": "true", **STEPS, "step_ends": "("}, "step_ends: no regular expression"),
        ({}, "either run, for all tests, or each, for one"),
        ({"run": "a", "each": "b"}, "either run, for all tests, or each, for one"),
        ({"each": "b"}, "each needs listing"),
        ({"run": "a", "only": ["b"]}, "command cannot tell which tests there are"),
        ({"run": "a", "results": ["../*.xml"]}, "leads out of the work folder"),
        ({"listing": "exit 3", "each": "b"}, "the tests cannot be listed, exit code 3"),
    ],
)
async def test_options_that_mean_nothing_are_named(
    step: RunStep, given: dict[str, object], message: str
) -> None:
    assert message in (await step("command", given)).failed


async def test_text_without_end_is_kept_in_part(step: RunStep) -> None:
    given = {"listing": "echo a", "each": "head -c 3000000 /dev/zero | tr '\\0' x; echo end"}
    done = await step("command", given)
    assert done.cases[0].stdout.endswith("xend\n") and len(done.cases[0].stdout) < 300_000
