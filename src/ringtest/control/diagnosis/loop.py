"""What diagnosis does by itself: read the log of every job that ended, answer for the broken."""

from uuid import UUID

from ringtest.control.db.loops import Loop, consumer_loop
from ringtest.control.db.outbox import Event, consume
from ringtest.control.db.pool import Database, Transaction
from ringtest.control.diagnosis import service
from ringtest.control.ports.object_store import ObjectStore


async def on_event(tx: Transaction, event: Event) -> None:
    """Note that the finished job's log is to be read."""
    await service.want(tx, job_id=UUID(event.payload["job_id"]))


def loops(db: Database, objects: ObjectStore) -> list[Loop]:
    """The consumer of job.finished, and the work it leaves: logs are read outside of it, as
    they lie on the object store."""

    async def act() -> int:
        return await consume(db, "diagnosis", on_event) + await service.work(db, objects)

    return [consumer_loop("diagnosis", act)]
