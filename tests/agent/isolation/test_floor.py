"""A server's definition cannot lower what a lab accepts."""

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from ringtest.agent.definitions.isolated import Isolation
from ringtest.agent.definitions.model import Definition, Stages, Step
from ringtest.agent.isolation.floor import Floor, Limits, under
from ringtest.agent.service import Agent
from ringtest.agent.settings import AgentSettings, SettingsError, read_settings
from ringtest.language.state_guard import StateGuard
from tests.agent.conftest import FakeJob, FakeServer
from tests.agent.isolation.conftest import needed

LAB = {"DCI_CS_URL": "http://ci", "DCI_CLIENT_ID": "remoteci/1", "DCI_API_SECRET": "secret"}
APART = Floor(("bubblewrap", "podman", "ssh"))
STEPS = Stages(test=[Step("true")], teardown=[Step("true")])


@asynccontextmanager
async def running(settings: AgentSettings, **floor: Any) -> AsyncIterator[Agent]:
    agent = Agent(replace(settings, **floor))
    task = asyncio.create_task(agent.run())
    yield agent
    agent.stop()
    await asyncio.wait_for(task, 20)


async def done(server: FakeServer, job: FakeJob) -> str:
    await server.until(lambda: job.phase == "finished")
    return job.log().decode()


async def test_job_for_the_machine_runs_in_a_sandbox_with_its_venv_and_smaller_limits(
    server: FakeServer, settings: AgentSettings, spec: Callable[..., Any], tmp_path: Path
) -> None:
    needed("bwrap")
    secret = tmp_path / "outside"
    secret.write_text("of the lab")
    check = 'test "$(command -v python)" = "$VIRTUAL_ENV/bin/python" && python -m pip --version'
    steps = [check, f"! cat {secret}", "ulimit -n", 'touch "$VIRTUAL_ENV/mine"']
    mine = {"accepts": ("podman", "bubblewrap"), "limits": Limits(open_files=64)}
    async with running(settings, **mine):
        job = server.add_job(spec(*steps, isolation="venv"))
        text = await done(server, job)
    assert job.end()["result"] == "passed", text
    assert "bubblewrap instead of venv: accepts of this lab is podman, bubblewrap" in text
    assert "at most open_files 64: limits of this lab" in text
    assert "64" in job.printed().decode().splitlines()
    assert secret.read_text() == "of the lab"


async def test_refused_job_runs_no_command_of_any_stage_and_names_the_setting(
    server: FakeServer, settings: AgentSettings, spec: Callable[..., Any], tmp_path: Path
) -> None:
    touch = [{"run": f"touch {tmp_path}/ran"}]
    stages = dict.fromkeys(("provision", "prepare", "test", "collect", "teardown"), touch)
    async with running(settings, accepts=("ssh",)):
        job = server.add_job(spec(isolation="none", stages=stages))
        await done(server, job)
    assert job.end()["result"] == "errored"
    assert "isolation none is not accepted here: accepts of this lab is ssh" in job.end()["reason"]
    assert not (tmp_path / "ran").exists()


async def test_longest_time_of_a_job_is_the_labs(
    server: FakeServer, settings: AgentSettings, spec: Callable[..., Any]
) -> None:
    async with running(settings, limits=Limits(seconds=0.5)):
        job = server.add_job(spec("sleep 60", isolation={"kind": "none", "seconds": 3600}))
        await done(server, job)
    assert job.end()["result"] == "errored"
    assert "timed out after 0.5 s" in job.end()["reason"]


@pytest.mark.parametrize(
    ("floor", "wanted", "setting"),
    [
        (APART, Isolation("podman", rootfs="/"), "limits.rootfs"),
        (APART, Isolation("bubblewrap", readable=["/etc"]), "limits.readable"),
        (APART, Isolation("ssh", host="bastion"), "limits.hosts"),
        (Floor(("bubblewrap",)), Isolation("podman", rootfs="/srv"), "accepts"),
        (
            Floor(("bubblewrap",), Limits(network=False)),
            Isolation("bubblewrap", network=True),
            "limits.network",
        ),
        (
            Floor(("podman",), Limits(rootfs=["/srv/roots"])),
            Isolation("podman", rootfs="/srv/roots/../../"),
            "limits.rootfs",
        ),
        (
            Floor(("podman",), Limits(rootfs=["/srv/roots"])),
            Isolation("podman", rootfs="/srv/roots/el9", writable=True),
            "limits.writable",
        ),
    ],
)
def test_what_leads_around_the_floor_is_refused(
    floor: Floor, wanted: Isolation, setting: str
) -> None:
    floored = under(floor, Definition(STEPS, isolation=wanted))
    assert setting in floored.refused
    assert floored.definition.stages == Stages()


def test_folder_that_a_link_leads_out_of_is_refused(tmp_path: Path) -> None:
    (tmp_path / "shown").mkdir()
    (tmp_path / "shown" / "link").symlink_to("/etc")
    floor = Floor(("bubblewrap",), Limits(readable=[str(tmp_path / "shown")]))
    inside = Isolation("bubblewrap", readable=[str(tmp_path / "shown" / "more")])
    outside = Isolation("bubblewrap", readable=[str(tmp_path / "shown" / "link")])
    assert not under(floor, Definition(STEPS, isolation=inside)).refused
    assert "limits.readable" in under(floor, Definition(STEPS, isolation=outside)).refused


@pytest.mark.parametrize(
    "more", [{"environment": {"files": []}}, {"guard": StateGuard(files=["/etc/shadow"])}]
)
def test_what_the_agent_itself_would_do_to_the_machine_is_refused(more: dict[str, Any]) -> None:
    definition = Definition(STEPS, isolation="bubblewrap", **more)
    assert next(iter(more)) in under(APART, definition).refused
    assert not under(Floor(("bubblewrap", "none")), definition).refused


def test_what_is_within_the_floor_stays_as_it_is() -> None:
    limits = Limits(memory="2GiB", cpus=2, rootfs=["/srv/roots"], hosts=["board-*"])
    floor = Floor(("bubblewrap", "podman", "ssh"), limits)
    for wanted in (
        Isolation("bubblewrap", memory="1 GiB", cpus=1),
        Isolation("podman", rootfs="/srv/roots/el9", memory=2**31, cpus=2),
        Isolation("ssh", host="board-7", memory="2GiB", cpus=0.5),
    ):
        definition = Definition(STEPS, isolation=wanted)
        assert under(floor, definition).definition == definition
    assert under(Floor(), Definition(STEPS)).definition == Definition(STEPS)
    assert not under(Floor(("venv",)), Definition(STEPS, isolation="none")).said


def test_more_than_the_limits_becomes_the_limits() -> None:
    floor = Floor(limits=Limits(memory="2GiB", cpus=2, processes=9))
    asked = Isolation("venv", memory="3 GiB", cpus=1)
    floored = under(floor, Definition(STEPS, isolation=asked))
    assert floored.definition.isolated == Isolation("venv", memory="2GiB", cpus=1, processes=9)
    assert floored.said == ["at most memory 2GiB, processes 9: limits of this lab"]


def test_moved_job_has_no_network_where_limits_have_none() -> None:
    moved = under(Floor(("bubblewrap",)), Definition(STEPS)).definition.isolated
    assert (moved.kind, moved.network) == ("bubblewrap", True)
    cut = under(Floor(("bubblewrap",), Limits(network=False)), Definition(STEPS))
    assert not cut.definition.isolated.network
    assert "no network: limits.network of this lab is false" in cut.said


def test_floor_is_read_from_the_settings_file(tmp_path: Path) -> None:
    file = tmp_path / "agent.toml"
    file.write_text('accepts = ["bubblewrap"]\n[limits]\nmemory = "2GiB"\nnetwork = false\n')
    settings = read_settings({}, LAB, file)
    assert settings.floor == Floor(("bubblewrap",), Limits(memory="2GiB", network=False))


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ('accepts = ["vm"]', "accepts: Invalid enum value 'vm'"),
        ("accepts = []", "accepts names no kind"),
        ('[limits]\nmemroy = "1GiB"', "limits: .*memroy"),
        ("[limits]\nnetwork = false", "needs accepts without none and venv"),
        ('accepts = ["venv"]\n[limits]\nnetwork = false', "needs accepts without none and venv"),
    ],
)
def test_floor_that_cannot_be_kept_is_no_setting(tmp_path: Path, text: str, message: str) -> None:
    file = tmp_path / "agent.toml"
    file.write_text(text)
    with pytest.raises(SettingsError, match=message):
        read_settings({}, LAB, file)
