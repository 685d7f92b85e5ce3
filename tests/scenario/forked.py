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
from collections.abc import Iterator, Mapping
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
    arguments: tuple[str, ...],
    environment: Mapping[str, str],
    *,
    log: int,
    piped: bool,
    folder: Path | None = None,
) -> Forked:
    """`ringtest …` with its errors, and unless `piped` its output, in the open file `log`."""
    there = socket.socket(socket.AF_UNIX)
    there.connect(address())
    ours, theirs = os.pipe() if piped else (-1, log)
    told = pickle.dumps((arguments, dict(environment), str(folder or Path.cwd())))
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
def address() -> str:
    """The socket of the process that forks."""
    folder = tempfile.TemporaryDirectory(prefix="ringtest-forks-")
    path = str(Path(folder.name) / "forks")
    process = subprocess.Popen(
        [sys.executable, "-m", "tests.scenario.forked", path],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
        start_new_session=True,  # who interrupts the tests lets them stop their servers
    )

    def stop() -> None:
        process.kill()
        process.wait()
        folder.cleanup()

    atexit.register(stop)
    assert process.stdout is not None
    assert process.stdout.readline() == "ready\n"
    return path


# the process that forks ------------------------------------------------------


def serve(path: str) -> None:
    """Until whoever started it has ended."""
    for name in ("up", "import"):
        main.load_command(name)
    app._all_routes(Settings().max_body)
    waiting: dict[int, socket.socket] = {}
    woken, waking = socket.socketpair()
    for end in (woken, waking):
        end.setblocking(False)
    signal.signal(signal.SIGCHLD, lambda *_: None)
    signal.set_wakeup_fd(waking.fileno())
    with socket.socket(socket.AF_UNIX) as listening, selectors.DefaultSelector() as selector:
        listening.bind(path)
        listening.listen(50)
        for one in (listening, woken, sys.stdin):
            selector.register(one, selectors.EVENT_READ)
        print("ready", flush=True)
        while True:
            ready = [key.fileobj for key, _ in selector.select()]
            if sys.stdin in ready:
                return
            for pid, there in waiting.items():
                if there in ready:  # whoever wanted it is no more
                    selector.unregister(there)
                    os.kill(pid, signal.SIGKILL)
            if listening in ready:
                there, _ = listening.accept()
                pid = _fork(there, [listening, woken, waking, *waiting.values()])
                waiting[pid] = there
                selector.register(there, selectors.EVENT_READ)
            if woken in ready:
                woken.recv(4096)
            for pid, code in _ended():
                with waiting.pop(pid) as there, contextlib.suppress(OSError):
                    if there in selector.get_map():
                        selector.unregister(there)
                    there.sendall(code.to_bytes(4, "big", signed=True))


def _ended() -> Iterator[tuple[int, int]]:
    with contextlib.suppress(ChildProcessError):
        while (found := os.waitpid(-1, os.WNOHANG))[0]:
            yield found[0], os.waitstatus_to_exitcode(found[1])


def _fork(there: socket.socket, inherited: list[socket.socket]) -> int:
    """Run what is asked for in a process of its own, whose id is told."""
    size, handles, _, _ = socket.recv_fds(there, 8, 2)
    with there.makefile("rb") as file:
        told = pickle.loads(file.read(int.from_bytes(size, "big")))
    if (pid := os.fork()) == 0:
        signal.set_wakeup_fd(-1)
        for other in (there, *inherited):
            other.close()
        _run(handles, *told)
    for handle in handles:
        os.close(handle)
    there.sendall(pid.to_bytes(4, "big"))
    return pid


def _run(
    handles: list[int], arguments: tuple[str, ...], environment: dict[str, str], folder: str
) -> None:
    """The command, in a session of its own; never returns."""
    code = 70
    try:
        ctypes.CDLL(None).prctl(_DIE_WITH_PARENT, signal.SIGKILL)
        os.setsid()
        signal.signal(signal.SIGCHLD, signal.SIG_DFL)
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
