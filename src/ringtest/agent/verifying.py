"""Looks over what an agent has on its disk: are the journals whole, are the files as collected?"""

from collections.abc import Iterator
from pathlib import Path

import msgspec

from ringtest.agent.attempt import Attempt, read_attempts
from ringtest.agent.chain import Walk, whole_lines
from ringtest.agent.settings import SettingsError
from ringtest.client.files import LocalFile

IMPORTED = "imported"
"""Folder of a data folder that has the attempts which came by bundle."""


class Finding(msgspec.Struct, frozen=True):
    """What was found of one attempt. `digest` is that of its last record; `state` is how it
    ended for the agent, `unreported` or, without an outcome, `open`."""

    attempt: str
    state: str
    records: int
    digest: str
    problems: list[str]


def verify(folder: Path) -> list[Finding]:
    """Every attempt of a data folder, or the one whose folder it is. SettingsError for neither."""
    one = Attempt.load(folder)
    if one:
        return [look_over(one)]
    if not (folder / "jobs").is_dir() and not (folder / IMPORTED).is_dir():
        raise SettingsError(f"{folder} is neither an agent's data folder nor that of an attempt")
    return [
        look_over(attempt)
        for jobs in (folder / "jobs", folder / IMPORTED)
        for attempt in read_attempts(jobs)
    ]


def look_over(attempt: Attempt) -> Finding:
    """One attempt; reads its journal and its files as a whole."""
    walk, problem = read_journal(attempt)
    outcome = attempt.outcome
    reported = attempt.done
    changed = [] if reported else list(_changed(attempt))
    return Finding(
        attempt=attempt.origin,
        state=reported or ("unreported" if outcome else "open"),
        records=walk.last_seq,
        digest=walk.digest,
        problems=[problem, *changed] if problem else changed,
    )


def read_journal(attempt: Attempt) -> tuple[Walk, str]:
    """The walk along the journal of an attempt, and what is wrong: a torn end is not."""
    walk, end = Walk(attempt.origin), 0
    try:
        with attempt.journal.open("rb") as file:
            for line in file:
                if walk.fits(line) is None:
                    break
                end += len(line)
            file.seek(end)
            behind = whole_lines(file)
    except OSError as error:
        return walk, f"the journal cannot be read: {error.strerror}"
    if not behind:
        return walk, ""
    return walk, f"journal: the record after {walk.last_seq} {walk.problem}"


def _changed(attempt: Attempt) -> Iterator[str]:
    outcome = attempt.outcome
    for file in outcome.files if outcome else ():
        try:
            now = LocalFile.measure(attempt.source(file.name))
        except OSError as error:
            yield f"{file.name} cannot be read: {error.strerror}"
            continue
        if now.sha256 != file.sha256:
            yield f"{file.name} is not as it was collected"
