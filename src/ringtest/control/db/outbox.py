"""Consuming events: each one exactly once per consumer, in the transaction of its effect."""

import logging
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

import msgspec

from ringtest.control.db.pool import Database, Transaction
from ringtest.control.kernel.events import EventType
from ringtest.control.kernel.tenant import SYSTEM

log = logging.getLogger(__name__)

_RETRY_SECONDS = (1, 5, 30, 120, 600)
"""How long a failing event rests; the last one repeats, so nothing is ever dropped."""


@dataclass(frozen=True, slots=True)
class Event:
    """A row of the outbox. `payload` holds ids as text."""

    id: int
    type: EventType
    payload: dict[str, Any]
    team_id: UUID | None
    topic_id: UUID | None
    created_at: datetime


Handler = Callable[[Transaction, Event], Awaitable[None]]


async def consume(db: Database, consumer: str, handler: Handler, *, limit: int = 20) -> int:
    """Handle up to `limit` waiting events, one transaction each; returns how many were.

    The queue row is deleted and the handler's changes are made in one transaction:
    a crash undoes both, a commit keeps both. A handler that raises leaves the event
    to be tried again later, and the others go on.
    """
    for done in range(limit):
        if not await _consume_one(db, consumer, handler):
            return done
    return limit


async def _consume_one(db: Database, consumer: str, handler: Handler) -> bool:
    event: Event | None = None
    try:
        async with db.transaction(SYSTEM) as tx:
            row = await tx.fetchrow(
                """
                WITH next AS (
                  SELECT event_id FROM event_queue
                  WHERE consumer = $1 AND run_after <= $2
                  ORDER BY event_id LIMIT 1 FOR UPDATE SKIP LOCKED),
                gone AS (
                  DELETE FROM event_queue q USING next
                  WHERE q.consumer = $1 AND q.event_id = next.event_id RETURNING q.event_id)
                SELECT e.* FROM events e JOIN gone ON gone.event_id = e.id
                """,
                consumer,
                tx.now,
            )
            if row is None:
                return False
            event = Event(
                id=row["id"],
                type=EventType(row["type"]),
                payload=msgspec.json.decode(row["payload"]),
                team_id=row["team_id"],
                topic_id=row["topic_id"],
                created_at=row["created_at"],
            )
            await handler(tx, event)
    except Exception as error:
        if event is None:
            raise
        log.exception("event.failed consumer=%s event=%s", consumer, event.id)
        await _postpone(db, consumer, event.id, repr(error))
    return True


async def _postpone(db: Database, consumer: str, event_id: int, error: str) -> None:
    async with db.transaction(SYSTEM) as tx:
        attempts = await tx.fetchval(
            "SELECT attempts FROM event_queue WHERE consumer = $1 AND event_id = $2 FOR UPDATE",
            consumer,
            event_id,
        )
        if attempts is None:
            return
        rest = _RETRY_SECONDS[min(attempts, len(_RETRY_SECONDS) - 1)]
        await tx.execute(
            "UPDATE event_queue SET attempts = attempts + 1, run_after = $3, error = left($4, 500)"
            " WHERE consumer = $1 AND event_id = $2",
            consumer,
            event_id,
            tx.now + timedelta(seconds=rest),
            error,
        )
