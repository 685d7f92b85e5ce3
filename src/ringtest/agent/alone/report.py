"""What came of a run, from the files that it left: also of one that died in the middle."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import msgspec
from msgspec import Struct

from ringtest import __version__
from ringtest.agent.attempt import Attempt
from ringtest.agent.journal import Journal
from ringtest.agent.runners.report import known_cases
from ringtest.agent.runners.runner import BAD, Case
from ringtest.agent.thinning import printed

_READ_BYTES = 1024 * 1024


class StageEnd(Struct, frozen=True, omit_defaults=True):
    """A stage as it ended, or as it stood when the run died."""

    name: str
    status: str
    at: str
    message: str | None = None
    exit_code: int | None = None


class Suite(Struct, frozen=True):
    """A step with a runner: the latest try of each test counts."""

    name: str
    counts: dict[str, int]
    bad: list[Case]
    again: list[Case]
    """Tests that went wrong and then did not."""


class Run(Struct, frozen=True):
    """`report.json`."""

    id: str
    name: str
    result: str
    reason: str | None
    started_at: str | None
    finished_at: str | None
    stages: list[StageEnd]
    suites: list[Suite]
    parameters: dict[str, Any]
    agent: str = __version__
    notes: list[str] = []
    """What whoever began the run wants to be read with it."""


def describe(folder: Path) -> Run:
    """The report of a run's folder; ValueError when it is none."""
    attempt = Attempt.load(folder)
    if attempt is None:
        raise ValueError(f"{folder} is not the folder of a run")
    outcome, definition = attempt.outcome, attempt.claim.definition
    stages: dict[str, StageEnd] = {}
    first = last = None
    for record in _records(attempt.journal):
        first, last = first or record["at"], record["at"]
        if record["kind"] == "stage":
            stages[record["stage"]] = StageEnd(
                record["stage"], record["status"], record["at"],
                record.get("message"), record.get("exit_code"),
            )  # fmt: skip
    return Run(
        id=attempt.claim.job_id,
        name=str(attempt.claim.job.get("name") or folder.name),
        result=outcome.result if outcome else "errored",
        reason=outcome.reason if outcome else "the run died before its end",
        started_at=first,
        finished_at=last,
        stages=list(stages.values()),
        suites=[_suite(path.parent) for path in sorted(attempt.steps.glob("*/cases.jsonl"))],
        parameters=definition.parameters if definition else {},
        notes=_notes(folder / "notes.json"),
    )


def _notes(path: Path) -> list[str]:
    """What steps of the run left there for its readers: a list of texts."""
    try:
        return msgspec.json.decode(path.read_bytes(), type=list[str])
    except (OSError, msgspec.MsgspecError):
        return []


def read_log(folder: Path) -> Iterator[bytes]:
    """What the commands of a run printed, piece by piece."""
    for record in _records(folder / "journal.jsonl"):
        if record["kind"] == "log":
            yield printed(record)


def _records(path: Path) -> Iterator[dict[str, Any]]:
    journal, seq = Journal(path), 0
    try:
        while lines := journal.read(seq + 1, most=_READ_BYTES):
            for line in lines:
                record = msgspec.json.decode(line)
                seq = record["seq"]
                yield record
    finally:
        journal.close()


def _suite(scratch: Path) -> Suite:
    last = {case.test: case for case in known_cases(scratch)}
    counts: dict[str, int] = {}
    for case in last.values():
        counts[case.outcome] = counts.get(case.outcome, 0) + 1
    return Suite(
        name=scratch.name,
        counts=counts,
        bad=[case for case in last.values() if case.outcome in BAD],
        again=[case for case in last.values() if case.attempt > 1 and case.outcome not in BAD],
    )
