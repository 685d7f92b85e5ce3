"""Services with commands of their own: started, stopped, restarted for what they rest on."""

from pathlib import Path
from typing import Any

from tests.agent.preparation.machines import Lab

FILES = {"lab.conf": "level = 1\n"}


def daemon(**more: Any) -> dict[str, Any]:
    """A service that writes what happens to it, and what its file was at its start."""
    return {
        "start": "touch running; echo start $(cat lab.conf) >> history",
        "stop": "rm running; echo stop >> history",
        "status": "test -e running",
        **more,
    }


def history(machine: Lab) -> list[str]:
    return (machine.work / "history").read_text().splitlines()


async def test_a_service_is_restarted_when_a_file_that_it_rests_on_changes(machine: Lab) -> None:
    service = daemon(restart_on=["lab.conf"])
    await machine.prepare(files=FILES, services={"lab": service})
    await machine.prepare(files=FILES, services={"lab": service})
    await machine.prepare(files={"lab.conf": "level = 2\n"}, services={"lab": service})
    assert history(machine) == ["start level = 1", "stop", "start level = 2"]


async def test_a_service_that_does_not_rest_on_a_file_goes_on(machine: Lab) -> None:
    await machine.prepare(files=FILES, services={"lab": daemon()})
    await machine.prepare(files={"lab.conf": "level = 2\n"}, services={"lab": daemon()})
    assert history(machine) == ["start level = 1"]


async def test_a_service_is_stopped_and_one_that_is_wanted_no_more_too(machine: Lab) -> None:
    await machine.prepare(files=FILES, services={"a": daemon()})
    await machine.prepare(files=FILES, services={"a": daemon(state="stopped")})
    await machine.prepare(files=FILES, services={"a": daemon()})
    await machine.prepare(files=FILES, services={})
    assert history(machine) == ["start level = 1", "stop", "start level = 1", "stop"]


async def test_what_is_taken_back_goes_in_the_opposite_order(machine: Lab) -> None:
    await machine.prepare(files=FILES, services={"a": daemon(stop="rm running; cat lab.conf")})
    await machine.take_back()
    assert "| level = 1" in machine.said, "the service was stopped before its file went away"
    assert not (machine.work / "lab.conf").exists()


async def test_a_service_that_does_not_come_up_is_told(machine: Lab) -> None:
    why = await machine.failing(services={"lab": daemon(start="true")})
    assert why == "services: lab does not run after its start"
    why = await machine.failing(services={"lab": {"start": "true"}})
    assert why == "services: lab: one with a start has a status too"


async def test_a_service_of_the_system_is_asked_by_its_own_program(
    machine: Lab, tmp_path: Path
) -> None:
    tools = tmp_path / "tools"
    tools.mkdir()
    for name in ("service", "systemctl"):
        (tools / name).write_text(
            '#!/bin/sh\ncase "$*" in *status*|*is-active*) test -e up;;'
            " *stop*) rm up;; *start*) touch up;; esac\n"
        )
        (tools / name).chmod(0o755)
    machine.variables["PATH"] = f"{tools}:/usr/bin:/bin"
    await machine.prepare(services=["sshd"])
    assert (machine.work / "up").exists()
    await machine.prepare(services={"sshd": "stopped"})
    assert not (machine.work / "up").exists()
