"""Servers without the start of Python: forks of a process that has everything imported.

To import a server and to wire its routes takes two seconds of a processor, more than most
tests have it do, and it is started again and again where it is killed. What runs in a fork is
the command as it is: its own process, session, files and sockets.

The process is started at the first use and ends with the tests; its forks end with it.
"""

import asyncio
import atexit
import contextlib
import ctypes
import os
import pickle
import random
import selectors
import signal
import socket
import subprocess
import sys
import tempfile
from collections.abc import Mapping
from functools import cache
from pathlib import Path

from ringtest.cli import main
from ringtest.control import app
from ringtest.control.kernel.settings import Settings

_DIE_WITH_PARENT = 1  # PR_SET_PDEATHSIG


class Forked:
    """What tests want of an `asyncio.subprocess.Process`."""

    def __init__(
        self,
        pid: int,
        reader: asyncio.StreamReader,
        writer: asyncio.StreamWriter,
        stdout: asyncio.StreamReader | None,
    ) -> None:
        self.pid = pid
        self.stdout = stdout
        self.returncode: int | None = None
        self._ended = asyncio.ensure_future(reader.readexactly(4))
        self._ended.add_done_callback(lambda _: writer.close())

    async def wait(self) -> int:
        """Its exit code, or minus the number of the signal that ended it."""
        told = await asyncio.shield(self._ended)
        self.returncode = int.from_bytes(told, "big", signed=True)
        return self.returncode

    def send_signal(self, number: int) -> None:
        """ProcessLookupError once it has ended."""
        if self._ended.done():
            raise ProcessLookupError
        os.kill(self.pid, number)

    def kill(self) -> None:
        """See `send_signal`."""
        self.send_signal(signal.SIGKILL)


async def start(
    arguments: tuple[str, ...], environment: Mapping[str, str], *, log: int, piped: bool
) -> Forked:
    """`ringtest …` with its errors, and unless `piped` its output, in the open file `log`."""
    there = socket.socket(socket.AF_UNIX)
    there.connect(_address())
    ours, theirs = os.pipe() if piped else (-1, log)
    told = pickle.dumps((arguments, dict(environment), str(Path.cwd())))
    socket.send_fds(there, [len(told).to_bytes(8, "big")], [theirs, log])
    there.sendall(told)
    reader, writer = await asyncio.open_unix_connection(sock=there)
    pid = int.from_bytes(await reader.readexactly(4), "big")
    if not piped:
        return Forked(pid, reader, writer, None)
    os.close(theirs)
    stdout = asyncio.StreamReader()
    loop = asyncio.get_running_loop()
    await loop.connect_read_pipe(
        lambda: asyncio.StreamReaderProtocol(stdout), os.fdopen(ours, "rb")
    )
    return Forked(pid, reader, writer, stdout)


@cache
def _address() -> str:
    folder = tempfile.TemporaryDirectory(prefix="ringtest-forks-")
    address = str(Path(folder.name) / "forks")
    process = subprocess.Popen(
        [sys.executable, "-m", "tests.scenario.forked", address],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    )

    def stop() -> None:
        process.kill()
        process.wait()
        folder.cleanup()

    atexit.register(stop)
    assert process.stdout is not None
    assert process.stdout.readline() == "ready\n"
    return address


# the process that forks ------------------------------------------------------


def serve(address: str) -> None:
    """Until whoever started it has ended."""
    main.load_command("up")
    app._all_routes(Settings().max_body)
    waiting: dict[int, socket.socket] = {}
    woken, waking = socket.socketpair()
    for end in (woken, waking):
        end.setblocking(False)
    signal.signal(signal.SIGCHLD, lambda *_: None)
    signal.set_wakeup_fd(waking.fileno())
    with socket.socket(socket.AF_UNIX) as listening, selectors.DefaultSelector() as selector:
        listening.bind(address)
        listening.listen(50)
        for one in (listening, woken, sys.stdin):
            selector.register(one, selectors.EVENT_READ)
        print("ready", flush=True)
        while True:
            ready = [key.fileobj for key, _ in selector.select()]
            if sys.stdin in ready:
                return
            if woken in ready:
                woken.recv(4096)
                _tell_the_ended(waiting)
            if listening in ready:
                there, _ = listening.accept()
                if (pid := os.fork()) == 0:
                    signal.set_wakeup_fd(-1)
                    listening.close()
                    for other in (woken, waking, *waiting.values()):
                        other.close()
                    _run(there)
                waiting[pid] = there
                there.sendall(pid.to_bytes(4, "big"))
                _tell_the_ended(waiting)


def _tell_the_ended(waiting: dict[int, socket.socket]) -> None:
    with contextlib.suppress(ChildProcessError):
        while True:
            pid, status = os.waitpid(-1, os.WNOHANG)
            if pid == 0:
                return
            if pid in waiting:
                code = os.waitstatus_to_exitcode(status)
                with waiting.pop(pid) as there, contextlib.suppress(OSError):
                    there.sendall(code.to_bytes(4, "big", signed=True))


def _run(there: socket.socket) -> None:
    """The command, in a process and a session of its own; never returns."""
    code = 70
    try:
        ctypes.CDLL(None).prctl(_DIE_WITH_PARENT, signal.SIGKILL)
        os.setsid()
        signal.signal(signal.SIGCHLD, signal.SIG_DFL)
        size, handles, _, _ = socket.recv_fds(there, 8, 2)
        with there.makefile("rb") as file:
            arguments, environment, folder = pickle.loads(file.read(int.from_bytes(size, "big")))
        there.close()
        for number, handle in enumerate(handles, start=1):
            os.dup2(handle, number)
            os.close(handle)
        with Path(os.devnull).open("rb") as nothing:
            os.dup2(nothing.fileno(), 0)
        sys.argv[:] = [str(main.__file__), *arguments]
        os.environ.clear()
        os.environ.update(environment)
        os.chdir(folder)
        random.seed()
        main.app()
        code = 0
    except SystemExit as end:
        code = end.code if isinstance(end.code, int) else int(end.code is not None)
    except BaseException:
        sys.excepthook(*sys.exc_info())
    finally:
        sys.stdout.flush()
        sys.stderr.flush()
        os._exit(code & 255)


if __name__ == "__main__":
    serve(sys.argv[1])
