"""What may happen to a job in an agent's hands, as pure functions.

Each takes the job, its current attempt and the present, and returns how both stand after
it and what to tell: `Step`. Errors are for the caller; nothing was changed then.
"""

from collections.abc import Iterable
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from enum import StrEnum
from typing import Any, Literal
from uuid import UUID

from msgspec import Struct

from ringtest.control.jobs.model import Job
from ringtest.control.kernel.errors import BadRequest, Conflict
from ringtest.control.kernel.events import EventType
from ringtest.control.kernel.outcome import JobResult, JobStatus, Stage, StageStatus
from ringtest.control.kernel.texts import Name, Note, Tags

MESSAGE_LIMIT = 4 * 1024
"""Characters of a message or reason that are kept."""
EVIDENCE_LIMIT = 64 * 1024


class Outcome(StrEnum):
    """How an attempt ended."""

    FINISHED = "finished"
    LOST = "lost"
    RELEASED = "released"


class Standing(StrEnum):
    """What an attempt is to its job."""

    OWNS = "owns"
    REVIVABLE = "revivable"  # was lost, and nobody has taken the job since
    ENDED = "ended"  # by its agent's own word
    FENCED = "fenced"  # the job went on without it


@dataclass(frozen=True, slots=True)
class Attempt:
    """One try of a job. `lost_before` is how many tries before it were lost."""

    job_id: UUID
    number: int
    agent: str
    lease_token: str
    lease_expires_at: datetime
    claimed_at: datetime
    ended_at: datetime | None = None
    outcome: Outcome | None = None
    applied_seq: int = 0
    lost_before: int = 0


@dataclass(frozen=True, slots=True)
class Step:
    """How a job and its attempt stand after something happened, and the events of it."""

    job: Job
    attempt: Attempt | None
    events: tuple[EventType, ...] = ()


def claim(
    job: Job, current: Attempt | None, *, agent: str, token: str, lease_seconds: int, now: datetime
) -> Step:
    """An agent takes a queued job. The agent that has it gets the same answer again."""
    if not job.leased:
        raise Conflict("this job has no definition: whoever created it runs it", phase=job.status)
    if job.status is JobStatus.RUNNING and current and current.agent == agent:
        return Step(job, current)
    if job.status is not JobStatus.QUEUED:
        raise Conflict(f"the job is {job.status.value}, not queued", phase=job.status.value)
    lost = (current.lost_before + (current.outcome is Outcome.LOST)) if current else 0
    attempt = Attempt(
        job_id=job.id,
        number=job.attempt + 1,
        agent=agent,
        lease_token=token,
        lease_expires_at=now + timedelta(seconds=lease_seconds),
        claimed_at=now,
        lost_before=lost,
    )
    taken = replace(
        job,
        status=JobStatus.RUNNING,
        stage=None,
        result=None,
        reason=None,
        attempt=attempt.number,
        cancel_requested_at=None,
        started_at=now,
        finished_at=None,
    )
    return Step(taken, attempt, (EventType.JOB_CLAIMED,))


def standing(job: Job, attempt: Attempt) -> Standing:
    """Whether what an attempt says still counts."""
    if attempt.outcome in (Outcome.FINISHED, Outcome.RELEASED):
        return Standing.ENDED
    if attempt.number == job.attempt and job.status is not JobStatus.FINISHED:
        if attempt.outcome is None and job.status is JobStatus.RUNNING:
            return Standing.OWNS
        # a job that a person queued again has not started: its old attempts are history
        waits = job.status is JobStatus.QUEUED and job.started_at is not None
        if attempt.outcome is Outcome.LOST and waits:
            return Standing.REVIVABLE
    return Standing.FENCED


def revive(job: Job, attempt: Attempt, *, stage: Stage | None) -> Step:
    """The agent thought lost is back before anyone took its job: it goes on where it was."""
    assert standing(job, attempt) is Standing.REVIVABLE
    return Step(
        replace(job, status=JobStatus.RUNNING, stage=stage),
        replace(attempt, outcome=None, ended_at=None),
        (EventType.JOB_CLAIMED,),
    )


def renew(attempt: Attempt, *, lease_seconds: int, now: datetime) -> Attempt:
    """The agent was heard."""
    return replace(attempt, lease_expires_at=now + timedelta(seconds=lease_seconds))


def begin_stage(job: Job, stage: Stage) -> Job:
    """The job is in `stage` now."""
    return replace(job, stage=stage)


def finish(
    job: Job, attempt: Attempt, *, result: JobResult, reason: str | None, now: datetime
) -> Step:
    """The agent says the job is over.

    A job that was stopped for its timeout is an error of its lab or its product, not
    somebody's wish: it must not vanish among the cancelled ones.
    """
    assert standing(job, attempt) is Standing.OWNS
    if result is JobResult.CANCELLED and _asked_for_timeout(job, attempt):
        result, reason = JobResult.ERRORED, _timed_out(job)
    if result is JobResult.CANCELLED and reason is None:
        reason = job.reason
    return Step(
        _ended(job, result, cut(reason, MESSAGE_LIMIT), now),
        replace(attempt, outcome=Outcome.FINISHED, ended_at=now),
        (EventType.JOB_FINISHED,),
    )


def release(job: Job, attempt: Attempt, *, reason: str, now: datetime) -> Step:
    """The agent gives the job back: another attempt, if any is left."""
    assert standing(job, attempt) is Standing.OWNS
    ended = replace(attempt, outcome=Outcome.RELEASED, ended_at=now)
    return _give_up(job, attempt, ended, f"given back: {cut(reason, MESSAGE_LIMIT)}", now)


def lose(job: Job, attempt: Attempt, *, now: datetime) -> Step | None:
    """The lease ran out: the job goes back to its queue, or ends. None: it did not run out."""
    if standing(job, attempt) is not Standing.OWNS or attempt.lease_expires_at > now:
        return None
    ended = replace(attempt, outcome=Outcome.LOST, ended_at=now)
    lost = attempt.lost_before + 1
    step = _give_up(job, attempt, ended, f"lost {lost} time{'s' if lost > 1 else ''}", now)
    return replace(step, events=(EventType.JOB_LOST, *step.events))


def cancel(job: Job, *, reason: str, now: datetime) -> Step:
    """A person wants the job stopped: at once while nobody runs it, else its agent is asked.

    A job run by a DCI client has no agent of ours that could confirm.
    """
    if job.status is JobStatus.FINISHED:
        raise Conflict("the job is finished", phase=job.status.value)
    if job.status is JobStatus.QUEUED or not job.leased:
        return Step(_ended(job, JobResult.CANCELLED, reason, now), None, (EventType.JOB_FINISHED,))
    if job.cancel_requested_at is not None:
        return Step(job, None)
    asked = replace(job, cancel_requested_at=now, reason=reason)
    return Step(asked, None, (EventType.JOB_CANCEL_REQUESTED,))


def retry(job: Job) -> Step:
    """A finished job is queued again, with as many attempts as its definition grants."""
    if not job.leased:
        raise Conflict("this job has no definition: only its creator can run it again")
    if job.status is not JobStatus.FINISHED:
        raise Conflict(f"the job is {job.status.value}, not finished", phase=job.status.value)
    queued = replace(
        job,
        status=JobStatus.QUEUED,
        stage=None,
        result=None,
        reason=None,
        max_attempts=job.attempt + job.budget,
        cancel_requested_at=None,
        started_at=None,
        finished_at=None,
    )
    return Step(queued, None, (EventType.JOB_RETRIED,))


def time_out(job: Job, attempt: Attempt, *, lease_seconds: int, now: datetime) -> Step | None:
    """Past its time the agent is asked to stop; a lease later the job ends without it.

    None: nothing to do. A request of a person counts as the asking, but the agent always
    has a whole lease after the deadline to say how far it came. One that is silent is not asked:
    it may have been in time, and be back to say so; its lease ends as that of others.
    """
    deadline = attempt.claimed_at + timedelta(seconds=job.timeout_seconds)
    if standing(job, attempt) is not Standing.OWNS or now < deadline:
        return None
    if attempt.lease_expires_at <= now:
        return None
    if job.cancel_requested_at is None:
        asked = replace(job, cancel_requested_at=now, reason=_timed_out(job))
        return Step(asked, attempt, (EventType.JOB_CANCEL_REQUESTED,))
    if now < max(deadline, job.cancel_requested_at) + timedelta(seconds=lease_seconds):
        return None
    reason = f"{_timed_out(job)}, and its agent did not stop"
    return Step(
        _ended(job, JobResult.ERRORED, reason, now),
        replace(attempt, outcome=Outcome.LOST, ended_at=now),
        (EventType.JOB_LOST, EventType.JOB_FINISHED),
    )


def _give_up(job: Job, attempt: Attempt, ended: Attempt, reason: str, now: datetime) -> Step:
    if job.cancel_requested_at is not None:
        timed_out = _asked_for_timeout(job, attempt)
        result = JobResult.ERRORED if timed_out else JobResult.CANCELLED
        return Step(_ended(job, result, job.reason, now), ended, (EventType.JOB_FINISHED,))
    if job.attempt >= job.max_attempts:
        errored = _ended(job, JobResult.ERRORED, reason, now)
        return Step(errored, ended, (EventType.JOB_FINISHED,))
    queued = replace(job, status=JobStatus.QUEUED, stage=None)
    return Step(queued, ended, (EventType.JOB_RETRIED,))


def _ended(job: Job, result: JobResult, reason: str | None, now: datetime) -> Job:
    return replace(
        job,
        status=JobStatus.FINISHED,
        stage=None,
        result=result,
        reason=reason,
        finished_at=now,
    )


def _asked_for_timeout(job: Job, attempt: Attempt) -> bool:
    """Whether the stop was asked for after the job's time was up, by whomever."""
    deadline = attempt.claimed_at + timedelta(seconds=job.timeout_seconds)
    return job.cancel_requested_at is not None and job.cancel_requested_at >= deadline


def _timed_out(job: Job) -> str:
    return f"timed out after {job.timeout_seconds} s"


# what an agent reports ----------------------------------------------------------


@dataclass(frozen=True, slots=True)
class StageMove:
    """A stage began or ended. `first_line` is where its log starts, told when it begins."""

    stage: Stage
    status: StageStatus
    at: datetime | None = None
    exit_code: int | None = None
    message: str | None = None
    evidence: str | None = None
    first_line: int | None = None


@dataclass(frozen=True, slots=True)
class Progress:
    """Counts of test cases so far; `total` 0 means not known."""

    total: int
    passed: int
    failed: int
    errored: int
    skipped: int


@dataclass(frozen=True, slots=True)
class Finish:
    """The agent's last word."""

    result: JobResult
    reason: str | None = None


@dataclass(frozen=True, slots=True)
class Release:
    """The agent gives the job back."""

    reason: str


Move = StageMove | Progress | Finish | Release


def moment(at: datetime | None, attempt: Attempt, now: datetime) -> datetime:
    """The agent's clock, held between the claim and the present: it may be wrong, but a
    journal sent after an outage must keep its durations.

    >>> claimed, now = datetime(2026, 1, 1, 12), datetime(2026, 1, 1, 13)
    >>> attempt = Attempt(UUID(int=1), 1, "a", "t", now, claimed)
    >>> moment(datetime(2026, 1, 1, 12, 30, tzinfo=UTC), attempt, now).minute
    30
    >>> moment(datetime(1999, 1, 1), attempt, now) == claimed
    True
    """
    if at is None:
        return now
    try:
        plain = at.astimezone(UTC).replace(tzinfo=None) if at.tzinfo else at
    except OverflowError:  # the first or the last day that there is
        plain = at.replace(tzinfo=None)
    return min(max(plain, attempt.claimed_at), now)


def cut(text: str | None, limit: int) -> str | None:
    """Text as it is kept: a mark says that it was longer, and a sign stands for NUL, which
    the database cannot hold. What a program printed must not make its job impossible to end.

    >>> cut("abcdef", 3), cut("a\\0b", 3)
    ('abc […]', 'a␀b')
    """
    if text is None:
        return None
    shown = text[:limit].replace("\0", "␀")
    return f"{shown} […]" if len(text) > limit else shown


@dataclass(frozen=True, slots=True)
class StageRow:
    """A stage as it is kept."""

    name: Stage
    status: StageStatus
    started_at: datetime
    ended_at: datetime | None = None
    message: str | None = None
    evidence: str | None = None
    exit_code: int | None = None
    first_line: int | None = None


def stage_rows(moves: Iterable[StageMove], attempt: Attempt, now: datetime) -> list[StageRow]:
    """One row per stage, in order, out of all that was told of it at once."""
    rows: dict[Stage, StageRow] = {}
    for move in moves:
        at = moment(move.at, attempt, now)
        known = rows.get(move.stage)
        rows[move.stage] = StageRow(
            name=move.stage,
            status=move.status,
            started_at=known.started_at if known else at,
            ended_at=None if move.status is StageStatus.RUNNING else at,
            message=cut(move.message, MESSAGE_LIMIT),
            evidence=cut(move.evidence, EVIDENCE_LIMIT),
            exit_code=move.exit_code,
            first_line=known.first_line if known else move.first_line,
        )
    return list(rows.values())


class ClaimBody(Struct):
    """Body of `POST /jobs/:id/claim`: which of the lab's agents asks."""

    agent: Name


class ReportedRun(Struct, kw_only=True):
    """Body of `POST /jobs/reported`: a run that a lab made by itself, before it is told."""

    topic_id: UUID
    definition: dict[str, Any]
    agent: Name
    name: Name
    started_at: datetime
    components_ids: list[UUID] = []
    comment: Note | None = None
    tags: Tags | None = None


OLDEST_RUN = timedelta(days=365)
"""A run that began longer ago is not taken."""


def run_began(at: datetime, now: datetime) -> datetime:
    """When a reported run began, naive UTC; its clock may be somewhat wrong.

    >>> run_began(datetime(2026, 1, 2, tzinfo=UTC), datetime(2026, 1, 1)).day
    1
    >>> run_began(datetime(2024, 1, 1), datetime(2026, 1, 1))
    Traceback (most recent call last):
    ringtest.control.kernel.errors.BadRequest: started_at: more than 365 days ago
    """
    try:
        plain = at.astimezone(UTC).replace(tzinfo=None) if at.tzinfo else at
    except OverflowError:
        plain = at.replace(tzinfo=None)
    if now - plain > OLDEST_RUN:
        raise BadRequest(f"started_at: more than {OLDEST_RUN.days} days ago")
    return min(plain, now)


@dataclass(frozen=True, slots=True)
class Order:
    """What an agent's stream tells: a job to take, or to stop. `key` changes when it must be
    told again."""

    kind: Literal["assignment", "cancel"]
    job_id: UUID
    key: str


class Watch:
    """Lets a rescuer judge leases only after it has itself been up for a whole lease.

    Agents cannot renew while the server or its database is down, and must not lose their
    jobs for it. A gap in the rescuer's own looks is such an outage, too.

    >>> watch, start = Watch(lease_seconds=60), datetime(2026, 1, 1)
    >>> [watch.may_judge(start + timedelta(seconds=s)) for s in (0, 30, 60, 90, 3600, 3630, 3660)]
    [False, False, True, True, False, False, True]
    """

    def __init__(self, *, lease_seconds: int) -> None:
        self._lease = timedelta(seconds=lease_seconds)
        self._since: datetime | None = None
        self._last: datetime | None = None

    def may_judge(self, now: datetime) -> bool:
        """Whether a lease that has run out by `now` is its agent's fault."""
        if self._since is None or self._last is None or now - self._last > self._lease:
            self._since = now
        self._last = now
        return now - self._since >= self._lease

    def interrupted(self) -> None:
        """A look failed: the database was away."""
        self._since = None
