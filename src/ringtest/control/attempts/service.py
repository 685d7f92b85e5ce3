"""Verbs of attempts: claim, report, cancel, retry, and the rescue of what was lost."""

import asyncio
from collections.abc import Mapping, Sequence
from contextvars import Context
from dataclasses import asdict, dataclass, replace
from datetime import datetime, timedelta
from uuid import UUID

import msgspec

from ringtest.control.accounts.model import Caller, permit
from ringtest.control.attempts import model, store
from ringtest.control.attempts.model import (
    Attempt,
    Move,
    Order,
    Outcome,
    ReportedRun,
    Standing,
    Step,
)
from ringtest.control.db.pool import Database, Transaction
from ringtest.control.jobs import service as jobs
from ringtest.control.jobs.model import Client, Definition, Job, ScheduleJob
from ringtest.control.kernel.errors import Conflict, Unauthorised
from ringtest.control.kernel.events import EventType
from ringtest.control.kernel.ids import new_secret
from ringtest.control.kernel.outcome import JobResult, JobStatus, Stage, StageStatus
from ringtest.control.kernel.settings import Settings
from ringtest.control.kernel.tenant import SYSTEM
from ringtest.control.lab_labels import service as lab_labels
from ringtest.control.lab_labels.model import Matching
from ringtest.control.labs import service as labs

_ORDERS = 200
"""Jobs told to a lab at once; the next ones follow when these have gone."""
_TELLING = timedelta(days=7)
"""How long telling of a run may take."""


# agents -----------------------------------------------------------------------


async def claim_job(
    tx: Transaction, *, caller: Caller, job_id: UUID, agent: str, settings: Settings
) -> str:
    """An agent of the job's lab takes it: the JSON of everything it needs to run it.

    409 when it is not queued, its topic was taken from the lab's team, or the agent's machine
    lacks a label that it needs; the same agent
    asking again gets the same answer, because the first one may have been lost on its way.
    """
    job = await _lock_for_agent(tx, caller, job_id)
    current = await store.select_attempt(tx, job_id, job.attempt)
    step = model.claim(
        job, current, agent=agent, token=new_secret(), lease_seconds=settings.lease_seconds,
        now=tx.now,
    )  # fmt: skip
    attempt = step.attempt
    assert attempt is not None
    if attempt is not current:
        if wishes := await lab_labels.wishes_of_job(tx, job_id=job_id):
            await lab_labels.require_agent(tx, lab_id=job.remoteci_id, agent=agent, wishes=wishes)
        await store.insert_attempt(tx, attempt, job.team_id)
        await jobs.save_job(tx, before=job, after=step.job, events=step.events)
    return await _claim_text(tx, caller, job, attempt, settings)


async def report_run(
    tx: Transaction, *, caller: Caller, body: ReportedRun, client: Client, settings: Settings
) -> str:
    """A lab tells of a run that it made by itself: a job of its own that is running, as if it
    had been claimed when the run began. The answer is that of a claim; what happened follows
    as records. A job that is not told to its end is not run again by anybody."""
    permit(caller.kind == "remoteci")
    began = model.run_began(body.started_at, tx.now)
    wanted = ScheduleJob(
        topic_id=body.topic_id, components_ids=body.components_ids, name=body.name,
        comment=body.comment, tags=body.tags,
    )  # fmt: skip
    definition = Definition(
        name=body.name,
        spec=body.definition,
        max_attempts=1,
        more_seconds=int((tx.now - began + _TELLING).total_seconds()),
    )
    job_id = await jobs.add_leased_job(
        tx, caller=caller, remoteci_id=caller.id, body=wanted, definition=definition, client=client
    )
    job = await _lock_for_agent(tx, caller, job_id)
    step = model.claim(
        job, None, agent=body.agent, token=new_secret(), lease_seconds=settings.lease_seconds,
        now=tx.now,
    )  # fmt: skip
    assert step.attempt is not None
    attempt = replace(step.attempt, claimed_at=began)
    await store.insert_attempt(tx, attempt, job.team_id)
    await jobs.save_job(
        tx, before=job, after=replace(step.job, started_at=began), events=step.events
    )
    return await _claim_text(tx, caller, step.job, attempt, settings)


async def _claim_text(
    tx: Transaction, caller: Caller, job: Job, attempt: Attempt, settings: Settings
) -> str:
    """The JSON of everything that an agent needs to run a job."""
    work = await store.select_work(tx, job.id)
    if work is None:
        raise Conflict("the lab's team may no longer see what this job runs: cancel the job")
    text, _ = await jobs.get_job(tx, caller=caller, job_id=job.id)
    return (
        f'{{"job":{text},"attempt":{attempt.number},"lease_token":"{attempt.lease_token}",'
        f'"lease_seconds":{settings.lease_seconds},'
        f'"heartbeat_seconds":{settings.heartbeat_seconds},'
        f'"timeout_seconds":{job.timeout_seconds},"log_text":true,"definition":{work["spec"]},'
        f'"parameters":{work["parameters"]},"components":{work["components"]}}}'
    )


@dataclass(frozen=True, slots=True)
class Held:
    """A job and one of its attempts, held for an agent's report."""

    job: Job
    attempt: Attempt
    standing: Standing


@dataclass(frozen=True, slots=True)
class Reported:
    """What an agent learns from its report."""

    applied_seq: int
    cancel: bool
    fenced: bool
    lease_expires_at: datetime


async def hold_attempt(tx: Transaction, *, caller: Caller, job_id: UUID, token: str) -> Held:
    """The attempt that a lease token names, with its job; 401 for an unknown token."""
    job = await _lock_for_agent(tx, caller, job_id)
    attempt = await store.select_by_token(tx, job_id, token)
    if attempt is None:
        raise Unauthorised("the lease is unknown")
    return Held(job, attempt, model.standing(job, attempt))


async def report(
    tx: Transaction, *, held: Held, applied_seq: int, moves: Sequence[Move], settings: Settings
) -> Reported:
    """Apply what an agent tells; hearing it renews its lease.

    An attempt that lost its job changes nothing of the job any more. One that was lost
    and whose job nobody took meanwhile is back.
    """
    step = Step(held.job, held.attempt)
    if held.standing is Standing.REVIVABLE:
        name = await store.select_running_stage(tx, held.attempt)
        step = model.revive(held.job, held.attempt, stage=Stage(name) if name else None)
    step, stages, progress = _fold(step, moves, tx.now)
    job, attempt = step.job, step.attempt
    assert attempt is not None
    if model.standing(job, attempt) is Standing.OWNS:
        attempt = model.renew(attempt, lease_seconds=settings.lease_seconds, now=tx.now)
    attempt = replace(attempt, applied_seq=applied_seq)
    await store.save_attempt(tx, attempt)
    if stages:
        rows = model.stage_rows(stages, attempt, tx.now)
        await store.save_stages(tx, attempt, job.team_id, rows)
        for move in stages:
            await _tell_stage(tx, job, move)
    if attempt.outcome in (Outcome.FINISHED, Outcome.RELEASED) and held.attempt.outcome is None:
        await _close_stages(tx, job, attempt)
    await jobs.save_job(tx, before=held.job, after=job, events=step.events)
    if progress:
        await jobs.save_progress(tx, job_id=job.id, progress=asdict(progress))
    now_standing = model.standing(job, attempt)
    return Reported(
        applied_seq=applied_seq,
        cancel=now_standing is Standing.OWNS and job.cancel_requested_at is not None,
        fenced=now_standing is Standing.FENCED,
        lease_expires_at=attempt.lease_expires_at,
    )


def _fold(
    step: Step, moves: Sequence[Move], now: datetime
) -> tuple[Step, list[model.StageMove], model.Progress | None]:
    """Apply moves in order until the attempt ends or if it does not own its job at all."""
    stages: list[model.StageMove] = []
    progress = None
    for move in moves:
        job, attempt = step.job, step.attempt
        assert attempt is not None
        if model.standing(job, attempt) is not Standing.OWNS:
            break
        match move:
            case model.StageMove():
                stages.append(move)
                if move.status is StageStatus.RUNNING:
                    step = replace(step, job=model.begin_stage(job, move.stage))
            case model.Progress():
                progress = move
            case model.Finish(result, reason):
                reason = model.cut(reason, model.MESSAGE_LIMIT)
                ended = model.finish(job, attempt, result=result, reason=reason, now=now)
                step = replace(ended, events=(*step.events, *ended.events))
            case model.Release(reason):
                ended = model.release(job, attempt, reason=reason, now=now)
                step = replace(ended, events=(*step.events, *ended.events))
    return step, stages, progress


async def _close_stages(tx: Transaction, job: Job, attempt: Attempt) -> None:
    passed = job.result is JobResult.PASSED
    status = StageStatus.PASSED if passed else StageStatus.ERRORED
    await store.close_stages(tx, attempt, status, job.reason)


async def _tell_stage(tx: Transaction, job: Job, move: model.StageMove) -> None:
    await tx.add_event(
        EventType.JOB_STAGE_CHANGED,
        team_id=job.team_id,
        topic_id=job.topic_id,
        job_id=str(job.id),
        stage=move.stage.value,
        status=move.status.value,
    )


class Queues:
    """Looks at the queues of labs for the streams of their agents. One per database: looks that
    are asked for while one is under way become one, however many labs they are of."""

    def __init__(self) -> None:
        self._versions: dict[UUID, str | None] = {}
        self._next: asyncio.Future[dict[UUID, list[Order]]] | None = None
        self._looking: asyncio.Task[None] | None = None

    async def look(self, db: Database, *, caller: Caller, agent_version: str | None) -> list[Order]:
        """What the agents of the calling lab should know now, and note that the lab is there."""
        permit(caller.kind == "remoteci")
        self._versions[caller.id] = agent_version
        if self._next is None:
            self._next = asyncio.get_running_loop().create_future()
        if self._looking is None:
            # in a context of its own: it is no part of the request that happens to begin it
            self._looking = asyncio.create_task(self._look(db), context=Context())
        found = await asyncio.shield(self._next)
        return found.get(caller.id, [])

    async def _look(self, db: Database) -> None:
        while self._next is not None:
            answer, versions = self._next, self._versions
            self._next, self._versions = None, {}
            try:
                found = await _list_orders(db, versions)
            except Exception as error:
                answer.set_exception(error)
                answer.exception()  # heard, also when every stream has gone meanwhile
            else:
                answer.set_result(found)
        self._looking = None


async def _list_orders(
    db: Database, versions: Mapping[UUID, str | None]
) -> dict[UUID, list[Order]]:
    found: dict[UUID, list[Order]] = {}
    async with db.transaction(SYSTEM) as tx:
        await labs.touch_remotecis(tx, versions=versions)
        for remoteci_id, order in await store.select_orders(tx, list(versions), limit=_ORDERS):
            found.setdefault(remoteci_id, []).append(order)
    return found


async def _lock_for_agent(tx: Transaction, caller: Caller, job_id: UUID) -> Job:
    permit(caller.kind == "remoteci")
    job = await jobs.lock_job(tx, caller=caller, job_id=job_id)
    permit(job.remoteci_id == caller.id)
    return job


# people -----------------------------------------------------------------------


async def cancel_job(tx: Transaction, *, caller: Caller, job_id: UUID) -> str:
    """Stop a job: at once if nobody runs it, else its agent is asked. The job's JSON."""
    job = await jobs.lock_job(tx, caller=caller, job_id=job_id)
    step = model.cancel(job, reason=f"cancelled by {caller.name}", now=tx.now)
    await jobs.save_job(tx, before=job, after=step.job, events=step.events)
    return (await jobs.get_job(tx, caller=caller, job_id=job_id))[0]


async def retry_job(tx: Transaction, *, caller: Caller, job_id: UUID) -> str:
    """Queue a finished job again. The job's JSON."""
    job = await jobs.lock_job(tx, caller=caller, job_id=job_id)
    step = model.retry(job)
    await jobs.save_job(tx, before=job, after=step.job, events=step.events)
    return (await jobs.get_job(tx, caller=caller, job_id=job_id))[0]


async def list_stages(tx: Transaction, *, caller: Caller, job_id: UUID) -> tuple[str, int]:
    """Stages of every attempt: JSON array, count."""
    await jobs.require_job(tx, caller=caller, job_id=job_id)
    return await store.select_stages(tx, job_id)


async def match_job(tx: Transaction, *, caller: Caller, job_id: UUID) -> Matching:
    """What a job needs of its lab's machines, and which of them have it."""
    text, _ = await jobs.get_job(tx, caller=caller, job_id=job_id)
    job = msgspec.json.decode(text)
    return await lab_labels.match_job(
        tx, job_id=job_id, topic_id=UUID(job["topic_id"]), lab_id=UUID(job["remoteci_id"])
    )


async def list_attempts(tx: Transaction, *, caller: Caller, job_id: UUID) -> tuple[str, int]:
    """Attempts, never their tokens: JSON array, count."""
    await jobs.require_job(tx, caller=caller, job_id=job_id)
    return await store.select_attempts(tx, job_id)


@dataclass(frozen=True, slots=True)
class FailedStage:
    """What a broken stage says of itself."""

    name: str
    message: str | None
    evidence: str | None


async def failed_stage(tx: Transaction, *, job_id: UUID) -> FailedStage | None:
    """The first broken stage of the job's last attempt, for those who look for causes."""
    row = await store.select_failed_stage(tx, job_id)
    return FailedStage(row["name"], row["message"], row["evidence"]) if row else None


# the clock --------------------------------------------------------------------


async def list_expired(tx: Transaction, *, limit: int) -> list[UUID]:
    """Jobs whose agents fell silent."""
    return await store.select_expired(tx, limit=limit)


async def list_overdue(tx: Transaction, *, settings: Settings, limit: int) -> list[UUID]:
    """Jobs that run longer than they may."""
    lease = timedelta(seconds=settings.lease_seconds)
    return await store.select_overdue(tx, asked_before=tx.now - lease, limit=limit)


async def rescue_lost(tx: Transaction, *, job_id: UUID) -> bool:
    """Take a job from an agent whose lease ran out; False when it was heard meanwhile."""
    job = await jobs.lock_job(tx, caller=None, job_id=job_id)
    attempt = await store.select_attempt(tx, job_id, job.attempt)
    step = model.lose(job, attempt, now=tx.now) if attempt else None
    return await _save(tx, job, step)


async def expire_job(tx: Transaction, *, job_id: UUID, settings: Settings) -> bool:
    """Ask a job past its time to stop, or end it; False when there is nothing to do."""
    job = await jobs.lock_job(tx, caller=None, job_id=job_id)
    attempt = await store.select_attempt(tx, job_id, job.attempt)
    lease = settings.lease_seconds
    step = model.time_out(job, attempt, lease_seconds=lease, now=tx.now) if attempt else None
    return await _save(tx, job, step)


async def _save(tx: Transaction, job: Job, step: Step | None) -> bool:
    if step is None or step.attempt is None:
        return False
    await store.save_attempt(tx, step.attempt)
    if step.job.status is JobStatus.FINISHED:
        await _close_stages(tx, step.job, step.attempt)
    await jobs.save_job(tx, before=job, after=step.job, events=step.events)
    return True
