"""SSH to a machine under test: a real sshd on a port of its own, with keys made for it."""

import asyncio
import os
import signal
import subprocess
import time
from collections.abc import AsyncIterator, Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from examples.jinja2.free_port import free_ports
from ringtest.agent import proc
from ringtest.agent.attempt import Attempt
from ringtest.agent.isolation.far_side import MARK
from ringtest.agent.isolation.held import let_go, read_note
from ringtest.agent.isolation.ssh import Ssh
from tests.agent.isolation.conftest import Isolated, needed
from tests.conftest import reachable_folder

SETTINGS = """
Port {port}
ListenAddress 127.0.0.1
HostKey {folder}/host
AuthorizedKeysFile {folder}/authorized
PidFile none
UsePAM no
StrictModes no
PermitRootLogin yes
SetEnv HOME={home}
"""


@dataclass
class Machine:
    """A machine under test."""

    wanted: dict[str, Any]
    home: Path

    @property
    def runs(self) -> list[Path]:
        """Folders of runs over there."""
        return list((self.home / ".ringtest").glob("*"))

    @property
    def processes(self) -> list[int]:
        """Ids of processes over there that carry a run's mark: those of this sshd only."""
        connection = f" {self.wanted['port']}\0".encode()
        return [
            one.pid
            for one in proc.table()
            if f"{MARK}=".encode() in (environ := proc._read(f"/proc/{one.pid}/environ"))
            and connection in environ
        ]


@pytest.fixture
async def machine() -> AsyncIterator[Machine]:
    """sshd in the foreground, for the account that runs the tests."""
    sshd, keygen = needed("sshd"), needed("ssh-keygen")
    with reachable_folder() as folder:
        home = folder / "home"
        home.mkdir()
        for name in ("host", "client"):
            make = [keygen, "-q", "-t", "ed25519", "-N", "", "-C", "", "-f", f"{folder}/{name}"]
            subprocess.run(make, check=True)
        (folder / "authorized").write_text((folder / "client.pub").read_text())
        port = free_ports(1)[0]
        (folder / "sshd").write_text(SETTINGS.format(port=port, folder=folder, home=home))
        if os.geteuid() == 0:
            Path("/run/sshd").mkdir(exist_ok=True)
        server = await asyncio.create_subprocess_exec(
            *(sshd, "-D", "-e", "-f", f"{folder}/sshd"), stderr=asyncio.subprocess.PIPE
        )
        assert server.stderr and b"listening" in await server.stderr.readline()
        wanted = {
            "kind": "ssh",
            "host": "127.0.0.1",
            "port": port,
            "identity": f"{folder}/client",
            "host_key": (folder / "host.pub").read_text().strip(),
        }
        yield Machine(wanted, home)
        server.kill()
        await server.wait()


async def test_commands_run_there_and_files_come_back(
    isolated: Isolated, machine: Machine, tmp_path: Path
) -> None:
    (tmp_path / "work").mkdir()
    (tmp_path / "work/given.txt").write_text("from the lab\n")
    done = await isolated(
        machine.wanted,
        'pwd; cat given.txt; echo "$RINGTEST_PARAMETER_WORDS"; echo made > out.txt',
        "test -f out.txt; exit 3",
        parameters={"words": 'it\'s "two" words'},
        artifacts=[{"path": "out.txt"}],
    )
    text = done.printed()
    assert text.startswith(str(machine.home)) and 'from the lab\nit\'s "two" words\n' in text
    assert done.result == "failed" and "exit code 3" in done.text
    assert (done.folder / "artifacts/out.txt").read_text() == "made\n"
    assert done.cleanup.left == [] and machine.runs == [] and not machine.processes


async def test_step_out_of_time_ends_on_the_far_side_too(
    isolated: Isolated, machine: Machine
) -> None:
    steps = [
        {"run": "setsid sleep 300 >/dev/null 2>&1 & sleep 300", "timeout_seconds": 1},
        {"run": "echo goes on", "always": True},
    ]
    done = await isolated(machine.wanted, stages={"test": steps})
    assert "not done after its 1 s" in done.text and "goes on" in done.printed()
    assert done.cleanup.left == [] and not machine.processes and machine.runs == []


async def test_cut_connection_ends_everything_there(isolated: Isolated, machine: Machine) -> None:
    running = asyncio.create_task(isolated(machine.wanted, "echo begun; sleep 300"))
    await _until(lambda: any(b"sleep" in _line(pid) for pid in machine.processes))
    port = str(machine.wanted["port"]).encode()
    for one in proc.table():
        if {b"ssh", b"-M", port} <= set(_line(one.pid).split(b"\0")):
            os.kill(one.pid, signal.SIGKILL)
    done = await running
    assert done.result == "failed" and "was cut" in done.text, done.text
    assert done.cleanup.left == [] and not machine.processes and not machine.runs


async def test_machine_that_hears_nothing_for_a_while_cleans_up_by_itself(
    isolated: Isolated, machine: Machine, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(Ssh, "lease_seconds", 0.5)
    monkeypatch.setattr(Ssh, "_beat", _silence)
    running = asyncio.create_task(isolated(machine.wanted, "echo begun; sleep 300"))
    await _until(lambda: bool(machine.processes))
    done = await running
    assert done.result == "failed", done.text
    await _until(lambda: not machine.processes and not machine.runs)


async def test_unknown_machine_is_refused(isolated: Isolated, machine: Machine) -> None:
    other = {**machine.wanted, "host_key": "ssh-ed25519 " + "A" * 68}
    done = await isolated(other, stages={"prepare": [{"run": "true"}], "test": []})
    assert done.result == "errored" and "cannot be reached" in (done.outcome.reason or "")


async def _silence(self: Ssh) -> None:
    await asyncio.Event().wait()


def _line(pid: int) -> bytes:
    return proc._read(f"/proc/{pid}/cmdline")


async def _until(condition: Callable[[], bool]) -> None:
    """Of the process table nobody tells: it is looked at again."""
    await asyncio.wait_for(asyncio.to_thread(_look_again, condition), 30)


def _look_again(condition: Callable[[], bool]) -> None:
    give_up = time.monotonic() + 30
    while not condition() and time.monotonic() < give_up:
        time.sleep(0.05)
    assert condition()


async def test_held_run_keeps_its_folder_there_until_it_is_let_go(
    isolated: Isolated, machine: Machine
) -> None:
    done = await isolated(machine.wanted, "echo kept > file; false", hold={"after": "failure"})
    [far] = machine.runs
    assert (far / "work/file").read_text() == "kept\n" and not machine.processes
    held, attempt = read_note(done.folder), Attempt.load(done.folder)
    assert held and attempt and held.shell.endswith(f"'cd {far}/work && exec sh'")
    assert await let_go(attempt, held) == [] and machine.runs == []
