"""Verbs of jobs: create, list, read, edit, and the floor that attempts stand on.

Whoever moves a job holds its row (`lock_job`) until its transaction ends.
"""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any
from uuid import UUID
from weakref import WeakKeyDictionary

import asyncpg
import msgspec

from ringtest.control.accounts import service as accounts
from ringtest.control.accounts.model import Caller, permit
from ringtest.control.db import rows
from ringtest.control.db.conditions import Conditions
from ringtest.control.db.notify import LIVE
from ringtest.control.db.pool import Database, Transaction
from ringtest.control.db.unseen import refusal, seen
from ringtest.control.definitions import service as definitions
from ringtest.control.jobs import store
from ringtest.control.jobs.model import (
    JUDGED,
    WAKES_LAB,
    Client,
    CreateJob,
    Definition,
    Job,
    Memory,
    NewJob,
    ScheduleJob,
    clean_tags,
    event_payload,
    read_status,
)
from ringtest.control.kernel.errors import BadRequest, Conflict, NotFound, PreconditionFailed
from ringtest.control.kernel.events import EventType
from ringtest.control.kernel.ids import new_id
from ringtest.control.kernel.paging import ListQuery
from ringtest.control.lab_labels import service as lab_labels

# reading --------------------------------------------------------------------


_memories: WeakKeyDictionary[Database, Memory] = WeakKeyDictionary()


def memory_of(db: Database) -> Memory:
    """What this process remembers of a database."""
    return _memories.setdefault(db, Memory())


async def list_jobs(
    tx: Transaction, *, caller: Caller, query: ListQuery, memory: Memory
) -> rows.Page:
    """A page of jobs with every embed."""
    conditions = store.list_conditions(query, caller.visible_teams)
    return await store.select_page(tx, conditions, query, memory.rows)


def list_conditions(*, caller: Caller, query: ListQuery) -> Conditions:
    """Which jobs `j` fit a query, of those that the caller sees: for rooms that look at what
    belongs to jobs."""
    return store.list_conditions(query, caller.visible_teams)


async def get_job(tx: Transaction, *, caller: Caller, job_id: UUID) -> tuple[str, str]:
    """JSON with every embed, data, jobstates and files; etag."""
    return await seen(tx, "job", job_id, await store.select_json(tx, job_id, caller.visible_teams))


async def require_job(tx: Transaction, *, caller: Caller, job_id: UUID) -> None:
    """401 unless the caller may read the job, 404 when there is none."""
    if not await store.exists(tx, job_id, caller.visible_teams):
        raise await refusal(tx, "job", job_id)


# creating, as DCI clients do -------------------------------------------------


async def create_job(
    tx: Transaction, *, caller: Caller, body: CreateJob, client: Client
) -> tuple[str, str]:
    """A job of components that the lab chose: JSON without embeds, etag."""
    _permit_lab(caller)
    ids = tuple(dict.fromkeys(body.components))
    if body.topic_id is None and not ids:
        raise BadRequest("Request malformed", error="topic_id: needed when there are no components")
    ground = await store.select_ground(
        tx, caller, topic_id=body.topic_id, component_ids=ids, remoteci_id=caller.id,
        pipeline_id=body.pipeline_id,
    )  # fmt: skip
    known = {UUID(one["id"]) for one in msgspec.json.decode(ground["found"])} if ground else ids
    for missing in [one for one in ids if one not in known]:
        raise await _refusal(tx, "component", missing)
    found = await _check_ground(tx, ground, topic_id=body.topic_id)
    return await _insert(tx, _new_job(found, body, ids, caller.id, client))


async def schedule_job(
    tx: Transaction, *, caller: Caller, body: ScheduleJob, client: Client
) -> tuple[str, str]:
    """A job of a topic, with its newest component of each type unless components are given; 412
    when no machine of the lab has the labels that are asked for."""
    _permit_lab(caller)
    await lab_labels.require_lab(tx, lab_id=caller.id, wishes=body.labels)
    ids = tuple(body.components_ids or ())
    ground = await store.select_ground(
        tx, caller, topic_id=body.topic_id, component_ids=ids, remoteci_id=caller.id,
        pipeline_id=body.pipeline_id,
    )  # fmt: skip
    found = await _check_ground(tx, ground, topic_id=body.topic_id)
    chosen = _given(found, body.topic_id, ids) if ids else _newest(found)
    return await _insert(tx, _new_job(found, body, chosen, caller.id, client))


async def add_leased_job(
    tx: Transaction,
    *,
    caller: Caller,
    remoteci_id: UUID,
    body: ScheduleJob,
    definition: Definition,
    client: Client,
) -> UUID:
    """A queued job for agents of a lab; who calls has found that the caller may do that.

    No `components_ids` means the newest of each type, an empty list none at all.
    """
    given = body.components_ids
    ids = tuple(dict.fromkeys(given or ()))
    ground = await store.select_ground(
        tx, caller, topic_id=body.topic_id, component_ids=ids, remoteci_id=remoteci_id,
        pipeline_id=body.pipeline_id,
    )  # fmt: skip
    found = await _check_ground(tx, ground, topic_id=body.topic_id)
    if ids:
        known = {UUID(one["id"]) for one in msgspec.json.decode(found["found"])}
        for missing in [one for one in ids if one not in known]:
            raise await _refusal(tx, "component", missing)
    chosen = _newest(found) if given is None else ids
    job = _new_job(found, body, chosen, remoteci_id, client)
    await _insert(tx, job)
    own, spec = await definitions.keep_own_definition(
        tx, team_id=job.team_id, topic_id=job.topic_id, name=definition.name, spec=definition.spec
    )
    values = {
        "definition_id": own,
        "max_attempts": definition.max_attempts or spec["max_attempts"],
        "timeout_seconds": spec["timeout_seconds"] + definition.more_seconds,
    }
    await rows.update(tx, "jobs", job.id, values, etag=None)
    return job.id


async def update_job_components(
    tx: Transaction, *, caller: Caller, job_id: UUID, client: Client
) -> tuple[str, str]:
    """A new job like `job_id` with the newest components of its topic."""
    job = await _own(tx, caller, job_id)
    return await _follow(tx, caller, job, job.topic_id, client, update_previous_job_id=job.id)


async def upgrade_job(
    tx: Transaction, *, caller: Caller, job_id: UUID, client: Client
) -> tuple[str, str]:
    """A new job in the topic that follows the job's; 400 when there is none."""
    job = await _own(tx, caller, job_id)
    topic_id = await store.next_topic(tx, job.topic_id)
    if topic_id is None:
        raise BadRequest("the job's topic has no next topic")
    return await _follow(tx, caller, job, topic_id, client)


async def _follow(
    tx: Transaction, caller: Caller, job: Job, topic_id: UUID, client: Client, **more: Any
) -> tuple[str, str]:
    ground = await store.select_ground(
        tx, caller, topic_id=topic_id, component_ids=(), remoteci_id=job.remoteci_id
    )
    found = await _check_ground(tx, ground, topic_id=topic_id)
    body = ScheduleJob(topic_id=topic_id, previous_job_id=job.id)
    new = _new_job(found, body, _newest(found), job.remoteci_id, client)
    return await _insert(tx, replace(new, **more))


def _permit_lab(caller: Caller) -> None:
    if caller.kind != "remoteci":
        raise BadRequest("Only remoteci can create job")


async def _check_ground(
    tx: Transaction, ground: asyncpg.Record | None, *, topic_id: UUID | None
) -> asyncpg.Record:
    if ground is None:
        raise NotFound("remoteci not found")
    if ground["topic_id"] is None:
        if topic_id is None:
            raise NotFound("component not found")
        raise await _refusal(tx, "topic", topic_id)
    for noun in ("topic", "lab"):
        if ground[f"{noun}_state"] != "active":
            raise PreconditionFailed(f"{'remoteci' if noun == 'lab' else noun} not active")
    if not ground["has_pipeline"]:
        raise NotFound("pipeline not found")
    return ground


async def require_component(tx: Transaction, *, caller: Caller, component_id: UUID) -> None:
    """401 when it is not the caller's to use, 404 when there is none."""
    if not await store.may_use(tx, caller, component_id):
        raise await _refusal(tx, "component", component_id)


async def _refusal(tx: Transaction, noun: str, the_id: UUID) -> Exception:
    """401 for what exists and is not the caller's to use, 404 for what does not exist."""
    permit(not await store.known(tx, noun, the_id))
    return NotFound(f"{noun} not found")


def _newest(ground: asyncpg.Record) -> tuple[UUID, ...]:
    pairs = msgspec.json.decode(ground["newest"] or "[]")
    for kind, component_id in pairs:
        if component_id is None:
            raise PreconditionFailed(f"the topic has no active component of type {kind}")
    if len({kind for kind, _ in pairs}) != len(pairs):
        raise PreconditionFailed("the topic names a component type twice")
    return tuple(UUID(component_id) for _, component_id in pairs)


def _given(ground: asyncpg.Record, topic_id: UUID, ids: Sequence[UUID]) -> tuple[UUID, ...]:
    types = msgspec.json.decode(ground["types"])
    if len(ids) != len(types):
        raise PreconditionFailed(
            f"the topic wants {len(types)} components, not {len(ids)}", component_types=types
        )
    found = {
        UUID(one["id"]): one["type"]
        for one in msgspec.json.decode(ground["found"])
        if one["state"] == "active" and one["topic_id"] == str(topic_id)
    }
    if any(one not in found for one in ids):
        raise NotFound("component not found in this topic, or not active")
    if len(set(found.values())) != len(ids):
        raise PreconditionFailed("two components have the same type")
    return tuple(ids)


def _new_job(
    ground: asyncpg.Record,
    body: CreateJob | ScheduleJob,
    component_ids: Sequence[UUID],
    remoteci_id: UUID,
    client: Client,
) -> NewJob:
    more: dict[str, Any] = (
        {
            "status_reason": body.status_reason,
            "update_previous_job_id": body.update_previous_job_id,
        }
        if isinstance(body, CreateJob)
        else {}
    )
    return NewJob(
        id=new_id(),
        topic_id=ground["topic_id"],
        product_id=ground["product_id"],
        remoteci_id=remoteci_id,
        team_id=ground["team_id"],
        component_ids=tuple(component_ids),
        name=body.name,
        configuration=body.configuration,
        url=body.url,
        comment=body.comment,
        state=body.state,
        tags=clean_tags(body.tags),
        data=body.data,
        pipeline_id=body.pipeline_id,
        previous_job_id=body.previous_job_id,
        client=client,
        **more,
    )


async def _insert(tx: Transaction, job: NewJob) -> tuple[str, str]:
    told = tx.event(
        EventType.JOB_ASSIGNED,
        team_id=job.team_id,
        topic_id=job.topic_id,
        job_id=str(job.id),
        remoteci_id=str(job.remoteci_id),
    )
    return await store.insert(tx, job, told)


# editing ----------------------------------------------------------------------


async def update_job(
    tx: Transaction, *, caller: Caller, job_id: UUID, etag: str, values: Mapping[str, Any]
) -> tuple[str, str]:
    """Edit fields; a changed status is posted like a jobstate. JSON without embeds, etag."""
    job = await _own(tx, caller, job_id, etag=etag)
    fields = dict(values)
    word = fields.pop("status", None)
    if "tags" in fields:
        fields["tags"] = list(clean_tags(fields["tags"]))
    if word is not None and word != job.word:
        posted = await store.post_status(
            tx, caller, job_id, read_status(word), comment=fields.get("status_reason"), is_edit=True
        )
        _state(caller, await seen(tx, "job", job_id, posted))
    await rows.update(tx, "jobs", job_id, fields, etag=None)
    await _tell(tx, EventType.JOB_CHANGED, job)
    await accounts.add_audit(
        tx, caller=caller, action="update_job_by_id", subject_id=job_id, team_id=job.team_id
    )
    return await seen(tx, "job", job_id, await store.select_brief(tx, job_id))


async def delete_job(tx: Transaction, *, caller: Caller, job_id: UUID, etag: str) -> None:
    """Archive a job and its files."""
    job = await _own(tx, caller, job_id, etag=etag)
    await rows.update(tx, "jobs", job_id, {"state": "archived"}, etag=None)
    await store.archive_files(tx, job_id)
    await _tell(tx, EventType.JOB_CHANGED, job)
    await accounts.add_audit(
        tx, caller=caller, action="delete_job_by_id", subject_id=job_id, team_id=job.team_id
    )


async def _own(tx: Transaction, caller: Caller, job_id: UUID, *, etag: str | None = None) -> Job:
    """The job, held; 401 when it is not the caller's, 404 when it changed since `etag`."""
    found = await store.lock(tx, job_id, caller.visible_teams)
    job, current = await seen(tx, "job", job_id, found)
    permit(caller.is_member(job.team_id))
    if etag is not None and etag != current:
        raise NotFound("job not found")
    return job


# the floor of jobstates and attempts -------------------------------------------


async def lock_job(tx: Transaction, *, caller: Caller | None, job_id: UUID) -> Job:
    """The job, held until the transaction ends; for writers.

    `caller` None is the server, which also ends what runs of an archived job.
    """
    if caller is not None:
        return await _own(tx, caller, job_id)
    found = await store.lock(tx, job_id, None, archived=True)
    if found is None:
        raise NotFound("job not found")
    return found[0]


async def save_job(
    tx: Transaction, *, before: Job, after: Job, events: Sequence[EventType]
) -> None:
    """Write how a held job stands now, tell it, and leave a jobstate for readers of DCI's."""
    word = after.word if after.word != before.word else None
    comment = after.reason if after.finished_at and not before.finished_at else None
    end = after.word if EventType.JOB_FINISHED in events and after.word in JUDGED else None
    rest = events
    if after != before:
        told = _event(tx, events[0], after) if events else ()
        await store.save(tx, after, told, word=word, comment=comment, end=end)
        rest = events[1:]
    for event in rest:
        await _tell(tx, event, after)
    if not WAKES_LAB.isdisjoint(events):
        await wake_lab(tx, job_id=after.id, remoteci_id=after.remoteci_id)


async def save_progress(tx: Transaction, *, job_id: UUID, progress: Mapping[str, int]) -> None:
    """Counts of a running job; whoever watches it live is told."""
    await store.save_progress(tx, job_id, progress)
    await tx.notify(LIVE, f"progress {job_id}")


async def post_job_status(
    db: Database, *, caller: Caller, job_id: UUID, word: str, comment: str | None
) -> str:
    """What a DCI client says of its job; JSON of the jobstate that records it."""
    posting = read_status(word)
    if db.is_alone(caller.tenant):
        posted = await store.post_status(db, caller, job_id, posting, comment=comment)
        if posted is not None:
            return _state(caller, posted)
    async with db.transaction(caller.tenant) as tx:
        posted = await store.post_status(tx, caller, job_id, posting, comment=comment)
        found = await seen(tx, "job", job_id, posted)
        tx.concern(job_id, found["team_id"])
        return _state(caller, found)


def _state(caller: Caller, posted: asyncpg.Record) -> str:
    """The jobstate's JSON; 401 for who is no member, 409 for a job in an agent's hands."""
    permit(caller.is_member(posted["team_id"]))
    if posted["is_leased"]:
        raise Conflict("an agent runs this job: only its attempt moves it", phase=posted["phase"])
    text: str = posted["state"]
    return text


async def tell_change(tx: Transaction, *, job: Job) -> None:
    """Something that readers of the job see is different now."""
    await _tell(tx, EventType.JOB_CHANGED, job)


async def _tell(tx: Transaction, event: EventType, job: Job) -> None:
    await tx.add_event(
        event, team_id=job.team_id, topic_id=job.topic_id, **event_payload(event, job)
    )


def _event(tx: Transaction, event: EventType, job: Job) -> tuple[Any, ...]:
    return tx.event(event, team_id=job.team_id, topic_id=job.topic_id, **event_payload(event, job))


async def wake_lab(tx: Transaction, *, job_id: UUID, remoteci_id: UUID) -> None:
    """The lab's agents look into their queue at once. Losing this costs time only."""
    await tx.notify(LIVE, f"lab {job_id} {remoteci_id}")


# what uploads change ------------------------------------------------------------


async def set_job_tests(tx: Transaction, *, job_id: UUID, tests: Mapping[str, int] | None) -> None:
    """The numbers of the job's test results: total, success, failures, errors, skips,
    regressions, successfixes; None when it has no results (any more)."""
    values = None if tests is None else dict(tests)
    await rows.update(tx, "jobs", job_id, {"tests": values}, etag=None)


async def touch_job(tx: Transaction, *, job_id: UUID, duration: int | None = None) -> None:
    """A file came or went, which readers of the job see: a fresh etag, as DCI does."""
    values = {} if duration is None else {"duration": duration}
    await rows.update(tx, "jobs", job_id, values, etag=None)
