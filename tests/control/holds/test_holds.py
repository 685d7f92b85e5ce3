"""What a job left is kept under a lease: who may ask for it, until when, and who ends it."""

from typing import Any

from ringtest.control.kernel.clock import VirtualClock
from tests.control.jobs.bench import Bench

HOLD: dict[str, Any] = {"attempt": 1, "hours": 4, "host": "rack-7", "shell": "ssh rack-7"}


async def ask(bench: Bench, job_id: str, verb: str = "", who: str = "red user", **body: Any) -> Any:
    answer = await bench.world[who].post(f"/jobs/{job_id}/hold{verb}", json=body or None)
    return answer.json()["hold"] if answer.is_success else answer.status_code


async def test_lab_holds_and_its_team_sees_how_to_get_in(bench: Bench) -> None:
    job_id = await bench.queued()
    held = await ask(bench, job_id, who="red lab", **HOLD)
    assert held["is_held"] and held["shell"] == "ssh rack-7" and held["host"] == "rack-7"
    assert held["until"] == "2026-01-01T16:00:00"
    seen = await bench.world["red user"].get(f"/jobs/{job_id}/holds")
    assert seen.json()["holds"] == [held]


async def test_only_the_labs_own_agent_may_begin_a_hold(bench: Bench) -> None:
    job_id = await bench.queued()
    for who in ("red user", "epm", "blue lab", "blue user"):
        assert await ask(bench, job_id, who=who, **HOLD) == 401
    answer = await bench.world["red user"].get(f"/jobs/{job_id}/holds")
    assert answer.json()["holds"] == []
    assert await ask(bench, job_id, "/extend", hours=1) == 404


async def test_another_team_sees_and_changes_no_hold(bench: Bench) -> None:
    job_id = await bench.queued()
    await ask(bench, job_id, who="red lab", **HOLD)
    assert (await bench.world["blue user"].get(f"/jobs/{job_id}/holds")).status_code == 401
    assert await ask(bench, job_id, "/extend", "blue user", hours=1) == 401
    assert await ask(bench, job_id, "/release", "blue user") == 401


async def test_hold_is_extended_from_now_and_never_beyond_its_most(bench: Bench) -> None:
    job_id = await bench.queued()
    await ask(bench, job_id, who="red lab", **HOLD)
    _later(bench, 2)
    longer = await ask(bench, job_id, "/extend", hours=24)
    assert longer["until"] == "2026-01-02T14:00:00"
    most = await ask(bench, job_id, "/extend", hours=168)
    assert most["until"] == most["most_until"] == "2026-01-08T12:00:00"
    assert await ask(bench, job_id, "/extend", hours=169) == 400


async def test_time_ends_a_hold_and_nobody_brings_it_back(bench: Bench) -> None:
    job_id = await bench.queued()
    await ask(bench, job_id, who="red lab", **HOLD)
    _later(bench, 5)
    [seen] = (await bench.world["red user"].get(f"/jobs/{job_id}/holds")).json()["holds"]
    assert not seen["is_held"] and seen["released_at"] is None
    assert await ask(bench, job_id, "/extend", hours=1) == 409


async def test_released_hold_names_who_did_it_and_stays_released(bench: Bench) -> None:
    job_id = await bench.queued()
    await ask(bench, job_id, who="red lab", **HOLD)
    done = await ask(bench, job_id, "/release")
    assert not done["is_held"] and done["released_by"] == "red user"
    assert (await ask(bench, job_id, "/release", "red lab"))["released_by"] == "red user"
    again = await ask(bench, job_id, who="red lab", **HOLD)  # a repeated request of the agent
    assert not again["is_held"]
    later = await ask(bench, job_id, who="red lab", **{**HOLD, "attempt": 2})
    assert later["is_held"] and later["attempt"] == 2 and later["released_by"] is None


def _later(bench: Bench, hours: float) -> None:
    clock = bench.world.db.clock
    assert isinstance(clock, VirtualClock)
    clock.advance(hours * 3600)
