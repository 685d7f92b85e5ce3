"""A group's history: whom it hits, since which version, and only from rows one may see."""

from uuid import UUID

import pytest

from ringtest.control.db.pool import Database
from ringtest.control.signatures.model import Failure
from ringtest.control.triage.model import MOST_LABS, Group, Lab, Run, judge
from tests.control.triage.ring import Ring, open_ring

BOOM = Failure("test", "ValueError: the ring is open", "class test", test_id=7)
OTHER = Failure("test", "TypeError: rings have no end", "class other", test_id=8)
BROKEN = Failure("stage", "ImportError: no module named ring", "prepare", stage="prepare")


@pytest.fixture
async def ring(db: Database) -> Ring:
    """Three labs, nothing run yet."""
    made = await open_ring(db)
    for name in ("a", "b", "c"):
        await made.add_lab(name)
    return made


def names(group: Group) -> tuple[str, str, list[str], list[str]]:
    """Scope, words, who is hit, who ran."""
    v = group.verdict
    return v.scope, v.text, [lab.name for lab in v.labs_hit], [lab.name for lab in v.labs_run]


async def the_group(ring: Ring, lab: str | None = None) -> Group:
    """The only group there is."""
    (group,) = await ring.groups(lab)
    return group


async def test_a_failure_in_every_lab_hits_everyone(ring: Ring) -> None:
    for lab in "abc":
        await ring.run(lab, "build 1", "lib 1", fails=(BOOM,))
    group = await the_group(ring)
    assert names(group) == ("everyone", "everyone", ["a", "b", "c"], ["a", "b", "c"])
    assert (group.occurrences, group.cases, group.tests_count) == (3, 3, 1)
    assert [test.name for test in group.tests] == ["test 7"]


async def test_a_failure_in_one_of_several_labs_names_it(ring: Ring) -> None:
    await ring.run("a", "build 1", "lib 1")
    await ring.run("b", "build 1", "lib 1", fails=(BOOM,))
    assert names(await the_group(ring)) == ("one_lab", "only b", ["b"], ["b", "a"])


async def test_some_labs_are_counted(ring: Ring) -> None:
    await ring.run("a", "build 1", "lib 1")
    for lab in "bc":
        await ring.run(lab, "build 1", "lib 1", fails=(BOOM,))
    assert names(await the_group(ring))[:2] == ("some_labs", "2 of 3 labs")


async def test_one_lab_alone_proves_nothing_about_the_others(ring: Ring) -> None:
    await ring.run("a", "build 1", "lib 1", fails=(BOOM,))
    await ring.run("b", "build 1", "lib 1", status="running")
    await ring.run("c", "build 2", "lib 1")
    assert names(await the_group(ring)) == ("only_run", "only one lab has run it", ["a"], ["a"])


async def test_a_lab_whose_environment_broke_did_not_judge_the_tests(ring: Ring) -> None:
    await ring.run("a", "build 1", "lib 1", fails=(BOOM,))
    await ring.run("b", "build 1", "lib 1", fails=(BROKEN,), result="errored")
    await ring.run("c", "build 1", "lib 1", result="cancelled")
    groups = {group.kind: group for group in await ring.groups()}
    assert names(groups["test"])[0] == "only_run"
    assert names(groups["stage"]) == ("one_lab", "only b", ["b"], ["b", "a"])


async def test_jobs_of_another_definition_say_nothing(ring: Ring) -> None:
    other = await ring.add_definition("smoke")
    await ring.run("a", "build 1", "lib 1", fails=(BOOM,))
    await ring.run("b", "build 1", "lib 1", definition=other)
    assert names(await the_group(ring))[0] == "only_run"


async def test_the_newest_set_decides_and_a_rerun_of_an_old_one_does_not(ring: Ring) -> None:
    await ring.run("a", "build 1", "lib 1", fails=(BOOM,))
    await ring.run("a", "build 2", "lib 1", fails=(BOOM,))
    await ring.run("b", "build 2", "lib 1", fails=(BOOM,))
    await ring.run("c", "build 1", "lib 1", fails=(BOOM,))
    group = await the_group(ring)
    assert names(group) == ("everyone", "everyone", ["a", "b"], ["a", "b"])
    assert group.in_latest_set


async def test_since_and_last_good_name_the_version_that_came_between(ring: Ring) -> None:
    good = await ring.run("a", "build 1", "lib 1")
    await ring.run("a", "build 1", "lib 2")
    bad = await ring.run("a", "build 2", "lib 2", fails=(BOOM,))
    group = await the_group(ring)
    assert group.first_seen.job_id == bad
    assert [c.display_name for c in group.first_seen.components] == ["build 2", "lib 2"]
    assert group.last_good is not None
    assert group.last_good.job_id != good
    assert [c.display_name for c in group.last_good.components] == ["build 1", "lib 2"]
    (change,) = group.difference
    assert change.before is not None and change.after is not None
    assert (change.type, change.before.version, change.after.version) == ("build", "1", "2")
    assert not group.known_since_first_run


async def test_a_set_in_which_it_occurs_is_not_good_whoever_passed_it(ring: Ring) -> None:
    await ring.run("a", "build 0", "lib 1")
    await ring.run("a", "build 1", "lib 1")
    await ring.run("a", "build 2", "lib 1", fails=(BOOM,))
    await ring.run("b", "build 1", "lib 1", fails=(BOOM,))
    group = await the_group(ring)
    assert group.last_good is not None
    assert [c.display_name for c in group.last_good.components] == ["build 0", "lib 1"]


async def test_a_lab_it_never_hit_cannot_say_what_was_good(ring: Ring) -> None:
    await ring.run("b", "build 1", "lib 1")
    await ring.run("a", "build 2", "lib 1", fails=(BOOM,))
    group = await the_group(ring)
    assert group.last_good is None and group.difference == []
    assert group.known_since_first_run


async def test_a_failure_of_the_first_run_is_known_since_then(ring: Ring) -> None:
    await ring.run("a", "build 1", "lib 1", fails=(BROKEN,), result="errored")
    await ring.run("a", "build 2", "lib 1", fails=(BOOM,))
    groups = {group.kind: group for group in await ring.groups()}
    assert groups["stage"].known_since_first_run
    assert groups["test"].known_since_first_run


async def test_a_failure_that_the_newest_set_lacks_is_gone(ring: Ring) -> None:
    await ring.run("a", "build 1", "lib 1", fails=(BOOM,))
    await ring.run("a", "build 2", "lib 1")
    assert not (await the_group(ring)).in_latest_set


async def test_last_seen_comes_first(ring: Ring) -> None:
    await ring.run("a", "build 1", "lib 1", fails=(BOOM,))
    await ring.run("a", "build 2", "lib 1", fails=(OTHER,))
    assert [group.exception_type for group in await ring.groups()] == ["TypeError", "ValueError"]


async def test_each_team_reads_a_history_of_its_own_rows_alone(ring: Ring) -> None:
    await ring.run("a", "build 1", "lib 1", fails=(BOOM,))
    await ring.run("b", "build 1", "lib 1")
    mine = await ring.run("b", "build 2", "lib 1", fails=(BOOM,))
    assert names(await the_group(ring)) == ("only_run", "only one lab has run it", ["b"], ["b"])
    group = await the_group(ring, "b")
    assert group.first_seen.job_id == mine and group.occurrences == 1
    assert group.last_good is not None
    assert await ring.groups("c") == []


def test_of_many_labs_a_verdict_counts_all_and_names_some() -> None:
    runs = [Run(UUID(int=n), f"lab {n}", ("failed",), n % 2 == 0) for n in range(300)]
    verdict = judge("test", runs)
    assert (verdict.hit, verdict.run, verdict.text) == (150, 300, "150 of 300 labs")
    assert len(verdict.labs_hit) == len(verdict.labs_run) == MOST_LABS
    assert set(verdict.labs_run) <= {Lab(run.id, run.name) for run in runs if run.hit}
