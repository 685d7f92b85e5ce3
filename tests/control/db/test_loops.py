"""The loop runner: a wake-up and the interval run the same function."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager

from ringtest.control.db.loops import Loop, LoopRunner, consumer_loop
from ringtest.control.db.notify import EVENTS, LIVE, Notifications
from ringtest.control.kernel.clock import VirtualClock
from ringtest.control.kernel.events import CONSUMERS, EventType

WAKES = frozenset({EventType.JOB_FINISHED})


class Work:
    """Counts its rounds; a test waits for the next one instead of sleeping."""

    def __init__(self, *batches: int | Exception) -> None:
        self.rounds = 0
        self._batches = list(batches)
        self._done: asyncio.Condition = asyncio.Condition()

    async def __call__(self) -> int:
        async with self._done:
            self.rounds += 1
            self._done.notify_all()
        batch = self._batches.pop(0) if self._batches else 0
        if isinstance(batch, Exception):
            raise batch
        return batch

    async def reached(self, rounds: int) -> None:
        async with self._done:
            await asyncio.wait_for(self._done.wait_for(lambda: self.rounds >= rounds), 5)


@asynccontextmanager
async def running(
    act: Callable[[], Awaitable[int]], clock: VirtualClock
) -> AsyncIterator[Notifications]:
    notifications = Notifications("")  # never started: tests tell it what to say
    runner = LoopRunner([Loop("work", act, 10, WAKES)], notifications, clock)
    await runner.start()
    yield notifications
    await runner.stop()


async def settle() -> None:
    """Let every task run until it waits: the runner's own steps take a few turns."""
    for _ in range(20):
        await asyncio.sleep(0)


async def test_a_loop_acts_at_start_and_at_each_interval(clock: VirtualClock) -> None:
    work = Work()
    async with running(work, clock):
        await work.reached(1)
        for rounds in (2, 3):
            await settle()
            clock.advance(10)
            await work.reached(rounds)


async def test_a_loop_rests_until_its_interval_is_over(clock: VirtualClock) -> None:
    work = Work()
    async with running(work, clock):
        await work.reached(1)
        await settle()
        clock.advance(9.9)
        await settle()
        assert work.rounds == 1


async def test_an_event_wakes_the_loops_that_want_it(clock: VirtualClock) -> None:
    work = Work()
    async with running(work, clock) as notifications:
        await work.reached(1)
        await settle()
        notifications.tell(EVENTS, f"{EventType.LAB_SEEN} 1")
        notifications.tell(LIVE, f"{EventType.JOB_FINISHED} 1")
        await settle()
        assert work.rounds == 1
        notifications.tell(EVENTS, f"{EventType.JOB_FINISHED} 2")
        await work.reached(2)


async def test_an_event_in_another_consumers_queue_wakes_nobody_else(clock: VirtualClock) -> None:
    work = Work()
    async with running(work, clock) as notifications:
        await work.reached(1)
        await settle()
        notifications.tell(EVENTS, f"{EventType.JOB_FINISHED} 1 ")
        notifications.tell(EVENTS, f"{EventType.JOB_FINISHED} 2 another,third")
        await settle()
        assert work.rounds == 1
        notifications.tell(EVENTS, f"{EventType.JOB_FINISHED} 3 another,work")
        await work.reached(2)


async def test_a_reconnect_wakes_every_loop(clock: VirtualClock) -> None:
    work = Work()
    async with running(work, clock) as notifications:
        await work.reached(1)
        await settle()
        notifications.tell(EVENTS, "")
        await work.reached(2)


async def test_a_wake_up_during_work_is_not_lost(clock: VirtualClock) -> None:
    started, go = asyncio.Event(), asyncio.Event()
    work = Work()

    async def act() -> int:
        started.set()
        await go.wait()
        return await work()

    async with running(act, clock) as notifications:
        await started.wait()
        notifications.tell(EVENTS, f"{EventType.JOB_FINISHED} 1")
        go.set()
        await work.reached(2)


async def test_a_loop_goes_on_at_once_while_there_is_work(clock: VirtualClock) -> None:
    work = Work(20, 20, 3, 0)
    async with running(work, clock):
        await work.reached(4)
        await settle()
        assert work.rounds == 4


async def test_a_loop_that_raises_rests_and_goes_on(clock: VirtualClock) -> None:
    work = Work(RuntimeError("once"))
    async with running(work, clock):
        await work.reached(1)
        await settle()
        clock.advance(10)
        await work.reached(2)


async def test_stopping_lets_a_running_batch_end(clock: VirtualClock) -> None:
    started, go = asyncio.Event(), asyncio.Event()
    ended = []

    async def act() -> int:
        started.set()
        await go.wait()
        ended.append(True)
        return 1

    runner = LoopRunner([Loop("work", act, 10)], Notifications(""), clock)
    await runner.start()
    await started.wait()
    stopping = asyncio.create_task(runner.stop())
    await settle()
    go.set()
    await stopping
    assert ended == [True], "one batch, whole, and no second one"


async def test_stopping_cancels_what_does_not_end_in_time(clock: VirtualClock) -> None:
    started = asyncio.Event()

    async def act() -> int:
        started.set()
        await asyncio.Event().wait()
        return 0

    runner = LoopRunner([Loop("work", act, 10)], Notifications(""), clock)
    await runner.start()
    await started.wait()
    await asyncio.wait_for(runner.stop(grace=0.01), 5)


async def test_a_stopped_runner_hears_no_more(clock: VirtualClock) -> None:
    work = Work()
    async with running(work, clock) as notifications:
        await work.reached(1)
    notifications.tell(EVENTS, "")
    clock.advance(60)
    await settle()
    assert work.rounds == 1


def test_a_consumer_loop_wakes_on_the_events_of_its_name() -> None:
    async def act() -> int:
        return 0

    for name, events in CONSUMERS.items():
        assert consumer_loop(name, act).wakes_on == events
