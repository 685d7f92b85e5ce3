"""The folder that an agent is given for its data."""

import fcntl
import stat
from pathlib import Path

import pytest

from ringtest.agent.service import Agent
from ringtest.agent.settings import AgentSettings, SettingsError


def agent(data: Path) -> Agent:
    """One that ends as soon as it has begun."""
    made = Agent(AgentSettings("http://127.0.0.1:1", "remoteci/x", "secret", data=data))
    made.stop()
    return made


def mode(folder: Path) -> int:
    return stat.S_IMODE(folder.stat().st_mode)


async def test_a_folder_of_its_own_lists_nothing_to_others(tmp_path: Path) -> None:
    await agent(tmp_path / "lab" / "data").run()
    assert mode(tmp_path / "lab" / "data") == mode(tmp_path / "lab" / "data" / "jobs") == 0o711


async def test_a_folder_that_holds_something_keeps_its_mode(tmp_path: Path) -> None:
    shared = tmp_path / "shared"
    shared.mkdir()
    (shared / "of somebody").touch()
    shared.chmod(0o1777)
    await agent(shared).run()
    assert mode(shared) == 0o1777


async def test_a_folder_that_cannot_be_used_is_named(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    with pytest.raises(SettingsError, match="file/data cannot hold the agent's data: Not a dir"):
        await agent(tmp_path / "file" / "data").run()
    (tmp_path / "data" / "lock").mkdir(parents=True)
    with pytest.raises(SettingsError, match="Is a directory"):
        await agent(tmp_path / "data").run()


async def test_two_agents_never_share_a_folder(tmp_path: Path) -> None:
    with (tmp_path / "lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        with pytest.raises(SettingsError, match="another agent works in"):
            await agent(tmp_path).run()
