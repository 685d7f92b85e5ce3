"""A lab that asks for jobs itself: when it is time, once, and one alone if somebody says so."""

import asyncio
import dataclasses
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from ringtest.agent.asking import Asking
from ringtest.agent.service import Agent
from ringtest.agent.settings import AgentSettings, SettingsError, read_settings
from ringtest.client import ApiError, Unreachable
from tests.agent.conftest import FakeServer

HOUR = 3600.0


class Desk:
    """Who is asked, and a clock to turn."""

    def __init__(self, data: Path) -> None:
        self.data = data
        self.now = 1_000_000.0
        self.asked: list[tuple[str, str]] = []
        self.trouble: dict[str, Exception] = {}

    async def ask(self, topic: str, key: str) -> str:
        self.asked.append((topic, key))
        if topic in self.trouble:
            raise self.trouble[topic]
        return "1f2e3d4c"

    def asking(self) -> Asking:
        """As an agent that was just started."""
        return Asking(
            self.ask, ["rhel-9", "rhel-10"], every_hours=6, data=self.data, now=lambda: self.now
        )

    async def look(self, hours: float = 0) -> tuple[list[str], float]:
        """So many hours later, after a restart: which topics were asked for, and what is next."""
        self.now += hours * HOUR
        self.asked.clear()
        wait = await self.asking().ask_what_is_due()
        return [topic for topic, _ in self.asked], wait


@pytest.fixture
def desk(tmp_path: Path) -> Desk:
    return Desk(tmp_path)


async def test_each_topic_is_asked_for_once_in_its_time_also_after_a_restart(desk: Desk) -> None:
    assert await desk.look() == (["rhel-9", "rhel-10"], 6 * HOUR)
    assert await desk.look(hours=5) == ([], HOUR)
    assert await desk.look(hours=1) == (["rhel-9", "rhel-10"], 6 * HOUR)


async def test_a_lost_answer_is_asked_for_again_with_the_same_key(desk: Desk) -> None:
    desk.trouble["rhel-9"] = Unreachable("cut")
    assert await desk.look() == (["rhel-9", "rhel-10"], 60)
    [key, _] = [key for _, key in desk.asked]
    desk.trouble.clear()
    assert (await desk.look())[0] == ["rhel-9"] and desk.asked[0][1] == key
    await desk.look(hours=6)
    assert desk.asked[0][1] != key


async def test_a_topic_that_has_nothing_waits_for_its_next_time(desk: Desk) -> None:
    desk.trouble["rhel-9"] = ApiError(412, "the topic has no job definition", {}, "POST")
    assert await desk.look() == (["rhel-9", "rhel-10"], 6 * HOUR)
    assert (await desk.look(hours=1))[0] == []


async def test_a_clock_that_was_set_back_holds_nothing_up(desk: Desk) -> None:
    await desk.look()
    assert (await desk.look(hours=-24))[0] == ["rhel-9", "rhel-10"]


def test_topics_are_settings() -> None:
    given = {"server": "http://ci", "client_id": "remoteci/1", "api_secret": "s"}
    found = read_settings({**given, "topics": "rhel-9", "topics_every_hours": 6}, {}, None)
    assert found.topics == ("rhel-9",) and found.topics_every_hours == 6 and found.lab_id == "1"
    with pytest.raises(SettingsError, match="more than 0"):
        read_settings({**given, "topics_every_hours": 0}, {}, None)


async def test_agent_asks_for_its_topics_and_does_what_it_gets(
    server: FakeServer, settings: AgentSettings, spec: Callable[..., dict[str, Any]]
) -> None:
    server.offered = spec("echo mine")
    agent = Agent(dataclasses.replace(settings, topics=("rhel-9",)))
    running = asyncio.create_task(agent.run())
    try:
        await server.until(lambda: any(job.phase == "finished" for job in server.jobs.values()))
    finally:
        agent.stop()
        await asyncio.wait_for(running, 20)
    [job] = server.jobs.values()
    assert job.printed() == b"mine\n"


@pytest.mark.parametrize(("command", "result"), [("true", "passed"), ("false", "failed")])
async def test_once_does_the_one_job_that_it_asked_for_and_ends(
    command: str, result: str,
    server: FakeServer, settings: AgentSettings, spec: Callable[..., dict[str, Any]],
) -> None:  # fmt: skip
    waiting = server.add_job(spec("true"))
    server.offered = spec(command)
    agent = Agent(settings, once="rhel-9")
    await asyncio.wait_for(agent.run(), 60)
    [made] = server.wished.values()
    assert (waiting.phase, made.phase, agent.result) == ("queued", "finished", result)


async def test_once_for_a_topic_that_is_not_there_says_so(
    server: FakeServer, settings: AgentSettings
) -> None:
    with pytest.raises(ApiError, match="no topic 'nothing'"):
        await Agent(settings, once="nothing").run()
