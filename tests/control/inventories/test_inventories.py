"""What labs' machines are made of: kept when it changes, with the jobs that ran on it."""

from typing import Any

import pytest

from ringtest.control.kernel.clock import VirtualClock
from tests.control.jobs.bench import Bench

MACHINE: dict[str, Any] = {
    "cpu": {"arch": "x86_64", "threads": 8, "flags": {"avx2": True}},
    "nics": {"0000:03:00.0": {"driver": "mlx5_core", "firmware": "22.39"}},
}
NEWER = {**MACHINE, "nics": {"0000:03:00.0": {"driver": "mlx5_core", "firmware": "22.41"}}}
FIRMWARE = {
    "what": "inventory / nics / 0000:03:00.0 / firmware", "before": "22.39", "after": "22.41",
}  # fmt: skip


async def tell(
    bench: Bench, machine: dict[str, Any], agent: str = "rack-7/1", who: str = "red lab"
) -> Any:
    _later(bench, 60)
    body = {"agent": agent, "labels": {"rack": "7"}, "inventory": machine}
    return await bench.world[who].post("/agent/inventory", json=body)


async def read(bench: Bench, path: str, who: str = "red user", **asked: Any) -> Any:
    answer = await bench.world[who].get(path, params=asked)
    return answer.json() if answer.is_success else answer.status_code


def _lab(bench: Bench) -> str:
    return f"/remotecis/{bench.world.machines['red lab']}/inventory"


async def test_same_inventory_twice_is_kept_once_and_a_change_is_told(bench: Bench) -> None:
    first = (await tell(bench, MACHINE)).json()["inventory"]
    assert (await tell(bench, MACHINE)).json()["inventory"] == first
    assert (await tell(bench, NEWER)).status_code == 200
    history = await read(bench, f"{_lab(bench)}/history")
    assert [len(one["changes"] or []) for one in history["inventories"]] == [1, 0]
    [newest] = (await read(bench, _lab(bench)))["inventories"]
    assert newest["inventory"] == NEWER and newest["changes"] == [FIRMWARE]
    page = await read(bench, f"{_lab(bench)}/history", limit=1, offset=1)
    assert page["inventories"][0]["id"] == first["id"] and page["_meta"]["count"] == 2


async def test_each_agent_of_a_lab_has_a_machine_of_its_own(bench: Bench) -> None:
    await tell(bench, MACHINE)
    await tell(bench, NEWER, agent="rack-8/1")
    found = (await read(bench, _lab(bench)))["inventories"]
    assert {one["agent"]: one["changes"] for one in found} == {"rack-7/1": None, "rack-8/1": None}


async def test_a_job_keeps_the_machine_that_it_ran_on(bench: Bench) -> None:
    await tell(bench, MACHINE)
    good = await _ran(bench, "passed")
    await tell(bench, NEWER)
    bad = await _ran(bench, "failed")
    assert (await read(bench, f"/jobs/{good}/inventory"))["inventory"]["inventory"] == MACHINE
    asked = f"/jobs/{bad}/inventory/differences"
    compared = (await read(bench, asked))["comparison"]
    assert compared["with_job_id"] == good and compared["differences"] == [FIRMWARE]
    same = (await read(bench, asked, with_job_id=bad))["comparison"]
    assert same["is_known"] and same["differences"] == []


async def test_a_job_of_an_agent_that_told_nothing_has_no_machine(bench: Bench) -> None:
    await tell(bench, MACHINE, agent="another/1")
    job = await _ran(bench, "failed")
    assert await read(bench, f"/jobs/{job}/inventory") == 404
    compared = (await read(bench, f"/jobs/{job}/inventory/differences"))["comparison"]
    assert compared == {
        "job_id": job, "with_job_id": None, "is_known": False, "differences": [],
    }  # fmt: skip


async def test_only_agents_tell_and_other_teams_read_nothing(bench: Bench) -> None:
    assert (await tell(bench, MACHINE, who="red user")).status_code == 401
    await tell(bench, MACHINE)
    job = await _ran(bench, "passed")
    for path in (_lab(bench), f"{_lab(bench)}/history", f"/jobs/{job}/inventory"):
        assert await read(bench, path, who="blue user") == 401
    asked = f"/jobs/{job}/inventory/differences"
    assert await read(bench, asked, who="blue user") == 401
    theirs = await _ran(bench, "passed", lab="blue lab")
    assert await read(bench, asked, who="red user", with_job_id=theirs) == 401


@pytest.mark.parametrize(
    "machine",
    [
        {"cpu": "fast"},
        {"cpu": {"a": {"b": {"c": 1}}}},
        {"cpu": {"a": "\0"}},
        {"cpu": {"a": 2**70}},
        {"cpu": {str(n): "x" * 4000 for n in range(70)}},
    ],
)
async def test_what_is_no_inventory_is_refused(bench: Bench, machine: dict[str, Any]) -> None:
    assert (await tell(bench, machine)).status_code == 400


async def _ran(bench: Bench, result: str, lab: str = "red lab") -> str:
    _later(bench, 60)
    job = await bench.queued(lab)
    agent = bench.world[lab]
    claimed = await agent.post(f"/jobs/{job}/claim", json={"agent": "rack-7/1"})
    token = claimed.json()["claim"]["lease_token"]
    end = {"seq": 1, "at": "2026-01-01T12:00:00", "kind": "finish", "result": result}
    told = await agent.post(
        f"/jobs/{job}/records", json={"records": [end]}, headers={"X-Ringtest-Lease": token}
    )
    assert told.is_success, told.text
    return job


def _later(bench: Bench, seconds: float) -> None:
    clock = bench.world.db.clock
    assert isinstance(clock, VirtualClock)
    clock.advance(seconds)
