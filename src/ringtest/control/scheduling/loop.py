"""What scheduling does by itself: place requests when they come, or when a lab does."""

from uuid import UUID

from ringtest.control.db.loops import Loop, consumer_loop
from ringtest.control.db.outbox import Event, consume
from ringtest.control.db.pool import Database, Transaction
from ringtest.control.kernel.events import EventType
from ringtest.control.scheduling import service


async def on_event(tx: Transaction, event: Event) -> None:
    """Place the new request, or those that waited for the new lab's topic or its labels."""
    if event.type is EventType.JOB_REQUESTED:
        await service.place_request(tx, request_id=UUID(event.payload["request_id"]))
    elif event.type is EventType.LAB_LABELS_CHANGED:
        await service.place_for_lab(tx, remoteci_id=UUID(event.payload["remoteci_id"]))
    elif event.topic_id is not None:
        await service.place_waiting(tx, topic_id=event.topic_id)


def loops(db: Database) -> list[Loop]:
    """The consumer of job.requested, lab.subscribed and lab.labels_changed."""
    return [consumer_loop("scheduling", lambda: consume(db, "scheduling", on_event))]
