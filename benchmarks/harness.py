"""What every benchmark needs: a real server of its own, CPU seconds of a process tree, medians.

`RINGTEST_BENCH_KEPT` names a folder that several runs share: its seeded data folder is made
by the first that needs it and copied by each, and every verdict goes into its table
(`benchmarks.table`). `make bench` makes it and throws it away.
"""

import asyncio
import contextlib
import json
import os
import signal
import statistics
import sys
import tempfile
import time
from collections.abc import AsyncIterator, Iterator, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path

from benchmarks.seed import seed
from ringtest.control.db.cluster import SUPERUSER, locate_cluster
from ringtest.control.db.launcher import DATABASE

ADMIN_PASSWORD = "benchmark"  # of a server that lives as long as one run
KEPT = Path(os.environ["RINGTEST_BENCH_KEPT"]) if "RINGTEST_BENCH_KEPT" in os.environ else None
"""What runs share; None: nothing."""
TABLE = "table.jsonl"
_TICK = os.sysconf("SC_CLK_TCK")
_CLOCK_OF_PROCESS = 2
"""In the number of a clock, beside the process whose CPU it shows: clock_getcpuclockid(3)."""


@dataclass(frozen=True, slots=True)
class Server:
    """A running `ringtest up`. `data` is its folder, `pid` its main process."""

    url: str
    pid: int
    data: Path

    def cpu_seconds(self) -> float:
        """CPU used so far by the server, its PostgreSQL and whatever else it started."""
        return sum(cpu_of(pid) for pid in _tree(self.pid) | _postgres_of(self.data))

    def postgres_cpu_seconds(self) -> float:
        """CPU used so far by its PostgreSQL alone."""
        return sum(cpu_of(pid) for pid in _postgres_of(self.data))

    def dsn(self, role: str) -> str:
        """The address of its database for the superuser or the owner."""
        cluster = locate_cluster(self.data)
        return f"postgresql://{role}:{cluster.password(role)}@/{DATABASE}?host={cluster.sockets}"


@asynccontextmanager
async def running_server(
    *, environment: dict[str, str] | None = None, arguments: Sequence[str] = ()
) -> AsyncIterator[Server]:
    """A fresh embedded server on a free port of loopback; gone with all its data at the end.

    `arguments` are further ones of `ringtest up`.
    """
    with _folder() as data:
        async with _server_of(data, environment or {}, arguments) as server:
            yield server


@asynccontextmanager
async def seeded_server(
    jobs: int, *, environment: dict[str, str] | None = None, arguments: Sequence[str] = ()
) -> AsyncIterator[Server]:
    """The same with `jobs` jobs and what goes with them (`benchmarks.seed`)."""
    with _folder() as data:
        if KEPT is not None:
            await _copy(await _seeded(KEPT, jobs), data)
        async with _server_of(data, environment or {}, arguments) as server:
            if KEPT is None:
                await _fill(server, jobs)
            yield server


@contextlib.contextmanager
def _folder() -> Iterator[Path]:
    """Where a data folder may come, which the account of the database reaches."""
    with tempfile.TemporaryDirectory(prefix="ringtest-bench-") as folder:
        Path(folder).chmod(0o711)
        yield Path(folder) / "data"


async def _seeded(kept: Path, jobs: int) -> Path:
    """The seeded data folder of a stopped server, which the first run makes."""
    data = kept / f"jobs-{jobs}"
    if not data.exists():
        new = kept / f"jobs-{jobs}.new"
        async with _server_of(new, {}, ()) as server:
            await _fill(server, jobs)
        new.rename(data)
    return data


async def _fill(server: Server, jobs: int) -> None:
    began = time.monotonic()
    await seed(server.dsn(SUPERUSER), jobs=jobs)
    row(f"seeded {jobs} jobs", f"{time.monotonic() - began:.0f} s", "")


async def _copy(source: Path, target: Path) -> None:
    process = await asyncio.create_subprocess_exec(
        "cp", "--archive", "--reflink=auto", str(source), str(target)
    )
    assert await process.wait() == 0, f"could not copy {source}"


@asynccontextmanager
async def _server_of(
    data: Path, environment: dict[str, str], arguments: Sequence[str]
) -> AsyncIterator[Server]:
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
        env=os.environ | {"RINGTEST_ADMIN_PASSWORD": ADMIN_PASSWORD} | environment,
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


def cpu_of_tree(pid: int) -> float:
    """CPU seconds so far of a process and all that came of it."""
    return sum(cpu_of(one) for one in _tree(pid))


def cpu_of(pid: int) -> float:
    """CPU seconds of a process so far; 0 when it is gone."""
    with contextlib.suppress(OSError):
        # its own to the nanosecond: ticks are 10 ms; that of children that have ended in ticks
        ended = sum(int(ticks) for ticks in _stat(pid)[13:15]) / _TICK
        return time.clock_gettime((~pid << 3) | _CLOCK_OF_PROCESS) + ended
    return 0.0


def percentile(values: Sequence[float], share: float) -> float:
    """The value below which `share` (0 to 1) of `values` lies."""
    ordered = sorted(values)
    return ordered[min(len(ordered) - 1, int(share * len(ordered)))]


_heads: list[str] = []


def row(
    name: str, figure: str, limit: str, verdict: bool | None = None, *, by_hand: str = "",
    ratio: float | None = None,
) -> None:  # fmt: skip
    """One line of what a benchmark prints. A name that starts with blanks goes with the one
    before. With a verdict it is a line of the table too, beside what it costs by hand."""
    mark = "" if verdict is None else ("  ok" if verdict else "  OVER THE LIMIT")
    print(f"{name:<58} {figure:>22}  {limit}{mark}", flush=True)
    if not name.startswith(" "):
        _heads[:] = [name.partition(":")[0]]
    if verdict is None or KEPT is None:
        return
    call = name if not name.startswith(" ") else f"{''.join(_heads)}: {name.strip()}"
    times = "" if ratio is None else f"{ratio:.1f} x"
    with (KEPT / TABLE).open("a") as table:
        json.dump([call, figure, by_hand, times, limit, verdict], table)
        table.write("\n")


def median(values: Sequence[float]) -> float:
    """The middle value."""
    return statistics.median(values)
