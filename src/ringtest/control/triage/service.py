"""Verbs of triage: group the failures of a finished job, and tell a group's history."""

import asyncio
from datetime import datetime
from uuid import UUID

import msgspec

from ringtest.control.attempts import service as attempts
from ringtest.control.db.pool import Transaction
from ringtest.control.kernel.errors import BadRequest, NotFound
from ringtest.control.kernel.events import EventType
from ringtest.control.kernel.ids import new_id
from ringtest.control.kernel.paging import ListQuery
from ringtest.control.results import service as results
from ringtest.control.signatures import model as signatures
from ringtest.control.signatures.model import Failure
from ringtest.control.triage import model, store
from ringtest.control.triage.model import Group

_BROKEN = ("failed", "errored")


async def group_job(tx: Transaction, *, job_id: UUID) -> list[UUID]:
    """Make the job's occurrences what its failures are now; ids of its groups.

    Doing it again changes nothing, and after a retry the new try's failures replace the
    old one's. A job that runs again, or is gone, is left alone.
    """
    job = await store.select_job(tx, job_id)
    if job is None:
        return []
    return await record_failures(tx, job=job, failures=await _failures(tx, job))


async def record_failures(
    tx: Transaction, *, job: store.Job, failures: list[Failure]
) -> list[UUID]:
    """Group `failures` as all that the job has. Each group is told once.

    `new` in the event says that the group is new to the job's team: what another team
    has seen is not for this one to know.
    """
    found = await asyncio.to_thread(signatures.group_failures, failures)
    signed = [group.signature for group in found]
    ids = await store.upsert_groups(
        tx,
        job.topic_id,
        signatures.ALGORITHM,
        [(new_id(), s.key, s.kind, s.exception_type, s.template) for s in signed],
    )
    group_ids = [ids[signature.key] for signature in signed]
    known = await store.select_known_groups(tx, group_ids, team_id=job.team_id, job_id=job.id)
    await store.replace_occurrences(
        tx,
        job,
        [
            (group_id, group.stage, sorted(group.test_ids), group.cases, group.sample)
            for group_id, group in zip(group_ids, found, strict=True)
        ],
    )
    for group_id in group_ids:
        await tx.add_event(
            EventType.FAILURE_GROUPED,
            team_id=job.team_id,
            topic_id=job.topic_id,
            group_id=str(group_id),
            job_id=str(job.id),
            new=group_id not in known,
        )
    return group_ids


async def _failures(tx: Transaction, job: store.Job) -> list[Failure]:
    """The job's failed tests; and its broken stage, unless failed tests explain it."""
    tests = [
        Failure(
            kind="test",
            message=row.message or "",
            where=f"{row.classname} {row.name}".strip(),
            exception_type=row.exception_type,
            detail=row.detail or "",
            test_id=row.test_id,
        )
        for row in await results.failures_of_job(tx, job_id=job.id)
    ]
    if job.result not in _BROKEN:
        return tests
    stage = await attempts.failed_stage(tx, job_id=job.id)
    if stage is None:
        reason = job.status_reason
        return tests or ([signatures.stage_failure(None, reason, "")] if reason else [])
    if tests and stage.name == "test":
        return tests
    return [*tests, signatures.stage_failure(stage.name, stage.message or "", stage.evidence or "")]


def visible_teams(tx: Transaction) -> list[UUID] | None:
    """Teams whose rows the tenant reads; None means every team's."""
    return None if tx.tenant.scope in ("all", "read") else sorted(tx.tenant.teams)


async def list_groups(tx: Transaction, *, query: ListQuery) -> tuple[list[Group], int]:
    """Groups with an occurrence that the tenant sees, last seen first, and their number.

    What they say is made of the tenant's rows alone. One statement.
    """
    if query.sort or query.created_after or query.updated_after:
        raise BadRequest("failure groups come last seen first; where takes topic_id and kind")
    facts, count = await store.select_facts(tx, teams=visible_teams(tx), query=query)
    return _describe(facts), count


async def get_group(tx: Transaction, *, group_id: UUID, teams: list[UUID] | None) -> Group:
    """One group as `teams` see it (None: all of it); 404 without an occurrence of theirs."""
    facts, _ = await store.select_facts(tx, teams=teams, query=ListQuery(), group_id=group_id)
    groups = _describe(facts)
    if not groups:
        raise NotFound("failure group not found")
    return groups[0]


def _describe(facts: str) -> list[Group]:
    rows = msgspec.json.decode(facts, type=list[model.GroupFacts])
    return [model.describe(row) for row in rows]


async def is_settling(tx: Transaction, *, group_id: UUID, teams: list[UUID] | None) -> bool:
    """Is a lab of `teams` still running the component set in which the group was last seen?"""
    return await store.has_running_labs(tx, group_id, teams=teams)


async def first_seen(
    tx: Transaction, *, group_id: UUID, teams: list[UUID] | None
) -> datetime | None:
    """When jobs of `teams` first had the group; None when none has it."""
    return await store.select_first_seen(tx, group_id, teams=teams)
