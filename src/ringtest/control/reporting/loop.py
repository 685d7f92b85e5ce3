"""What reporting does by itself: plan deliveries for new groups, and send those that are due."""

from collections.abc import Mapping
from uuid import UUID

from ringtest.control.accounts.model import RoleNames
from ringtest.control.db.loops import Loop, consumer_loop
from ringtest.control.db.outbox import Event, consume
from ringtest.control.db.pool import Database, Transaction
from ringtest.control.kernel.settings import Settings
from ringtest.control.ports.notifier import Notifier
from ringtest.control.ports.secret_box import SecretBox
from ringtest.control.reporting import service

_SENDERS = 3
"""Messages on their way at the same time: one dead receiver must not hold up the others."""
_INTERVAL = 1.0


def loops(
    db: Database, notifiers: Mapping[str, Notifier], secrets: SecretBox, settings: Settings
) -> list[Loop]:
    """The consumer of failure.grouped and the senders."""
    roles = RoleNames.of(settings)
    sender = service.Sender(db, notifiers, secrets, roles, settings.public_url)

    async def on_event(tx: Transaction, event: Event) -> None:
        if event.topic_id is not None:
            await service.plan_deliveries(
                tx,
                group_id=UUID(event.payload["group_id"]),
                topic_id=event.topic_id,
                roles=roles,
                public_url=settings.public_url,
            )

    return [
        consumer_loop("reporting", lambda: consume(db, "reporting", on_event)),
        *(
            Loop(name=f"reporting.send.{number}", act=sender.send_next, interval=_INTERVAL)
            for number in range(1, _SENDERS + 1)
        ),
    ]
