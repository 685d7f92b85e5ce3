"""Every runner over the same suite with its real program, once: what came of it is looked at."""

import os
from pathlib import Path

import pytest

from tests.agent.runners.conftest import Done, run_step
from tests.agent.runners.samples import SAMPLES, Sample


class Ran:
    """A sample that was run."""

    def __init__(self, sample: Sample, work: Path, done: Done) -> None:
        self.sample = sample
        self.work = work
        self.done = done

    def messages(self, name: str) -> list[str]:
        """Of every try of a test."""
        test = self.sample.test.format(name)
        return [case.message for case in self.done.cases if case.test == test]


@pytest.fixture(scope="module", params=list(SAMPLES))
async def ran(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Ran:
    sample = SAMPLES[request.param]
    work = tmp_path_factory.mktemp(sample.runner)
    sample.write(work)
    given = {**sample.options, "no": ["unwanted"], "timeout_seconds": sample.limit,
             "reruns": sample.reruns}  # fmt: skip
    return Ran(sample, work, await run_step(work, work / "out", sample.runner, given))


def test_each_outcome_is_told_also_of_what_comes_after_a_crash(ran: Ran) -> None:
    found = ran.done.outcomes()
    expected = ran.sample.expected()
    assert {name: found.get(name) for name in expected} == expected, ran.done.log
    assert ran.done.failed == f"{len(ran.done.bad())} of {len(found)} tests are bad"


def test_a_test_that_hangs_is_killed_with_what_it_started(ran: Ran) -> None:
    assert set(ran.messages("hangs")) == {f"not done after {ran.sample.limit:g} s, killed"}, (
        ran.done.log
    )
    with pytest.raises(ProcessLookupError):
        os.kill(int((ran.work / "hung.pid").read_text()), 0)


def test_what_is_not_chosen_does_not_run_and_no_name_is_a_command(ran: Ran) -> None:
    assert not list(ran.work.rglob("unwanted.*")) + list(ran.work.rglob("pwned"))
    assert "unwanted" not in "".join(ran.done.outcomes())
    assert not [path for path in ran.work.rglob("unwanted") if not path.stat().st_size]


def test_every_try_is_reported(ran: Ran) -> None:
    tries = ran.sample.reruns + 1
    assert len(ran.messages("bad")) == tries
    assert len(ran.messages("good")) == 1
    if tries > 1:
        flaky = ran.sample.test.format("flaky")
        outcomes = [case.outcome for case in ran.done.cases if case.test == flaky]
        assert outcomes == [outcomes[0], "passed"] and outcomes[0] in ("failed", "errored")


def test_junit_can_be_read_whatever_tests_print_and_names_them_as_before(ran: Ran) -> None:
    suite = ran.done.junit
    found = ran.done.outcomes()
    assert suite.get("tests") == str(len(found)) == str(len(list(suite)))
    bad = [case for case in suite if {"failure", "error"} & {child.tag for child in case}]
    assert len(bad) == len(ran.done.bad())
    last = {case.test: case for case in ran.done.cases}
    named = {(case.get("classname"), case.get("name")) for case in suite}
    assert named == {(case.classname, case.name) for case in last.values()}


def test_progress_ends_with_all_that_ran(ran: Ran) -> None:
    end = ran.done.progress[-1]
    assert end.total == len(ran.done.outcomes())
    assert end.passed + end.failed + end.errored + end.skipped == end.total
