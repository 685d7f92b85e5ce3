"""Verbs of notifications: follow topics, note who is to hear of an event, write the mail."""

from uuid import UUID

import msgspec

from ringtest.control.accounts.model import Caller, RoleNames, permit
from ringtest.control.catalog import service as catalog
from ringtest.control.db import rows
from ringtest.control.db.outbox import Event
from ringtest.control.db.pool import Database, Transaction
from ringtest.control.identity import service as identity
from ringtest.control.kernel.events import EventType
from ringtest.control.kernel.outcome import JobResult, JobStatus, Stage, dci_status
from ringtest.control.kernel.tenant import SYSTEM
from ringtest.control.notifications import model, store

# Subscriptions ---------------------------------------------------------------------


async def follow_topic(tx: Transaction, *, caller: Caller, topic_id: UUID) -> None:
    """The caller, a person, gets mail of the topic's new components; 409 twice."""
    permit(caller.kind == "user", "only people get mail")
    await catalog.require_topic(tx, caller=caller, topic_id=topic_id)
    await store.subscribe(tx, caller.id, topic_id)


async def unfollow_topic(tx: Transaction, *, caller: Caller, topic_id: UUID) -> None:
    """No more mail of the topic, also of one that is out of reach by now."""
    permit(caller.kind == "user", "only people get mail")
    if not await store.unsubscribe(tx, caller.id, topic_id):
        await catalog.require_topic(tx, caller=caller, topic_id=topic_id)


async def followed_topics(tx: Transaction, *, caller: Caller) -> rows.Page:
    """Topics that the caller follows and may still see: JSON array, count."""
    permit(caller.kind == "user", "only people get mail")
    return await store.topics_of(tx, caller)


async def followers(tx: Transaction, *, caller: Caller, topic_id: UUID) -> rows.Page:
    """Users who follow a topic, for administrators: JSON array, count."""
    permit(caller.writes_all)
    await catalog.require_topic(tx, caller=caller, topic_id=topic_id)
    return await store.followers_of(tx, topic_id)


# Mail ------------------------------------------------------------------------------


async def note(tx: Transaction, *, event: Event) -> list[UUID]:
    """Notices of an event for those who follow its lab or topic; whom."""
    match event.type:
        case EventType.JOB_FINISHED if event.payload.get("result") in model.MAILED_RESULTS:
            return await store.note_job(tx, event.id, UUID(event.payload["job_id"]))
        case EventType.COMPONENT_PUBLISHED:
            return await store.note_component(tx, event.id, UUID(event.payload["component_id"]))
        case _:
            return []


async def attach(tx: Transaction, *, user_id: UUID, event_id: int, delivery_id: UUID) -> None:
    """The notice goes with that delivery."""
    await store.attach(tx, user_id, event_id, delivery_id)


async def write_mail(
    db: Database, *, delivery_id: UUID, user_id: UUID, roles: RoleNames, public_url: str
) -> model.Mail | None:
    """What a delivery tells its person, of what that person may see at this moment.

    None when nothing of it is left: the person left the team, or the rows are gone.
    """
    caller = await identity.person(db, user_id=user_id, roles=roles)
    if caller is None:
        return None
    async with db.transaction(SYSTEM) as tx:
        jobs, components = await store.notices_of(tx, delivery_id)
    async with db.transaction(caller.tenant) as tx:
        text = await store.select_matter(tx, caller, jobs, components)
    matter = msgspec.json.decode(text, type=model.Matter)
    return model.write(matter, public_url=public_url) if matter else None


# Events ----------------------------------------------------------------------------


async def describe_event(
    tx: Transaction, *, event_id: int, teams: list[UUID] | None
) -> model.Told | None:
    """An event by names, as `teams` see it (None: all); None when they do not see it (now)."""
    text = await store.select_told(tx, event_id, teams)
    if text is None:
        return None
    told = msgspec.json.decode(text, type=model.Told)
    if told.job:
        job = told.job
        stage = Stage(job["stage"]) if job["stage"] else None
        result = JobResult(job["result"]) if job["result"] else None
        job["status"] = dci_status(JobStatus(job["phase"]), stage, result)
    return told
