"""Progress and outcome are two things: a job's status, and what came of it.

DCI mixes them in one `status`; `dci_status` derives that at the API's edge and
`from_dci_status` reads it back.
"""

from enum import StrEnum


class JobStatus(StrEnum):
    """How far a job is."""

    QUEUED = "queued"
    RUNNING = "running"
    FINISHED = "finished"


class JobResult(StrEnum):
    """What came of a finished job, mildest first."""

    PASSED = "passed"
    FAILED = "failed"  # the product or its tests
    ERRORED = "errored"  # the environment, before the product could be judged
    CANCELLED = "cancelled"


class Stage(StrEnum):
    """The parts of a job, in order."""

    PROVISION = "provision"
    PREPARE = "prepare"
    TEST = "test"
    COLLECT = "collect"
    TEARDOWN = "teardown"


class StageStatus(StrEnum):
    """How a stage stands."""

    RUNNING = "running"
    PASSED = "passed"
    FAILED = "failed"
    ERRORED = "errored"
    SKIPPED = "skipped"


_RUNNING_AS = {
    Stage.PROVISION: "pre-run",
    Stage.PREPARE: "pre-run",
    Stage.TEST: "running",
    Stage.COLLECT: "post-run",
    Stage.TEARDOWN: "post-run",
}
_MEANT_BY = {"pre-run": Stage.PREPARE, "running": Stage.TEST, "post-run": Stage.COLLECT}
_FINISHED_AS = {
    JobResult.PASSED: "success",
    JobResult.FAILED: "failure",
    JobResult.ERRORED: "error",
    JobResult.CANCELLED: "killed",
}
_FROM_DCI: dict[str, tuple[JobStatus, Stage | None, JobResult | None]] = {
    "new": (JobStatus.QUEUED, None, None),
    **{word: (JobStatus.RUNNING, stage, None) for word, stage in _MEANT_BY.items()},
    **{word: (JobStatus.FINISHED, None, result) for result, word in _FINISHED_AS.items()},
}

DCI_STATUSES = tuple(_FROM_DCI)
"""Every status of the wire format, in the order of a job's life."""


def dci_status(status: JobStatus, stage: Stage | None, result: JobResult | None) -> str:
    """The wire format's mixed status.

    >>> dci_status(JobStatus.RUNNING, Stage.COLLECT, None)
    'post-run'
    >>> dci_status(JobStatus.FINISHED, None, JobResult.ERRORED)
    'error'
    """
    if status is JobStatus.FINISHED:
        return _FINISHED_AS[result or JobResult.PASSED]
    return _RUNNING_AS[stage or Stage.PREPARE] if status is JobStatus.RUNNING else "new"


def from_dci_status(word: str) -> tuple[JobStatus, Stage | None, JobResult | None]:
    """Status, stage and result for a wire status; KeyError for an unknown word.

    >>> from_dci_status("running")
    (<JobStatus.RUNNING: 'running'>, <Stage.TEST: 'test'>, None)
    """
    return _FROM_DCI[word]


class TestOutcome(StrEnum):
    """What came of one test case. The value is the byte kept in a packed vector."""

    __test__ = False  # not a test class, whatever pytest thinks of its name

    PASSED = "p"
    FAILED = "f"
    ERRORED = "e"
    SKIPPED = "s"
    XFAILED = "x"
    XPASSED = "X"
    BLOCKED = "b"
    INFO = "i"

    @property
    def is_bad(self) -> bool:
        """Counts against the product: needs a failure row."""
        return self in (TestOutcome.FAILED, TestOutcome.ERRORED)


class CaseState(StrEnum):
    """A case against the previous comparable run; the value is the packed byte."""

    NONE = "-"
    UNCHANGED = "u"
    REGRESSED = "r"
    RECOVERED = "c"
    ADDED = "a"
    REMOVED = "d"
