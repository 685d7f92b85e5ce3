"""The live feed: own events only, in order, resumed after a break; slow readers are cut off."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import aclosing
from uuid import UUID, uuid4

import pytest

from ringtest.control.accounts.model import Caller, Team
from ringtest.control.db.notify import EVENTS, Notifications
from ringtest.control.db.pool import Database
from ringtest.control.feed import service
from ringtest.control.feed.service import Hub, Told
from ringtest.control.kernel.events import EventType
from ringtest.control.kernel.tenant import SYSTEM

RED, BLUE = uuid4(), uuid4()


def member(team_id: UUID) -> Caller:
    return Caller("user", uuid4(), "someone", "", (Team(team_id, "team"),))


@pytest.fixture
async def hub(db: Database) -> AsyncIterator[Hub]:
    notifications = Notifications(db.dsn)
    await notifications.start()
    hub = Hub(db, notifications)
    await hub.start()
    yield hub
    await hub.stop()
    await notifications.stop()


async def add(db: Database, team_id: UUID, word: str) -> int:
    async with db.transaction(SYSTEM) as tx:
        return await tx.add_event(
            EventType.JOB_CHANGED, team_id=team_id, topic_id=None, job_id=word
        )


async def first(hub: Hub, caller: Caller, *, last_id: int | None, count: int) -> list[Told]:
    told: list[Told] = []
    async with aclosing(hub.stream(caller, last_id=last_id)) as messages:
        async for message in messages:
            told.append(message)
            if len(told) == count:
                break
    return told


async def test_a_reader_hears_its_own_teams_events_and_no_others(db: Database, hub: Hub) -> None:
    reading = asyncio.create_task(first(hub, member(RED), last_id=None, count=2))
    await asyncio.sleep(0)  # the reader registers in its first step
    for team, word in ((RED, "one"), (BLUE, "secret"), (RED, "two")):
        await add(db, team, word)
    told = await asyncio.wait_for(reading, 10)
    assert ["one" in told[0].json, "two" in told[1].json] == [True, True]
    assert "secret" not in "".join(message.json for message in told)


async def test_a_reader_that_comes_back_hears_what_it_missed(db: Database, hub: Hub) -> None:
    last = await add(db, RED, "known")
    await add(db, BLUE, "secret")
    await add(db, RED, "missed")
    told = await asyncio.wait_for(first(hub, member(RED), last_id=last, count=2), 10)
    # the last known one is told again, because one with a smaller number may commit later
    assert told[0].id == last
    assert "missed" in told[1].json


async def test_a_reader_that_is_too_slow_is_cut_off(
    db: Database, hub: Hub, monkeypatch: pytest.MonkeyPatch
) -> None:
    reader = service._Reader(member(RED).tenant, asyncio.Queue(1))
    reader.tell(Told("a", "{}", 1))
    assert not reader.cut.is_set()
    reader.tell(Told("b", "{}", 2))
    assert reader.cut.is_set()


async def test_a_lost_connection_ends_streams_so_that_they_resume(db: Database, hub: Hub) -> None:
    reading = asyncio.create_task(first(hub, member(RED), last_id=None, count=1))
    await asyncio.sleep(0)  # the reader registers in its first step
    hub._notifications.tell(EVENTS, "")  # what a reconnect says
    assert await asyncio.wait_for(reading, 10) == []
    assert hub._readers == set()
