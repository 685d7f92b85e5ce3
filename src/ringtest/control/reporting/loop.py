"""What reporting does by itself: plan deliveries of what happens, and send those that are due."""

from collections.abc import Mapping
from datetime import timedelta

from ringtest.control.accounts.model import RoleNames
from ringtest.control.db.loops import Loop, consumer_loop
from ringtest.control.db.outbox import Event, consume
from ringtest.control.db.pool import Database, Transaction
from ringtest.control.kernel.settings import Settings
from ringtest.control.ports.notifier import Notifier
from ringtest.control.ports.secret_box import SecretBox
from ringtest.control.reporting import model, service

_SENDERS = 3
"""Messages on their way at the same time: one dead receiver must not hold up the others."""
_INTERVAL = 1.0


def loops(
    db: Database, notifiers: Mapping[str, Notifier], secrets: SecretBox, settings: Settings
) -> list[Loop]:
    """The consumer of what may be told, the senders, and what forgets old records."""
    roles = RoleNames.of(settings)
    networks = model.read_networks(settings.webhook_networks)
    claimed_for = timedelta(seconds=settings.delivery_seconds)
    sender = service.Sender(
        db, notifiers, secrets, roles, settings.public_url, networks, claimed_for
    )

    async def on_event(tx: Transaction, event: Event) -> None:
        await service.plan_event(tx, event=event, roles=roles, public_url=settings.public_url)

    return [
        consumer_loop("reporting", lambda: consume(db, "reporting", on_event)),
        Loop(name="reporting.expire", act=sender.expire, interval=3600.0),
        *(
            Loop(name=f"reporting.send.{number}", act=sender.send_next, interval=_INTERVAL)
            for number in range(1, _SENDERS + 1)
        ),
    ]
