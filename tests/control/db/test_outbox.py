"""Events: known if and only if the change is, handled exactly once by each consumer."""

import asyncio
from typing import Any
from uuid import UUID

import pytest

from ringtest.control.db.outbox import Event, consume
from ringtest.control.db.pool import Database, Transaction
from ringtest.control.kernel.clock import VirtualClock
from ringtest.control.kernel.errors import Conflict
from ringtest.control.kernel.events import CONSUMERS, EventType
from ringtest.control.kernel.ids import new_id
from ringtest.control.kernel.tenant import SYSTEM, Tenant


async def publish(db: Database, number: int = 1, topic: UUID | None = None) -> int:
    async with db.transaction(SYSTEM) as tx:
        return await tx.add_event(
            EventType.COMPONENT_PUBLISHED, team_id=None, topic_id=topic, component_id=str(number)
        )


async def waiting(db: Database, consumer: str = "triggers") -> int:
    async with db.transaction(SYSTEM) as tx:
        count: int = await tx.fetchval(
            "SELECT count(*) FROM event_queue WHERE consumer = $1", consumer
        )
        return count


class Recorder:
    """A handler that notes what it handled in the transaction it is given."""

    def __init__(self, *, failures: int = 0) -> None:
        self.failures = failures
        self.calls: list[str] = []

    async def __call__(self, tx: Transaction, event: Event) -> None:
        self.calls.append(event.payload["component_id"])
        await tx.execute(
            "INSERT INTO audits (created_at, actor_kind, action) VALUES ($1, 'loop', $2)",
            tx.now,
            event.payload["component_id"],
        )
        if self.failures:
            self.failures -= 1
            raise RuntimeError("the handler crashed")


async def effects(db: Database) -> list[str]:
    async with db.transaction(SYSTEM) as tx:
        return [row["action"] for row in await tx.fetch("SELECT action FROM audits ORDER BY id")]


async def test_events_are_handled_once_and_in_order(db: Database) -> None:
    for number in range(3):
        await publish(db, number)
    handler = Recorder()
    assert await consume(db, "triggers", handler) == 3
    assert await consume(db, "triggers", handler) == 0
    assert await effects(db) == ["0", "1", "2"]


async def test_a_rolled_back_change_tells_nothing(db: Database) -> None:
    with pytest.raises(ZeroDivisionError):
        async with db.transaction(SYSTEM) as tx:
            await tx.add_event(EventType.COMPONENT_PUBLISHED, team_id=None, topic_id=None)
            raise ZeroDivisionError
    assert await waiting(db) == 0


async def test_each_consumer_has_its_own_queue(
    db: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    consumers = ["triage", "another"]
    for name in consumers:
        monkeypatch.setitem(CONSUMERS, name, frozenset({EventType.JOB_FINISHED}))
    job: dict[str, Any] = {"job_id": str(new_id())}
    async with db.transaction(SYSTEM) as tx:
        await tx.add_event(EventType.JOB_FINISHED, team_id=None, topic_id=None, **job)
    assert [await waiting(db, name) for name in consumers] == [1] * len(consumers)
    seen: list[Event] = []

    async def note(_: Transaction, event: Event) -> None:
        seen.append(event)

    for name in consumers:
        assert await consume(db, name, note) == 1
    assert [event.payload for event in seen] == [job] * len(consumers)


async def test_a_crashed_handler_leaves_no_effect_and_tries_again(
    clocked_db: Database, clock: VirtualClock
) -> None:
    await publish(clocked_db)
    handler = Recorder(failures=1)
    await consume(clocked_db, "triggers", handler)
    assert await effects(clocked_db) == []
    assert await consume(clocked_db, "triggers", handler) == 0, "it rests before it is tried again"
    clock.advance(1)
    assert await consume(clocked_db, "triggers", handler) == 1
    assert handler.calls == ["1", "1"]
    assert await effects(clocked_db) == ["1"]


async def test_a_failing_event_does_not_hold_up_the_others(
    clocked_db: Database, clock: VirtualClock
) -> None:
    for number in range(3):
        await publish(clocked_db, number)
    handler = Recorder(failures=1)
    await consume(clocked_db, "triggers", handler)
    assert await effects(clocked_db) == ["1", "2"]


async def test_an_event_that_always_fails_is_never_dropped_and_rests_longer(
    clocked_db: Database, clock: VirtualClock
) -> None:
    await publish(clocked_db)
    handler = Recorder(failures=100)
    for rest in (1, 5, 30, 120, 600, 600):
        await consume(clocked_db, "triggers", handler)
        clock.advance(rest - 0.001)
        assert await consume(clocked_db, "triggers", handler) == 0
        clock.advance(0.001)
    async with clocked_db.transaction(SYSTEM) as tx:
        row = await tx.fetchrow(
            "SELECT attempts, error FROM event_queue WHERE consumer = 'triggers'"
        )
    assert row is not None
    assert row["attempts"] == 6
    assert "the handler crashed" in row["error"]


async def test_a_killed_consumer_gives_its_event_to_another(db: Database) -> None:
    await publish(db)
    holding = asyncio.Event()

    async def hang(tx: Transaction, event: Event) -> None:
        await Recorder()(tx, event)
        holding.set()
        await asyncio.Event().wait()

    task = asyncio.create_task(consume(db, "triggers", hang))
    await holding.wait()
    assert await consume(db, "triggers", Recorder()) == 0, "two never hold the same event"
    task.cancel()
    await asyncio.gather(task, return_exceptions=True)
    assert await effects(db) == []
    assert await consume(db, "triggers", Recorder()) == 1
    assert await effects(db) == ["1"]


async def test_many_consumers_share_the_work_without_doubling_it(db: Database) -> None:
    for number in range(40):
        await publish(db, number)
    handler = Recorder()
    done = await asyncio.gather(*(consume(db, "triggers", handler, limit=40) for _ in range(4)))
    assert sum(done) == 40
    assert sorted(handler.calls) == sorted(map(str, range(40)))
    assert sorted(await effects(db)) == sorted(map(str, range(40)))


async def test_a_conflict_in_a_handler_is_a_failure_of_that_event_alone(db: Database) -> None:
    await publish(db)

    async def lose(_: Transaction, __: Event) -> None:
        raise Conflict("already exists")

    await consume(db, "triggers", lose)
    assert await waiting(db) == 1


async def test_an_event_is_seen_by_its_team_only(db: Database) -> None:
    red, blue = new_id(), new_id()
    async with db.transaction(SYSTEM) as tx:
        await tx.add_event(EventType.JOB_FINISHED, team_id=red, topic_id=None, job_id="x")
    for team, expected in ((red, 1), (blue, 0)):
        async with db.transaction(Tenant(teams=frozenset({team}))) as tx:
            assert await tx.fetchval("SELECT count(*) FROM events") == expected
            assert await tx.fetchval("SELECT count(*) FROM event_queue") == 0
