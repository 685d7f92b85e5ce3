"""The port belongs to who starts the server: connections wait in it while there is none."""

import asyncio
import os
import signal
import socket
import sys
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager, suppress
from pathlib import Path

import httpx
import pytest

from ringtest.control import workers
from ringtest.control.kernel.errors import Unavailable
from ringtest.control.server import inherited

START = 'exec 3<&"$1"; LISTEN_PID=$$ LISTEN_FDS=1 exec "$3" -m ringtest.cli.main up --data "$2"'
"""What systemd does: the socket is the program's number 3, and the program is named."""


@pytest.fixture
def opened() -> Iterator[socket.socket]:
    with socket.create_server(("127.0.0.1", 0), backlog=16) as listener:
        yield listener


@asynccontextmanager
async def started(listener: socket.socket, database: str, folder: Path) -> AsyncIterator[None]:
    """A server, until it was asked to stop and has."""
    number = listener.fileno()
    environment = {"RINGTEST_DATABASE_URL": database, "RINGTEST_DRAIN_SECONDS": "0"}
    with (folder / "server.log").open("ab") as log:
        process = await asyncio.create_subprocess_exec(
            "bash", "-c", START, "start", str(number), str(folder / "data"), sys.executable,
            pass_fds=(number,), stdout=log, stderr=log, env=os.environ | environment,
        )  # fmt: skip
    try:
        yield
    finally:
        with suppress(ProcessLookupError):
            process.send_signal(signal.SIGTERM)
        assert await process.wait() == 0, (folder / "server.log").read_text()[-2000:]


async def test_requests_wait_in_a_port_that_somebody_else_opened(
    opened: socket.socket, database_url: str, tmp_path: Path
) -> None:
    address = f"http://127.0.0.1:{opened.getsockname()[1]}/health/live"
    async with httpx.AsyncClient(timeout=60) as http:
        for _ in range(2):  # a restart: nobody is told that there is no server
            early = asyncio.create_task(http.get(address, headers={"Connection": "close"}))
            async with started(opened, database_url, tmp_path):
                assert (await early).status_code == 200


def test_a_socket_that_was_passed_to_somebody_else_is_left_alone(opened: socket.socket) -> None:
    number = os.dup(opened.fileno())
    passed = {"LISTEN_FDS": "1", "LISTEN_PID": str(os.getpid() + 1)}
    assert inherited(None, passed) is None
    assert inherited(None, {"LISTEN_PID": str(os.getpid())}) is None
    found = inherited(number, {})
    assert found is not None
    with found:
        assert found.getsockname() == opened.getsockname()
        assert not found.get_inheritable()


def test_what_is_no_socket_is_told(tmp_path: Path) -> None:
    with (tmp_path / "file").open("w") as file, pytest.raises(Unavailable, match="no socket"):
        inherited(file.fileno(), {})


def test_several_processes_take_the_socket_too(
    opened: socket.socket, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(workers, "inherited", lambda fd, environment: opened)
    assert workers.listener_at("127.0.0.1", 1) is opened
