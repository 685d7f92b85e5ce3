"""What every benchmark needs: a real server of its own, CPU seconds of a process tree, medians."""

import asyncio
import contextlib
import os
import signal
import statistics
import sys
import tempfile
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path

ADMIN_PASSWORD = "benchmark"  # of a server that lives as long as one run
_TICK = os.sysconf("SC_CLK_TCK")


@dataclass(frozen=True, slots=True)
class Server:
    """A running `ringtest up`. `data` is its folder, `pid` its main process."""

    url: str
    pid: int
    data: Path

    def cpu_seconds(self) -> float:
        """CPU used so far by the server, its PostgreSQL and whatever else it started."""
        return sum(_cpu_of(pid) for pid in _tree(self.pid) | _postgres_of(self.data))


@asynccontextmanager
async def running_server(
    *, environment: dict[str, str] | None = None, arguments: Sequence[str] = ()
) -> AsyncIterator[Server]:
    """A fresh embedded server on a free port of loopback; gone with all its data at the end.

    `arguments` are further ones of `ringtest up`.
    """
    with tempfile.TemporaryDirectory(prefix="ringtest-bench-") as folder:
        Path(folder).chmod(0o711)
        data = Path(folder) / "data"
        command = (sys.executable, "-m", "ringtest.cli.main", "up")
        process = await asyncio.create_subprocess_exec(
            *command,
            "--data",
            str(data),
            "--listen",
            "127.0.0.1:0",
            *arguments,
            stdout=asyncio.subprocess.PIPE,
            stderr=asyncio.subprocess.DEVNULL,
            env=os.environ | {"RINGTEST_ADMIN_PASSWORD": ADMIN_PASSWORD} | (environment or {}),
        )
        try:
            yield Server(url=await _ready(process), pid=process.pid, data=data)
        finally:
            with contextlib.suppress(ProcessLookupError):
                process.send_signal(signal.SIGTERM)
            await process.wait()


async def _ready(process: asyncio.subprocess.Process) -> str:
    assert process.stdout is not None
    async for line in process.stdout:
        words = line.decode().split()
        if words[:1] == ["ready"]:
            return words[1]
    raise SystemExit("the server ended before it was ready")


def _tree(root: int) -> set[int]:
    """`root` and all its descendants that are alive."""
    parents: dict[int, int] = {}
    for entry in Path("/proc").iterdir():
        if entry.name.isdigit():
            with contextlib.suppress(OSError):
                parents[int(entry.name)] = int(_stat(int(entry.name))[1])
    found = {root}
    while True:
        more = {pid for pid, parent in parents.items() if parent in found} - found
        if not more:
            return found
        found |= more


def _postgres_of(data: Path) -> set[int]:
    """The processes of the PostgreSQL whose cluster lies below `data`."""
    for pid_file in data.rglob("postmaster.pid"):
        with contextlib.suppress(OSError, ValueError):
            return _tree(int(pid_file.read_text().split()[0]))
    return set()


def _stat(pid: int) -> list[str]:
    """Fields of /proc/<pid>/stat from the state on (the name before may hold blanks)."""
    return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()


def _cpu_of(pid: int) -> float:
    with contextlib.suppress(OSError):
        fields = _stat(pid)
        # own user and system time, and that of children that have ended
        return sum(int(ticks) for ticks in fields[11:15]) / _TICK
    return 0.0


def percentile(values: Sequence[float], share: float) -> float:
    """The value below which `share` (0 to 1) of `values` lies."""
    ordered = sorted(values)
    return ordered[min(len(ordered) - 1, int(share * len(ordered)))]


def row(name: str, figure: str, limit: str, verdict: bool | None = None) -> None:
    """One line of the table that `make bench` prints."""
    mark = "" if verdict is None else ("  ok" if verdict else "  OVER THE LIMIT")
    print(f"{name:<58} {figure:>22}  {limit}{mark}", flush=True)


def median(values: Sequence[float]) -> float:
    """The middle value."""
    return statistics.median(values)
