"""The blacklist: seven kinds, conditions, and failures that are forgiven."""

from pathlib import Path

import pytest

from ringtest.agent.runners.blacklist import KINDS, read_blacklist
from tests.agent.runners.conftest import RunStep

STEP = {
    "listing": "printf '%s\\n' one two three four",
    "each": "touch ran-$RINGTEST_TEST; test $RINGTEST_TEST = one || { echo timed out; exit 1; }",
    "blacklist": "black.yaml",
}


async def test_a_test_on_the_list_is_skipped_with_its_reason(step: RunStep, tmp_path: Path) -> None:
    (tmp_path / "black.yaml").write_text(
        "- bug-not-fixed: [{test: [two, three], bug: 12345}]\n"
        "- when: arch == 'arm'\n  need-env: [{test: one, env: a board}]\n"
        "- when: arch == 'x86_64'\n  not-supported: [{test: four, feature: numa}]\n"
    )
    done = await step("command", STEP, parameters={"arch": "x86_64"})
    assert done.failed == ""
    assert {case.test: case.message for case in done.cases} == {
        "one": "",
        "two": "[BLACKLISTED] bug-not-fixed: 12345",
        "three": "[BLACKLISTED] bug-not-fixed: 12345",
        "four": "[BLACKLISTED] not-supported: numa",
    }
    assert [path.name for path in tmp_path.glob("ran-*")] == ["ran-one"]


async def test_a_failure_that_is_known_is_ignored_and_another_is_not(
    step: RunStep, tmp_path: Path
) -> None:
    (tmp_path / "black.yaml").write_text(
        "- bug-wont-fix:\n"
        "  - {test: two, bug: 7, skip-test: false, fail-regex: 'timed +out'}\n"
        "  - {test: three, bug: 8, skip-test: false, fail-regex: 'segfault'}\n"
        "  hazardous-case: [{test: four, reason: it formats disks}]\n"
    )
    done = await step("command", {**STEP, "reruns": 1})
    assert done.outcomes() == {
        "one": "passed", "two": "skipped", "three": "failed", "four": "skipped"
    }  # fmt: skip
    ignored = next(case for case in done.cases if case.test == "two")
    assert ignored.message == "Test failure ignored: bug-wont-fix: 7: exit code 1"
    assert [case.test for case in done.cases].count("two") == 1  # not tried again
    assert (tmp_path / "ran-two").exists()


async def test_when_everything_is_on_the_list_the_step_passes(
    step: RunStep, tmp_path: Path
) -> None:
    (tmp_path / "black.yaml").write_text("- not-in-plan: [{test: '*', reason: next release}]\n")
    done = await step("command", STEP)
    assert (done.failed, set(done.outcomes().values())) == ("", {"skipped"})


@pytest.mark.parametrize("kind", list(KINDS))
def test_each_kind_needs_to_say_more(kind: str) -> None:
    more = KINDS[kind]
    right = read_blacklist(f"- {kind}: [{{test: a, {more}: this}}]", "b.yaml", {})
    assert right.skips("a") == f"[BLACKLISTED] {kind}: this"
    with pytest.raises(ValueError, match=f"an entry of {kind} needs test and {more}"):
        read_blacklist(f"- {kind}: [{{test: a}}]", "b.yaml", {})


@pytest.mark.parametrize(
    ("text", "fault"),
    [
        (
            "- bug: [{test: a}]",
            "b.yaml:1:3: there is no bug; there are description, when,",
        ),
        ("- need-env: [{test: a, env: x, bug: 1}]", "b.yaml:1:32: there is no bug"),
        ("- need-env: [{test: a, env: x, fail-regex: '('}]", "no regular expression"),
        ("- need-env: [{test: a, env: x, skip-test: false}]", "needs a fail-regex"),
        ("- need-env: [{test: a, env: x, skip-test: true, fail-regex: b}]", "cannot fail"),
        ("- when: a\n- when: a", "b.yaml:2:9: scenario 1 has the same when"),
        ("- when: a +", "b.yaml:1:9: when:"),
        ("- need-env: {test: a}", "need-env is a list of tests"),
        ("a: b", "a blacklist is a list of scenarios"),
        ("- a", "a scenario is a mapping"),
        ("- [", "no YAML"),
    ],
)
def test_faults_are_told_at_their_places(text: str, fault: str) -> None:
    with pytest.raises(ValueError) as told:
        read_blacklist(text, "b.yaml", {"a": 1})
    assert fault in str(told.value)


async def test_a_blacklist_that_is_wrong_fails_the_step_before_a_test_runs(
    step: RunStep, tmp_path: Path
) -> None:
    (tmp_path / "black.yaml").write_text("- need-env: [{test: a}]\n")
    done = await step("command", STEP)
    assert done.failed.startswith("blacklist: black.yaml:1:14: an entry of need-env needs")
    assert not list(tmp_path.glob("ran-*"))
