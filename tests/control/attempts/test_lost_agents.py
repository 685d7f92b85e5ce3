"""Agents that fall silent, come back, or never do; servers that were away themselves."""

import base64
from collections.abc import Iterator

import pytest

from ringtest.control.attempts.loop import rescue, stop_overdue
from ringtest.control.attempts.model import Watch
from ringtest.control.db.pool import Database
from ringtest.control.kernel.clock import VirtualClock
from ringtest.control.kernel.errors import Unavailable
from ringtest.control.kernel.settings import Settings
from tests.control.jobs.bench import Bench

SETTINGS = Settings()
LOG = {"kind": "log", "data": base64.b64encode(b"still here\n").decode()}


@pytest.fixture
def watch(clock: VirtualClock) -> Iterator[Watch]:
    """Of a rescuer that has been up for long enough."""
    watch = Watch(lease_seconds=60)
    watch.may_judge(clock.now())
    clock.advance(60)
    assert watch.may_judge(clock.now())
    yield watch


async def silence(bench: Bench, clock: VirtualClock, watch: Watch, seconds: int = 61) -> int:
    """Time passes with the rescuer looking all the while; how many jobs it rescued."""
    rescued = 0
    while seconds > 0:
        clock.advance(min(15, seconds))
        seconds -= 15
        rescued += await rescue(bench.world.db, watch)
    return rescued


async def test_lost_agent_gives_the_job_back(
    bench: Bench, clock: VirtualClock, watch: Watch
) -> None:
    job_id = await bench.queued()
    await bench.claim(job_id)
    assert await silence(bench, clock, watch, 59) == 0
    assert await silence(bench, clock, watch, 2) == 1
    job = await bench.job(job_id)
    assert (job["phase"], job["status"], job["attempt"]) == ("queued", "new", 1)
    (lost,) = await bench.world.events("job.lost")
    assert job_id in lost["payload"]
    assert len(await bench.world.events("job.retried")) == 1
    assert (await bench.claim(job_id, agent="agent 2"))["attempt"] == 2


async def test_an_agent_that_beats_keeps_its_job(
    bench: Bench, clock: VirtualClock, watch: Watch
) -> None:
    job_id = await bench.queued()
    token = (await bench.claim(job_id))["lease_token"]
    for _ in range(10):
        assert await silence(bench, clock, watch, 45) == 0
        told = await bench.told(job_id, token)
        assert not told["fenced"]


async def test_an_agent_that_comes_back_in_time_goes_on(
    bench: Bench, clock: VirtualClock, watch: Watch
) -> None:
    job_id = await bench.queued()
    token = (await bench.claim(job_id))["lease_token"]
    begin = {"seq": 1, "kind": "stage", "stage": "test", "status": "running"}
    await bench.told(job_id, token, begin)
    await silence(bench, clock, watch)
    told = await bench.told(job_id, token, {"seq": 2, **LOG})
    assert (told["applied_seq"], told["fenced"]) == (2, False)
    job = await bench.job(job_id)
    assert (job["phase"], job["stage"], job["attempt"]) == ("running", "test", 1)
    await bench.told(job_id, token, {"seq": 3, "kind": "finish", "result": "passed"})
    assert (await bench.job(job_id))["result"] == "passed"


async def test_an_agent_that_comes_back_too_late_changes_nothing_but_its_own_log(
    bench: Bench, clock: VirtualClock, watch: Watch
) -> None:
    job_id = await bench.queued()
    old = (await bench.claim(job_id, agent="one"))["lease_token"]
    await silence(bench, clock, watch)
    new = (await bench.claim(job_id, agent="two"))["lease_token"]
    before = await bench.job(job_id)
    told = await bench.told(
        job_id,
        old,
        {"seq": 1, **LOG},
        {"seq": 2, "kind": "stage", "stage": "collect", "status": "running"},
        {"seq": 3, "kind": "finish", "result": "failed"},
    )
    assert (told["applied_seq"], told["fenced"], told["cancel"]) == (3, True, False)
    assert await bench.job(job_id) == before
    kept = await bench.world.get("red user", f"/jobs/{job_id}/log", attempt=1)
    assert kept["log"]["lines"] == ["still here"]
    await bench.told(job_id, new, {"seq": 1, "kind": "finish", "result": "passed"})
    assert (await bench.job(job_id))["result"] == "passed"


async def test_a_job_lost_too_often_is_an_error(
    bench: Bench, clock: VirtualClock, watch: Watch
) -> None:
    job_id = await bench.queued(max_attempts=2)
    for agent in ("one", "two"):
        await bench.claim(job_id, agent=agent)
        assert await silence(bench, clock, watch) == 1
    job = await bench.job(job_id)
    assert (job["phase"], job["result"], job["status"]) == ("finished", "errored", "error")
    assert job["status_reason"] == "lost 2 times"
    assert len(await bench.world.events("job.finished")) == 1


async def test_a_fresh_rescuer_gives_agents_a_whole_lease_to_come_back(
    bench: Bench, clock: VirtualClock
) -> None:
    job_id = await bench.queued()
    token = (await bench.claim(job_id))["lease_token"]
    clock.advance(3600)  # nobody was there to renew it with
    watch = Watch(lease_seconds=60)
    assert await rescue(bench.world.db, watch) == 0
    clock.advance(30)
    assert await rescue(bench.world.db, watch) == 0
    assert not (await bench.told(job_id, token))["fenced"]
    clock.advance(30)
    assert await rescue(bench.world.db, watch) == 0
    assert await bench.world.events("job.lost") == []


async def test_a_database_that_was_away_costs_no_agent_its_job(
    bench: Bench, clock: VirtualClock, watch: Watch, monkeypatch: pytest.MonkeyPatch
) -> None:
    job_id = await bench.queued()
    token = (await bench.claim(job_id))["lease_token"]

    def away(*_: object) -> None:
        raise Unavailable("the database is not reachable; try again")

    with monkeypatch.context() as patch:
        patch.setattr(Database, "transaction", away)
        for _ in range(8):
            clock.advance(15)
            with pytest.raises(Unavailable):
                await rescue(bench.world.db, watch)
    assert await silence(bench, clock, watch, 45) == 0
    assert not (await bench.told(job_id, token))["fenced"]
    assert await silence(bench, clock, watch, 45) == 0


async def test_a_rescuer_that_stood_still_does_not_judge_at_once(
    bench: Bench, clock: VirtualClock, watch: Watch
) -> None:
    job_id = await bench.queued()
    await bench.claim(job_id)
    clock.advance(600)
    assert await rescue(bench.world.db, watch) == 0
    assert await silence(bench, clock, watch, 75) == 1


async def test_a_job_past_its_time_is_stopped_and_is_an_error(
    bench: Bench, clock: VirtualClock
) -> None:
    job_id = await bench.queued(timeout_seconds=100)
    token = (await bench.claim(job_id))["lease_token"]
    clock.advance(99)
    await bench.told(job_id, token)
    assert await stop_overdue(bench.world.db, SETTINGS) == 0
    clock.advance(1)
    assert await stop_overdue(bench.world.db, SETTINGS) == 1
    assert await stop_overdue(bench.world.db, SETTINGS) == 0
    assert (await bench.told(job_id, token))["cancel"]
    await bench.told(job_id, token, {"seq": 1, "kind": "finish", "result": "cancelled"})
    job = await bench.job(job_id)
    assert (job["result"], job["status_reason"]) == ("errored", "timed out after 100 s")


async def test_an_agent_that_could_not_be_heard_past_its_time_may_still_have_been_in_time(
    bench: Bench, clock: VirtualClock, watch: Watch
) -> None:
    """The server was away for a week; the agent has finished meanwhile."""
    job_id = await bench.queued(timeout_seconds=100)
    token = (await bench.claim(job_id))["lease_token"]
    clock.advance(7 * 86400)
    assert await stop_overdue(bench.world.db, SETTINGS) == 0
    assert await silence(bench, clock, watch, 75) == 1
    assert await stop_overdue(bench.world.db, SETTINGS) == 0
    await bench.told(job_id, token, {"seq": 1, "kind": "finish", "result": "passed"})
    assert (await bench.job(job_id))["result"] == "passed"


async def test_an_agent_that_does_not_stop_loses_the_job_a_lease_later(
    bench: Bench, clock: VirtualClock
) -> None:
    job_id = await bench.queued(timeout_seconds=100)
    token = (await bench.claim(job_id))["lease_token"]
    clock.advance(99)
    await bench.told(job_id, token)
    clock.advance(1)
    await stop_overdue(bench.world.db, SETTINGS)
    clock.advance(59)
    assert (await bench.told(job_id, token))["cancel"]
    assert await stop_overdue(bench.world.db, SETTINGS) == 0
    clock.advance(1)
    assert await stop_overdue(bench.world.db, SETTINGS) == 1
    job = await bench.job(job_id)
    assert (job["phase"], job["result"]) == ("finished", "errored")
    assert job["status_reason"] == "timed out after 100 s, and its agent did not stop"
    assert (await bench.told(job_id, token))["fenced"]


async def test_a_lost_agent_of_a_cancelled_job_cancels_it(
    bench: Bench, clock: VirtualClock, watch: Watch
) -> None:
    job_id = await bench.queued()
    await bench.claim(job_id)
    await bench.world["red user"].post(f"/jobs/{job_id}/cancel")
    assert await silence(bench, clock, watch) == 1
    job = await bench.job(job_id)
    assert (job["result"], job["status"]) == ("cancelled", "killed")
    assert job["status_reason"] == "cancelled by red user"
