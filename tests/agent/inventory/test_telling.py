"""The server hears of a machine once, and again when something changed."""

import asyncio
import dataclasses
from collections.abc import Callable
from pathlib import Path
from typing import Any

from ringtest.agent.inventory.telling import NAME, Telling
from ringtest.agent.service import Agent
from ringtest.agent.settings import AgentSettings
from ringtest.client import Unreachable
from tests.agent.conftest import FakeServer


class Server:
    """What it was told, while it is there."""

    def __init__(self) -> None:
        self.told: list[dict[str, Any]] = []
        self.is_away = False

    async def take(self, body: dict[str, Any]) -> None:
        if self.is_away:
            raise Unreachable("nobody is there")
        self.told.append(body)


async def test_an_unchanged_machine_is_told_once_and_a_change_at_the_next_look(
    tmp_path: Path,
) -> None:
    server, machine = Server(), {"memory": {"mib": 1024}}
    telling = Telling(
        server.take, agent="rack", labels={"rack": "7"}, data=tmp_path, look=lambda: machine
    )
    for _ in range(3):
        await telling.tell()
    machine = {"memory": {"mib": 2048}}
    await telling.tell()
    assert [one["inventory"]["memory"]["mib"] for one in server.told] == [1024, 2048]
    assert server.told[0]["labels"] == {"memory": "1GiB", "memory_gib": "1", "rack": "7"}
    assert '"mib": 2048' in (tmp_path / NAME).read_text()


async def test_what_a_server_that_was_away_did_not_hear_is_told_later(tmp_path: Path) -> None:
    server = Server()
    server.is_away = True
    telling = Telling(server.take, agent="rack", labels={}, data=tmp_path, look=dict)
    await telling.tell()
    server.is_away = False
    await telling.tell()
    assert len(server.told) == 1


async def test_an_agent_tells_its_machine_before_it_takes_a_job(
    server: FakeServer, settings: AgentSettings, spec: Callable[..., dict[str, Any]]
) -> None:
    job = server.add_job(spec("true"))
    agent = Agent(dataclasses.replace(settings, labels={"rack": "7"}))
    running = asyncio.create_task(agent.run())
    try:
        await server.until(lambda: job.phase == "finished")
    finally:
        agent.stop()
        await asyncio.wait_for(running, 20)
    told = server.requests.index("POST /agent/inventory")
    assert told < server.requests.index(f"POST /jobs/{job.id}/claim")
    [known] = server.inventories
    assert known["labels"]["rack"] == "7" and known["inventory"]["kernel"]["release"]
