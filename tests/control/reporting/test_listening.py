"""Which events wait in reporting's queue: those that somebody listens to when they commit."""

from typing import Any
from uuid import UUID

import pytest

from ringtest.control.db import rows
from ringtest.control.db.pool import Database, Transaction
from ringtest.control.kernel.errors import Unavailable
from ringtest.control.kernel.events import FOR_TARGETS_ALONE, EventType
from ringtest.control.kernel.ids import new_id
from ringtest.control.kernel.tenant import SYSTEM


async def assign(tx: Transaction, event: EventType = EventType.JOB_ASSIGNED) -> int:
    return await tx.add_event(event, team_id=None, topic_id=None, job_id=str(new_id()))


async def queued(db: Database, number: int) -> bool:
    async with db.transaction(SYSTEM) as tx:
        found = await tx.fetchval(
            "SELECT 1 FROM event_queue WHERE consumer = 'reporting' AND event_id = $1", number
        )
        return found is not None


async def told(db: Database, event: EventType = EventType.JOB_ASSIGNED) -> bool:
    """Whether reporting gets an event of now."""
    async with db.transaction(SYSTEM) as tx:
        number = await assign(tx, event)
    return await queued(db, number)


async def listen(tx: Transaction, **more: Any) -> UUID:
    team = await rows.insert(tx, "teams", {"name": str(new_id())})
    values = {"name": "hook", "channel": "webhook", "address": "https://hook.example/"}
    chosen = {"team_id": team, "events": ["job.assigned"]}
    return await rows.insert(tx, "report_targets", values | chosen | more)


async def impatient(tx: Transaction) -> None:
    await tx.execute("SET LOCAL lock_timeout = '30ms'")


async def test_what_no_target_listens_to_waits_in_no_queue(db: Database) -> None:
    assert not any([await told(db, event) for event in sorted(FOR_TARGETS_ALONE)])
    async with db.transaction(SYSTEM) as tx:
        await listen(tx)
    assert [event for event in sorted(FOR_TARGETS_ALONE) if await told(db, event)] == [
        EventType.JOB_ASSIGNED
    ]


@pytest.mark.parametrize("event", [EventType.JOB_FINISHED, EventType.COMPONENT_PUBLISHED])
async def test_what_may_become_mail_always_waits(db: Database, event: EventType) -> None:
    assert await told(db, event)


@pytest.mark.parametrize("change", [{"state": "inactive"}, {"events": ["job.lost"]}])
async def test_a_target_that_turns_away_and_comes_back(
    db: Database, change: dict[str, Any]
) -> None:
    async with db.transaction(SYSTEM) as tx:
        target = await listen(tx)
    async with db.transaction(SYSTEM) as tx:
        await rows.update(tx, "report_targets", target, change, etag=None)
    assert not await told(db)
    back = {"state": "active", "events": ["job.assigned"]}
    async with db.transaction(SYSTEM) as tx:
        await rows.update(tx, "report_targets", target, back, etag=None)
    assert await told(db)


async def test_nobody_begins_to_listen_between_the_question_and_the_commit(db: Database) -> None:
    async with db.transaction(SYSTEM) as asking:
        await assign(asking)
        with pytest.raises(Unavailable, match="another request holds"):
            async with db.transaction(SYSTEM) as tx:
                await impatient(tx)
                await listen(tx)
    async with db.transaction(SYSTEM) as tx:
        await impatient(tx)
        await listen(tx)


async def test_an_event_waits_for_who_is_about_to_listen(db: Database) -> None:
    async with db.transaction(SYSTEM) as tx:
        await listen(tx)
        with pytest.raises(Unavailable, match="another request holds"):
            async with db.transaction(SYSTEM) as asking:
                await impatient(asking)
                await assign(asking)
    assert await told(db)


async def test_events_do_not_wait_for_each_other(db: Database) -> None:
    async with db.transaction(SYSTEM) as one, db.transaction(SYSTEM) as other:
        for tx in (one, other):
            await impatient(tx)
            await assign(tx)
