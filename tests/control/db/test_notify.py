"""Wake-ups from PostgreSQL arrive, and a lost connection is told as "something may have been"."""

import asyncio
from collections.abc import AsyncIterator

import asyncpg
import pytest

from ringtest.control.db.notify import CHANGES, EVENTS, LIVE, Notifications
from ringtest.control.db.pool import Database
from ringtest.control.kernel.events import EventType
from ringtest.control.kernel.tenant import SYSTEM

Heard = asyncio.Queue[tuple[str, str]]


@pytest.fixture
async def heard(database_url: str) -> AsyncIterator[Heard]:
    """What a listener hears after the first LISTEN is in place."""
    queue: Heard = asyncio.Queue()
    notifications = Notifications(database_url)
    await notifications.start()
    notifications.subscribe(lambda channel, payload: queue.put_nowait((channel, payload)))
    yield queue
    await notifications.stop()


async def next_of(heard: Heard) -> tuple[str, str]:
    return await asyncio.wait_for(heard.get(), 10)


async def test_an_event_is_heard_when_its_transaction_commits(db: Database, heard: Heard) -> None:
    async with db.transaction(SYSTEM) as tx:
        number = await tx.add_event(EventType.LAB_SEEN, team_id=None, topic_id=None)
        await tx.notify(LIVE, "log abc")
    said = {await next_of(heard), await next_of(heard)}
    assert said == {(EVENTS, f"lab.seen {number} "), (LIVE, "log abc")}


async def test_nothing_is_heard_of_a_transaction_undone(db: Database, heard: Heard) -> None:
    with pytest.raises(ZeroDivisionError):
        async with db.transaction(SYSTEM) as tx:
            await tx.notify(LIVE, "undone")
            raise ZeroDivisionError
    async with db.transaction(SYSTEM) as tx:
        await tx.notify(LIVE, "done")
    assert await next_of(heard) == (LIVE, "done")


async def test_a_lost_connection_is_made_again_and_told(db: Database, heard: Heard) -> None:
    owner: asyncpg.Connection = await asyncpg.connect(db.dsn)
    await owner.execute("""
        SELECT pg_terminate_backend(pid) FROM pg_stat_activity
        WHERE datname = current_database() AND query LIKE 'LISTEN%'""")
    await owner.close()
    told = {await next_of(heard) for _ in range(3)}
    assert told == {(EVENTS, ""), (LIVE, ""), (CHANGES, "")}
    async with db.transaction(SYSTEM) as tx:
        await tx.notify(LIVE, "after")
    assert await next_of(heard) == (LIVE, "after")


async def test_who_unsubscribed_hears_no_more() -> None:
    notifications = Notifications("")
    said: list[str] = []
    stop = notifications.subscribe(lambda _, payload: said.append(payload))
    notifications.tell(LIVE, "first")
    stop()
    notifications.tell(LIVE, "second")
    assert said == ["first"]
