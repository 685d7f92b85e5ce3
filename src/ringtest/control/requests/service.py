"""Verbs of job requests: wish for a set to be tested, and put it into a lab's queue."""

from collections.abc import Sequence
from typing import Any
from uuid import UUID

import msgspec

from ringtest.control.accounts.model import Caller
from ringtest.control.db.pool import Transaction
from ringtest.control.db.rows import Page
from ringtest.control.jobs import service as jobs
from ringtest.control.jobs.model import component_set_key
from ringtest.control.kernel.errors import NotFound
from ringtest.control.kernel.events import EventType
from ringtest.control.kernel.paging import ListQuery
from ringtest.control.lab_labels import service as lab_labels
from ringtest.control.requests import store


async def request_job(
    tx: Transaction,
    *,
    rule_id: UUID | None,
    topic_id: UUID,
    definition_id: UUID,
    component_ids: Sequence[UUID],
) -> UUID | None:
    """Wish for a component set to be tested: the request's id, or None when the rule asked
    for the same set before."""
    request_id = await store.insert_request(
        tx,
        rule_id=rule_id,
        topic_id=topic_id,
        definition_id=definition_id,
        component_ids=component_ids,
        set_key=component_set_key(component_ids),
    )
    if request_id is not None:
        await tx.add_event(
            EventType.JOB_REQUESTED, team_id=None, topic_id=topic_id, request_id=str(request_id)
        )
    return request_id


async def assign_job(tx: Transaction, *, request_id: UUID, remoteci_id: UUID) -> UUID:
    """Put a request into a lab's queue, once: the id of the job."""
    row = await store.insert_assigned(tx, request_id, remoteci_id)
    if row is None:
        there = await store.select_assigned(tx, request_id, remoteci_id)
        if there is None:
            raise NotFound("job request or remoteci not found")
        return there
    job_id: UUID = row["id"]
    await tx.add_event(
        EventType.JOB_ASSIGNED,
        team_id=row["team_id"],
        topic_id=row["topic_id"],
        job_id=str(job_id),
        remoteci_id=str(remoteci_id),
    )
    await jobs.wake_lab(tx, job_id=job_id, remoteci_id=remoteci_id)
    return job_id


async def list_requests(tx: Transaction, *, caller: Caller, query: ListQuery) -> Page:
    """Requests of the topics that the caller may use: JSON array and count. `waits` says of one
    that waits which labels no lab has, of the labs that the caller sees."""
    page = await store.select_requests(tx, caller, query)
    found = msgspec.json.decode(page.items)
    texts: dict[str, str] = {}
    for item in found:
        item["waits"] = None
        if item["status"] == "waiting":
            key = f"{item['topic_id']} {item['definition_id']}"
            if key not in texts:
                texts[key] = await _why_it_waits(tx, caller, item)
            item["waits"] = texts[key]
    return page._replace(items=msgspec.json.encode(found).decode())


async def _why_it_waits(tx: Transaction, caller: Caller, item: dict[str, Any]) -> str:
    wishes = await lab_labels.wishes_of(tx, definition_id=UUID(item["definition_id"]))
    found = await lab_labels.match_topic(
        tx, teams=caller.visible_teams, topic_id=UUID(item["topic_id"]), wishes=wishes
    )
    return found.text if found.labs else "no lab of yours is subscribed to the topic"
