"""People stop jobs and repeat them; agents are told on their streams."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

import msgspec
import pytest

from ringtest.control.accounts.model import Caller, Team
from ringtest.control.attempts.api import orders
from ringtest.control.attempts.service import Queues
from ringtest.control.db.notify import EVENTS, LIVE, Notifications
from ringtest.control.db.pool import Database, Transaction
from ringtest.control.kernel.clock import VirtualClock
from ringtest.control.kernel.errors import Unavailable
from ringtest.control.kernel.settings import Settings
from ringtest.control.kernel.tenant import SYSTEM, Tenant
from ringtest.control.wire.sse import Message
from tests.control.jobs.bench import Bench


async def cancel(bench: Bench, job_id: str, who: str = "red user") -> dict[str, Any]:
    answer = await bench.world[who].post(f"/jobs/{job_id}/cancel")
    assert answer.status_code == 202, answer.text
    job: dict[str, Any] = answer.json()["job"]
    return job


async def test_a_queued_job_is_cancelled_at_once(bench: Bench) -> None:
    job_id = await bench.queued()
    job = await cancel(bench, job_id)
    assert (job["phase"], job["result"], job["status"]) == ("finished", "cancelled", "killed")
    assert job["status_reason"] == "cancelled by red user"
    assert len(await bench.world.events("job.finished")) == 1
    answer = await bench.world["red lab"].post(f"/jobs/{job_id}/claim", json={"agent": "a"})
    assert answer.status_code == 409
    again = await bench.world["red user"].post(f"/jobs/{job_id}/cancel")
    assert again.status_code == 409


async def test_the_agent_of_a_running_job_is_asked_and_confirms(bench: Bench) -> None:
    job_id = await bench.queued()
    token = (await bench.claim(job_id))["lease_token"]
    for _ in range(2):  # asking twice is asking once
        job = await cancel(bench, job_id, "epm")
        assert (job["phase"], job["cancel_requested_at"]) == ("running", "2026-01-01T12:00:00")
    assert len(await bench.world.events("job.cancel_requested")) == 1
    assert (await bench.told(job_id, token))["cancel"]
    end = {"seq": 1, "kind": "finish", "result": "cancelled"}
    assert not (await bench.told(job_id, token, end))["cancel"]
    job = await bench.job(job_id)
    assert (job["result"], job["status_reason"]) == ("cancelled", "cancelled by epm")


async def test_a_job_that_ends_before_it_hears_of_the_cancel_keeps_its_result(
    bench: Bench,
) -> None:
    job_id = await bench.queued()
    token = (await bench.claim(job_id))["lease_token"]
    await cancel(bench, job_id)
    await bench.told(job_id, token, {"seq": 1, "kind": "finish", "result": "passed"})
    assert (await bench.job(job_id))["result"] == "passed"


async def test_a_job_of_a_dci_client_is_cancelled_at_once(bench: Bench) -> None:
    job = await bench.created()
    body = {"job_id": job["id"], "status": "running"}
    await bench.world["red lab"].post("/jobstates", json=body)
    assert (await cancel(bench, job["id"]))["status"] == "killed"


async def test_a_finished_job_is_queued_again_as_the_next_attempt(bench: Bench) -> None:
    job_id = await bench.queued(max_attempts=1)
    first = (await bench.claim(job_id))["lease_token"]
    early = await bench.world["red user"].post(f"/jobs/{job_id}/retry")
    assert early.status_code == 409
    await bench.told(job_id, first, {"seq": 1, "kind": "finish", "result": "failed"})
    answer = await bench.world["red user"].post(f"/jobs/{job_id}/retry")
    assert answer.status_code == 201
    job = answer.json()["job"]
    assert (job["id"], job["status"], job["result"]) == (job_id, "new", None)
    assert (job["finished_at"], job["status_reason"]) == (None, None)
    (retried,) = await bench.world.events("job.retried")
    assert job_id in retried["payload"]
    claim = await bench.claim(job_id, agent="two")
    assert claim["attempt"] == 2
    told = await bench.told(job_id, first)  # the old agent has nothing more to say
    assert not told["cancel"]
    await bench.told(job_id, claim["lease_token"], {"seq": 1, "kind": "finish", "result": "passed"})
    assert (await bench.job(job_id))["result"] == "passed"
    assert len(await bench.world.events("job.finished")) == 2


async def test_a_new_attempt_forgets_the_counts_of_the_one_before(bench: Bench) -> None:
    job_id = await bench.queued()
    token = (await bench.claim(job_id))["lease_token"]
    counts = {"total": 1, "passed": 1, "failed": 0, "errored": 0, "skipped": 0}
    progress = {"seq": 1, "kind": "progress", **counts}
    await bench.told(job_id, token, progress, {"seq": 2, "kind": "finish", "result": "passed"})
    await bench.world.sql("UPDATE jobs SET tests = '{}' WHERE id = $1 RETURNING 1", job_id)
    assert (await bench.job(job_id))["progress"] == counts
    await bench.world["red user"].post(f"/jobs/{job_id}/retry")
    job = await bench.job(job_id)
    assert (job["progress"], job["tests"]) == (None, None)


async def test_a_job_of_a_dci_client_cannot_be_repeated_by_us(bench: Bench) -> None:
    job = await bench.created()
    await cancel(bench, job["id"])
    answer = await bench.world["red user"].post(f"/jobs/{job['id']}/retry")
    assert answer.status_code == 409


# the stream --------------------------------------------------------------------


class Counted(Database):
    """A database that counts its transactions; the first `failing` find it gone."""

    def __init__(self, db: Database, failing: int = 0) -> None:
        self._db, self._failing = db, failing
        self.transactions = 0

    @asynccontextmanager
    async def transaction(self, tenant: Tenant) -> AsyncIterator[Transaction]:
        self.transactions += 1
        if self.transactions <= self._failing:
            raise Unavailable("gone")
        async with self._db.transaction(tenant) as tx:
            yield tx


class Stream:
    """An agent's stream, message by message."""

    def __init__(self, bench: Bench, notifications: Notifications) -> None:
        world = bench.world
        team = Team(world.teams["red"], "red")
        caller = Caller("remoteci", world.machines["red lab"], "red lab", "", (team,))
        self.messages: AsyncIterator[Message] = orders(
            world.db, caller, notifications, Settings(), "1.0"
        )

    async def next(self) -> tuple[str, dict[str, Any]]:
        message = await anext(self.messages)
        return message.event, msgspec.json.decode(message.data)


@pytest.fixture
def notifications(bench: Bench) -> Notifications:
    return Notifications(bench.world.db.dsn)


async def test_a_stream_begins_with_all_there_is_to_do(
    bench: Bench, notifications: Notifications
) -> None:
    queued = await bench.queued()
    stopped = await bench.queued()
    await bench.queued("blue lab")
    await bench.created()  # runs by itself
    await bench.claim(stopped)
    await cancel(bench, stopped)
    stream = Stream(bench, notifications)
    kind, hello = await stream.next()
    assert (kind, hello["heartbeat_seconds"], hello["lease_seconds"]) == ("hello", 15, 60)
    assert hello["remoteci_id"] == str(bench.world.machines["red lab"])
    assert await stream.next() == ("cancel", {"job_id": stopped})
    assert await stream.next() == ("assignment", {"job_id": queued})
    seen = await bench.world.sql(
        "SELECT agent_version FROM remotecis WHERE last_seen_at IS NOT NULL AND name = 'red lab'"
    )
    assert seen == "1.0"


async def test_a_stream_tells_what_comes_once_it_is_woken(
    bench: Bench, notifications: Notifications
) -> None:
    stream = Stream(bench, notifications)
    await stream.next()
    lab = bench.world.machines["red lab"]

    async def wake() -> tuple[str, dict[str, Any]]:
        notifications.tell(LIVE, f"lab 1 {bench.world.machines['blue lab']}")
        notifications.tell(EVENTS, "job.assigned 7")
        notifications.tell(LIVE, f"lab 2 {lab}")
        return await stream.next()

    first = await bench.queued()
    assert await wake() == ("assignment", {"job_id": first})
    second = await bench.queued()
    assert await wake() == ("assignment", {"job_id": second})
    token = (await bench.claim(first))["lease_token"]
    await bench.told(first, token, {"seq": 1, "kind": "release", "reason": "full"})
    assert await wake() == ("assignment", {"job_id": first})


class Restless(VirtualClock):
    """On this clock every sleep is over at once."""

    async def sleep(self, seconds: float) -> None:
        await asyncio.sleep(0)


async def test_a_stream_looks_by_itself_when_a_wake_up_was_lost(
    bench: Bench, notifications: Notifications, clock: VirtualClock
) -> None:
    first = await bench.queued()
    bench.world.db.clock = Restless(clock.now())
    stream = Stream(bench, notifications)
    await stream.next()
    assert await stream.next() == ("assignment", {"job_id": first})
    second = await bench.queued()
    assert await stream.next() == ("assignment", {"job_id": second})


async def test_only_labs_have_such_a_stream(bench: Bench) -> None:
    assert (await bench.world["red user"].get("/agent/stream")).status_code == 401


async def test_labs_that_look_while_somebody_does_are_served_together(bench: Bench) -> None:
    world, queues = bench.world, Queues()
    jobs = {lab: await bench.queued(lab) for lab in ("red lab", "blue lab")}
    callers = {lab: Caller("remoteci", world.machines[lab], lab, "", ()) for lab in jobs}
    db = Counted(world.db)
    await asyncio.gather(
        *(
            queues.look(db, caller=caller, agent_version=f"{number}")
            for number in range(20)
            for caller in callers.values()
        )
    )
    assert db.transactions == 1
    for lab, caller in callers.items():
        [order] = await queues.look(db, caller=caller, agent_version="20")
        assert str(order.job_id) == jobs[lab]
    assert await world.sql("SELECT count(*) FROM remotecis WHERE agent_version = '20'") == 2


async def test_failed_look_is_everybodys_who_waited_and_nobodys_after(bench: Bench) -> None:
    world, queues = bench.world, Queues()
    caller = Caller("remoteci", world.machines["red lab"], "red lab", "", ())
    db = Counted(world.db, failing=1)
    looks = (queues.look(db, caller=caller, agent_version=None) for _ in range(3))
    failed = await asyncio.gather(*looks, return_exceptions=True)
    assert [type(one) for one in failed] == [Unavailable] * 3
    assert await queues.look(db, caller=caller, agent_version=None) == []


async def test_lab_that_somebody_changes_keeps_no_other_waiting(bench: Bench) -> None:
    world = bench.world
    ids = {lab: world.machines[lab] for lab in ("red lab", "blue lab")}
    async with world.db.transaction(SYSTEM) as changing:
        await changing.execute("UPDATE remotecis SET name = name WHERE id = $1", ids["red lab"])
        for lab, version in (("blue lab", "7"), ("red lab", None)):
            caller = Caller("remoteci", ids[lab], lab, "", ())
            look = Queues().look(world.db, caller=caller, agent_version="7")
            assert await asyncio.wait_for(look, 30) == []
            told = await world.sql("SELECT agent_version FROM remotecis WHERE id = $1", ids[lab])
            assert told == version
