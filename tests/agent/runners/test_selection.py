"""Which tests a step runs, the same for every runner: here with one command per test."""

from pathlib import Path
from typing import Any

import pytest

from tests.agent.runners.conftest import RunStep

NAMES = ("net.start", "net.stop", "disk.attach", "disk.detach")
EACH = 'test "$RINGTEST_TEST" != net.stop -a "$RINGTEST_TEST" != disk.detach'


def options(**more: Any) -> dict[str, Any]:
    return {"listing": f"printf '%s\\n' {' '.join(NAMES)}", "each": EACH, **more}


@pytest.mark.parametrize(
    ("given", "names"),
    [
        ({}, NAMES),
        ({"only": ["disk"]}, ("disk.attach", "disk.detach")),
        ({"only": ["*.st*"], "no": ["stop"]}, ("net.start",)),
        ({"slice": "1/2"}, ("net.start", "disk.attach")),
        ({"slice": "2/2", "only": ["net"]}, ("net.stop",)),
        ({"tests": ["disk.detach", "net.start"]}, ("disk.detach", "net.start")),
        ({"list": "some.txt"}, ("disk.attach", "net.stop")),
        ({"list": "some.txt", "tests": ["net.start"]}, ("net.start", "disk.attach", "net.stop")),
        ({"sets": {"smoke": ["*start", "attach"], "all": ["*"]}, "set": "smoke"},
         ("net.start", "disk.attach")),
    ],
)  # fmt: skip
async def test_what_is_chosen_runs_in_its_order(
    step: RunStep, tmp_path: Path, given: dict[str, Any], names: tuple[str, ...]
) -> None:
    (tmp_path / "some.txt").write_text("# a few\ndisk.attach\n\nnet.stop # flaky\n")
    done = await step("command", options(**given))
    assert tuple(case.test for case in done.cases) == names


@pytest.mark.parametrize(
    ("given", "message"),
    [
        ({"tests": ["net.gone"]}, "there is no test net.gone among the 4 there are"),
        ({"list": "gone.txt"}, "list: gone.txt cannot be read"),
        ({"list": "empty.txt"}, "list: empty.txt names no test"),
        ({"set": "smoke"}, "there is no set smoke in sets; there are none"),
        ({"slice": "3/2"}, "slice 3/2: parts are counted from 1 to 2"),
        ({"only": ["nothing of this"]}, "no test is left to run"),
        ({"rerun": "gone"}, "rerun: gone cannot be read"),
        ({"rerun": "old"}, "rerun: old has no results of an earlier run"),
        ({"slice": "half"}, "Expected `str` matching regex"),
    ],
)
async def test_a_choice_that_cannot_be_made_fails_the_step(
    step: RunStep, tmp_path: Path, given: dict[str, Any], message: str
) -> None:
    (tmp_path / "empty.txt").write_text("# nothing\n")
    (tmp_path / "old").mkdir()
    assert message in (await step("command", options(**given))).failed


async def test_a_rerun_takes_what_was_bad_from_a_folder_or_a_junit_file(step: RunStep) -> None:
    first = await step("command", options(), out="first")
    assert first.bad() == ["net.stop", "disk.detach"]
    for place in ("first", "first/junit/suite.xml"):
        again = await step("command", options(rerun=place, no=["detach"]), out="again")
        assert list(again.outcomes()) == ["net.stop"]


async def test_a_rerun_of_what_was_all_good_has_nothing_to_do(step: RunStep) -> None:
    await step("command", options(only=["start"]), out="first")
    again = await step("command", options(rerun="first"), out="again")
    assert again.failed == "no test is left to run"


async def test_slices_together_are_everything_once(step: RunStep) -> None:
    parts = [await step("command", options(slice=f"{n}/3"), out=f"{n}") for n in (1, 2, 3)]
    ran = [case.test for done in parts for case in done.cases]
    assert sorted(ran) == sorted(NAMES)
