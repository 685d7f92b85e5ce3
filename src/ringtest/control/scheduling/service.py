"""Verbs of scheduling: subscribe labs to topics, and place requests on them."""

from uuid import UUID

from ringtest.control.accounts.model import Caller, permit
from ringtest.control.db.pool import Transaction
from ringtest.control.db.rows import Page
from ringtest.control.kernel.errors import NotFound, PreconditionFailed
from ringtest.control.kernel.events import EventType
from ringtest.control.kernel.paging import ListQuery
from ringtest.control.lab_labels import service as lab_labels
from ringtest.control.requests.service import assign_job
from ringtest.control.scheduling import model, store


async def subscribe_lab(
    tx: Transaction, *, caller: Caller, remoteci_id: UUID, topic_id: UUID
) -> None:
    """Let a lab have a topic's jobs; 409 when it has them, 412 when its team may not see it."""
    team_id = await _lab_team(tx, remoteci_id)
    permit(caller.is_member(team_id))
    if not await store.has_topic(tx, topic_id):
        raise NotFound("topic not found")
    candidate = await store.select_candidate(tx, remoteci_id, topic_id)
    if candidate is None or not candidate.is_linked:
        raise PreconditionFailed("link the lab's team to the topic's product first")
    if not candidate.is_released:
        raise PreconditionFailed("the topic is not released to teams without pre-release access")
    await store.insert_subscription(tx, remoteci_id, topic_id, team_id)
    await tx.add_event(
        EventType.LAB_SUBSCRIBED,
        team_id=team_id,
        topic_id=topic_id,
        remoteci_id=str(remoteci_id),
    )


async def unsubscribe_lab(
    tx: Transaction, *, caller: Caller, remoteci_id: UUID, topic_id: UUID
) -> None:
    """No new jobs of the topic; those in the lab's queue stay there."""
    permit(caller.is_member(await _lab_team(tx, remoteci_id)))
    if not await store.delete_subscription(tx, remoteci_id, topic_id):
        raise NotFound("the lab is not subscribed to this topic")


async def list_topics(tx: Transaction, *, remoteci_id: UUID, query: ListQuery) -> Page:
    """Topics that a lab is subscribed to: JSON array and count."""
    await _lab_team(tx, remoteci_id)
    return await store.select_topics(tx, remoteci_id, query)


async def _lab_team(tx: Transaction, remoteci_id: UUID) -> UUID:
    team_id = await store.select_lab_team(tx, remoteci_id)
    if team_id is None:
        raise NotFound("remoteci not found")
    return team_id


async def place_request(tx: Transaction, *, request_id: UUID) -> int:
    """Put a waiting request into the queue of every lab that may have it; how many did."""
    return await _place(tx, await store.lock_waiting(tx, request_id=request_id))


async def place_waiting(tx: Transaction, *, topic_id: UUID) -> int:
    """The same for every request of the topic that found no lab so far."""
    return await _place(tx, await store.lock_waiting(tx, topic_id=topic_id))


async def place_for_lab(tx: Transaction, *, remoteci_id: UUID) -> int:
    """The same for every topic of a lab, whose labels are others."""
    topics = await store.select_topic_ids(tx, remoteci_id)
    return sum([await place_waiting(tx, topic_id=topic_id) for topic_id in topics])


async def _place(tx: Transaction, requests: list[store.Request]) -> int:
    """A request is placed as a whole, once: its first job makes its locked row `placed`. Labs
    without a machine that has the definition's labels get none."""
    placed = 0
    for request in requests:
        labs = model.placements(await store.select_subscribed(tx, request.topic_id))
        wishes = await lab_labels.wishes_of(tx, definition_id=request.definition_id)
        if wishes and labs:
            fitting = await lab_labels.fitting(tx, lab_ids=labs, wishes=wishes)
            labs = [lab for lab in labs if lab in fitting]
        for remoteci_id in labs:
            await assign_job(tx, request_id=request.id, remoteci_id=remoteci_id)
        placed += len(labs)
    return placed
