"""What triggers do by themselves: meet every published component once."""

from uuid import UUID

from ringtest.control.db.loops import Loop, consumer_loop
from ringtest.control.db.outbox import Event, consume
from ringtest.control.db.pool import Database, Transaction
from ringtest.control.triggers import service


async def on_event(tx: Transaction, event: Event) -> None:
    """Ask for the component sets that the event's component completes."""
    await service.request_jobs(tx, component_id=UUID(event.payload["component_id"]))


def loops(db: Database) -> list[Loop]:
    """The consumer of component.published."""
    return [consumer_loop("triggers", lambda: consume(db, "triggers", on_event))]
