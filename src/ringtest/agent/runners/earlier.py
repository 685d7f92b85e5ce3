"""What was bad in an earlier run: from its folder, or from a JUnit file of a job."""

from collections.abc import Iterator, Sequence
from pathlib import Path
from xml.etree import ElementTree

from ringtest.agent.control import StageFailed
from ringtest.agent.inside import ANYWHERE, LeadsOut, require_inside
from ringtest.agent.runners.junit import read_junit
from ringtest.agent.runners.report import known_cases
from ringtest.agent.runners.runner import BAD, Case, Runner


def bad_before(
    place: Path, names: Sequence[str], runner: Runner, folders: Sequence[Path] = ANYWHERE
) -> set[str]:
    """Tests whose latest try was bad; StageFailed when there are no results at all.

    A JUnit file has class and name of a test: they lead to those of `names` with the same. What is
    in none of `folders` is not looked at.
    """
    try:
        require_inside(place, folders)
    except LeadsOut as error:
        raise StageFailed(f"rerun: {error}") from None
    bad: dict[str, bool] = {}
    steps = sorted(one.parent for one in place.glob("**/cases.jsonl")) if place.is_dir() else []
    for folder in steps:
        for case in known_cases(folder, folders):
            bad[case.test] = case.outcome in BAD
    if not steps:
        by_identity = {runner.identity(name): name for name in names}
        found = False
        for case in _junit_cases(place, folders):
            found = True
            test = by_identity.get((case.classname, case.name))
            if test is not None:
                bad[test] = case.outcome in BAD
        if not found:
            raise StageFailed(f"rerun: {place.name} has no results of an earlier run")
    return {test for test, is_bad in bad.items() if is_bad}


def _junit_cases(place: Path, folders: Sequence[Path]) -> Iterator[Case]:
    files = sorted(place.glob("**/*.xml")) if place.is_dir() else [place]
    for file in files:
        try:
            yield from read_junit(file, folders)
        except (OSError, ElementTree.ParseError) as error:
            raise StageFailed(f"rerun: {file.name} cannot be read: {error}") from None
