"""Agents learn where the others of their own lab give files, and nobody else does."""

from typing import Any

import pytest

from ringtest.control.accounts.model import Caller, Team
from ringtest.control.db import rows
from ringtest.control.kernel.clock import VirtualClock
from ringtest.control.kernel.tenant import SYSTEM
from ringtest.control.lab_caches.model import MOST
from tests.control.jobs.bench import Bench


async def tell(
    bench: Bench, agent: str, address: str | None = None, lab: str = "red lab"
) -> list[str]:
    body = {"agent": agent, **({"address": address} if address else {})}
    answer = await bench.world[lab].post("/agent/caches", json=body)
    assert answer.status_code == 200, answer.text
    return [one["address"] for one in answer.json()["caches"]]


def later(bench: Bench, seconds: float) -> None:
    clock = bench.world.db.clock
    assert isinstance(clock, VirtualClock)
    clock.advance(seconds)


async def test_agents_of_a_lab_learn_of_each_other_and_not_of_themselves(bench: Bench) -> None:
    assert await tell(bench, "a", "http://rack-7:8970") == []
    assert await tell(bench, "b", "http://rack-8:8970") == ["http://rack-7:8970"]
    assert await tell(bench, "c") == ["http://rack-7:8970", "http://rack-8:8970"]
    assert await tell(bench, "a", "http://rack-7:8971") == ["http://rack-8:8970"]
    assert await tell(bench, "c") == ["http://rack-7:8971", "http://rack-8:8970"]


async def test_address_is_known_for_as_long_as_it_is_told(bench: Bench) -> None:
    await tell(bench, "a", "http://rack-7:8970")
    later(bench, 60)
    await tell(bench, "a", "http://rack-7:8970")
    later(bench, 60)
    assert await tell(bench, "b") == ["http://rack-7:8970"]
    later(bench, 31)
    assert await tell(bench, "b") == []


async def test_agent_that_gives_nothing_any_more_is_known_no_longer(bench: Bench) -> None:
    await tell(bench, "a", "http://rack-7:8970")
    await tell(bench, "a")
    assert await tell(bench, "b") == []


async def test_lab_of_another_team_and_another_lab_of_the_team_learn_nothing(bench: Bench) -> None:
    await tell(bench, "a", "http://rack-7:8970")
    assert await tell(bench, "a2", lab="blue lab") == []
    async with bench.world.db.transaction(SYSTEM) as tx:
        other = await rows.insert(
            tx, "remotecis", {"name": "red lab 2", "team_id": bench.world.teams["red"]}
        )
        await tx.execute("UPDATE lab_caches SET remoteci_id = $1", other)
    assert await tell(bench, "b") == []


async def test_only_agents_ask_and_tell(bench: Bench) -> None:
    body = {"agent": "a", "address": "http://rack-7:8970"}
    for who in ("red user", "super admin", "epm", "read-only"):
        answer = await bench.world[who].post("/agent/caches", json=body)
        assert answer.status_code == 401, who
    assert await tell(bench, "b") == []


@pytest.mark.parametrize(
    "address",
    [
        "rack-7:8970",
        "https://rack-7:8970",
        "http://rack-7",
        "http://user:word@rack-7:8970",
        "http://rack-7:8970/files",
        "http://rack-7:8970?x=1",
        "http://rack-7:99999",
        "http://[::1:8970",
        "http://rack 7:8970",
        "file:///etc/shadow",
        "http://rack-7:8970\r\nX: y",
    ],
)
async def test_what_is_more_than_a_machine_and_a_port_is_refused(
    bench: Bench, address: str
) -> None:
    body = {"agent": "a", "address": address}
    answer = await bench.world["red lab"].post("/agent/caches", json=body)
    assert answer.status_code == 400
    assert await tell(bench, "b") == []


async def test_a_lab_has_so_many_and_no_more(bench: Bench) -> None:
    for number in range(MOST + 3):
        later(bench, 0.5)
        await tell(bench, f"a{number:03}", f"http://rack-{number}:8970")
    found = await tell(bench, "b")
    assert len(found) == MOST and "http://rack-0:8970" not in found


async def test_lab_that_moved_to_another_team_goes_on_telling(bench: Bench) -> None:
    await tell(bench, "a", "http://rack-7:8970")
    lab = bench.world.machines["red lab"]
    async with bench.world.db.transaction(SYSTEM) as tx:
        await rows.update(tx, "remotecis", lab, {"team_id": bench.world.teams["blue"]}, etag=None)
    assert await tell(bench, "a", "http://rack-7:8971") == []
    assert await tell(bench, "b") == ["http://rack-7:8971"]


async def test_rows_are_hidden_from_other_teams_by_policy_too(bench: Bench) -> None:
    await tell(bench, "a", "http://rack-7:8970")
    seen: dict[str, Any] = {}
    for team in ("red", "blue"):
        own = (Team(bench.world.teams[team], team),)
        caller = Caller("remoteci", bench.world.machines[f"{team} lab"], team, "", own)
        async with bench.world.db.transaction(caller.tenant) as tx:
            seen[team] = await tx.fetchval("SELECT count(*) FROM lab_caches")
    assert seen == {"red": 1, "blue": 0}
