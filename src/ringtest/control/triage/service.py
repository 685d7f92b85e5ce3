"""Verbs of triage: group the failures of a finished job, and tell a group's history."""

import asyncio
from collections.abc import Mapping
from datetime import datetime
from uuid import UUID

import msgspec

from ringtest.control.attempts import service as attempts
from ringtest.control.db.pool import Transaction
from ringtest.control.kernel.errors import BadRequest, NotFound
from ringtest.control.kernel.events import EventType
from ringtest.control.kernel.ids import new_id
from ringtest.control.kernel.paging import ListQuery
from ringtest.control.known_issues import service as known_issues
from ringtest.control.results import service as results
from ringtest.control.signatures import model as signatures
from ringtest.control.signatures import service as policies
from ringtest.control.signatures.model import Failure, Found
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
    """Group `failures` as all that the job has; ids of its groups. Each group is told once.

    `new` in the event says that the group is new to the job's team: what another team
    has seen is not for this one to know.
    """
    rules = await policies.rules_of(tx, topic_id=job.topic_id)
    found = await asyncio.to_thread(signatures.group_failures, failures, rules.policy)
    homes = await _former_homes(tx, job, failures, rules) if rules.before is not None else {}
    placed = await _place(tx, job, found, homes)
    await store.replace_occurrences(
        tx,
        job,
        [_occurrence(group, place.id, tx.now) for group, place in zip(found, placed, strict=True)],
    )
    await _label(tx, job, found, placed)
    group_ids = list(dict.fromkeys(place.shown_id for place in placed))
    known = await store.select_known_groups(tx, group_ids, team_id=job.team_id, job_id=job.id)
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


async def regroup_job(tx: Transaction, *, job_id: UUID) -> list[tuple[UUID, UUID]]:
    """Sign the job's failures anew and move them, telling nobody: pairs of the signature's row
    and the group that they were in before.

    A signature that was not there begins in the group that the failures come from. A job of
    which the failures are not kept any more stays as it is.
    """
    job = await store.select_job(tx, job_id)
    if job is None:
        return []
    had = await store.select_occurrences(tx, job_id)
    failures = await _failures(tx, job)
    if not {one.kind for one in had} <= {failure.kind for failure in failures}:
        return []
    rules = await policies.rules_of(tx, topic_id=job.topic_id)
    found = await asyncio.to_thread(signatures.group_failures, failures, rules.policy)
    before = [model.former(group, had) for group in found]
    homes = {
        group.signature.key: old.home_id for group, old in zip(found, before, strict=True) if old
    }
    placed = await _place(tx, job, found, homes)
    await store.replace_occurrences(
        tx,
        job,
        [
            _occurrence(group, place.id, old.created_at if old else tx.now)
            for group, place, old in zip(found, placed, before, strict=True)
        ],
    )
    await _label(tx, job, found, placed)
    return [(place.id, old.home_id) for place, old in zip(placed, before, strict=True) if old]


async def show_groups(tx: Transaction, *, topic_id: UUID) -> int:
    """Show failures of a topic where homes, former ids and merges say; how many rows moved.

    The caller holds the topic, so that nobody else does it meanwhile.
    """
    changed = model.moved(await store.select_names(tx, topic_id))
    if changed:
        await store.update_names(tx, changed)
    return len(changed)


def _occurrence(group: Found, group_id: UUID, at: datetime) -> store.Occurrence:
    tests = sorted(group.test_ids)
    return store.Occurrence(group_id, group.stage, tests, group.cases, group.sample, at)


async def _place(
    tx: Transaction, job: store.Job, found: list[Found], homes: Mapping[str, UUID]
) -> list[store.Placed]:
    """The rows of the signatures, in their order."""
    signed = [group.signature for group in found]
    placed = await store.upsert_groups(
        tx,
        job.topic_id,
        signatures.ALGORITHM,
        [(new_id(), s.key, s.kind, s.exception_type, s.template, homes.get(s.key)) for s in signed],
    )
    return [placed[signature.key] for signature in signed]


async def _former_homes(
    tx: Transaction, job: store.Job, failures: list[Failure], rules: policies.Rules
) -> dict[str, UUID]:
    """While a topic's signatures are being made anew: where failures would have belonged."""
    assert rules.before is not None
    after, before = signatures.Signer(rules.policy), signatures.Signer(rules.before)
    pairs = [(after.sign(failure).key, before.sign(failure).key) for failure in failures]
    old = model.former_signatures(pairs)
    homes = await store.select_homes(tx, job.topic_id, list(old.values()))
    return {key: homes[former] for key, former in old.items() if former in homes}


async def _label(
    tx: Transaction, job: store.Job, found: list[Found], placed: list[store.Placed]
) -> None:
    """Say which of the job's failures are known."""
    await known_issues.label(
        tx,
        topic_id=job.topic_id,
        team_id=job.team_id,
        failures=[
            known_issues.Seen(
                place.id,
                place.shown_id,
                model.title(group.signature.exception_type, group.signature.template),
                group.sample,
            )
            for group, place in zip(found, placed, strict=True)
        ],
    )


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


async def list_groups(
    tx: Transaction, *, query: ListQuery, known_issue: str | None = None
) -> tuple[list[Group], int]:
    """Groups with an occurrence that the tenant sees, last seen first, and their number.

    What they say is made of the tenant's rows alone. One statement. `known_issue`: `yes`,
    `no`, or the id of a rule: only groups that a rule names, none does, or this one does.
    """
    if query.sort or query.created_after or query.updated_after:
        raise BadRequest("failure groups come last seen first; where takes topic_id and kind")
    facts, count = await store.select_facts(
        tx, teams=visible_teams(tx), query=query, known_issue=model.read_known(known_issue)
    )
    return _describe(facts), count


async def get_group(tx: Transaction, *, group_id: UUID, teams: list[UUID] | None) -> Group:
    """One group as `teams` see it (None: all of it); 404 without an occurrence of theirs.

    `group_id` may be a former name of it, or that of a group which was merged into it.
    """
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
