"""The `ringtest` of pages: the real command, without the start of Python.

Starting Python and importing what a command needs takes ten times as long as what it then
does, and pages have hundreds. `Forks` has it imported, and forks for each command. What
stands in PATH is a small script that hands over its arguments, environment, folder and open
files, and ends as the command does. Servers come from `tests.scenario.forked` where the tests
give them a database; other programs that keep running are started as they are.
"""

import os
import pickle
import signal
import socket
import subprocess
import sys
from pathlib import Path
from types import TracebackType

from ringtest.cli.main import COMMANDS, app, load_command
from ringtest.client.tls import trusted
from tests.scenario import forked

ALONE = ("up", "agent", "import")
"""They keep running or load the server."""
SHIM = """\
#!{python} -IS
import os, pickle, signal, socket, sys
if sys.argv[1:2] == ["up"] and "RINGTEST_DATABASE_URL" in os.environ:
    there = socket.socket(socket.AF_UNIX)
    there.connect({servers!r})
    told = pickle.dumps((tuple(sys.argv[1:]), dict(os.environ), os.getcwd()))
    socket.send_fds(there, [len(told).to_bytes(8, "big")], [1, 2])
    there.sendall(told)
    pid = int.from_bytes(there.recv(4), "big")
    for number in (signal.SIGTERM, signal.SIGINT, signal.SIGHUP):
        signal.signal(number, lambda number, _: os.kill(pid, number))
    code = int.from_bytes(there.recv(4), "big", signed=True)
    sys.exit(code if code >= 0 else 128 - code)
if len(sys.argv) > 1 and sys.argv[1] in {alone!r}:
    os.execv({program!r}, [{program!r}, *sys.argv[1:]])
there = socket.socket(socket.AF_UNIX)
there.connect({address!r})
told = pickle.dumps((sys.argv, dict(os.environ), os.getcwd()))
socket.send_fds(there, [len(told).to_bytes(8, "big")], [0, 1, 2])
there.sendall(told)
code = there.recv(1)
sys.exit(code[0] if code else 70)
"""


class Forks:
    """While it is open, `folder` holds a `ringtest` to be put into PATH."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder

    def __enter__(self) -> "Forks":
        address = str(self.folder / "forks")
        program = Path(sys.executable).parent / "ringtest"
        shim = self.folder / "ringtest"
        text = SHIM.format(
            python=sys.executable,
            alone=ALONE,
            program=str(program),
            address=address,
            servers=forked.address(),
        )
        shim.write_text(text)
        shim.chmod(0o755)
        self._process = subprocess.Popen(
            [sys.executable, "-m", "tests.docs.forks", address], stdout=subprocess.PIPE, text=True
        )
        assert self._process.stdout is not None
        assert self._process.stdout.readline() == "ready\n"
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._process.terminate()
        self._process.wait()


def serve(address: str) -> None:
    """Until it is ended. A child tells its own exit code."""
    for name in COMMANDS:
        if name not in ALONE:
            load_command(name)
    trusted()  # certificates are read before the forks, not by each of them
    signal.signal(signal.SIGCHLD, signal.SIG_IGN)  # nobody waits for children
    with socket.socket(socket.AF_UNIX) as listening:
        listening.bind(address)
        listening.listen(50)
        print("ready", flush=True)
        while True:
            there, _ = listening.accept()
            with there:
                if os.fork() == 0:
                    listening.close()
                    run(there)


def run(there: socket.socket) -> None:
    """One command, in a process of its own."""
    code = 70  # what a traceback ends with here
    try:
        size, handles, _, _ = socket.recv_fds(there, 8, 3)
        with there.makefile("rb") as file:
            argv, environment, folder = pickle.loads(file.read(int.from_bytes(size, "big")))
        signal.signal(signal.SIGCHLD, signal.SIG_DFL)
        for number, handle in enumerate(handles):
            os.dup2(handle, number)
        sys.argv[:] = argv
        os.environ.clear()
        os.environ.update(environment)
        os.chdir(folder)
        code = _called()
    except BaseException:
        sys.excepthook(*sys.exc_info())
    finally:
        sys.stdout.flush()
        sys.stderr.flush()
        there.sendall(bytes([code & 255]))
        os._exit(0)


def _called() -> int:
    """What the console script does: call the function, end with what it returns."""
    try:
        app()
    except SystemExit as end:
        return end.code if isinstance(end.code, int) else int(end.code is not None)
    return 0


if __name__ == "__main__":
    serve(sys.argv[1])
