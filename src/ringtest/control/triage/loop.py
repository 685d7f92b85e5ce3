"""What triage does by itself: group the failures of every finished job."""

from uuid import UUID

from ringtest.control.db.loops import Loop, consumer_loop
from ringtest.control.db.outbox import Event, consume
from ringtest.control.db.pool import Database, Transaction
from ringtest.control.triage import service


async def on_event(tx: Transaction, event: Event) -> None:
    """Group the failures of the finished job."""
    await service.group_job(tx, job_id=UUID(event.payload["job_id"]))


def loops(db: Database) -> list[Loop]:
    """The consumer of job.finished."""
    return [consumer_loop("triage", lambda: consume(db, "triage", on_event))]
