"""PostgreSQL's process: our child while we run it, an orphan after a killed server."""

import asyncio
import contextlib
import logging
import os
import signal
import subprocess
import threading
import time
from pathlib import Path

from ringtest.control.db.binaries import Binaries
from ringtest.control.db.cluster import Cluster
from ringtest.control.kernel.errors import Unavailable

log = logging.getLogger(__name__)

# Fast shutdown; then without a checkpoint, which the next start recovers; at last the kernel's.
_WAYS_TO_END = ((signal.SIGINT, 10.0), (signal.SIGQUIT, 5.0), (signal.SIGKILL, 5.0))


class Postmaster:
    """A running PostgreSQL, child of this process."""

    def __init__(self, process: subprocess.Popen[str]) -> None:
        self._process = process
        self._exited = asyncio.Event()
        self._loop = asyncio.get_running_loop()
        # A thread, for uvloop has no other way to wait for a process of another user.
        threading.Thread(target=self._wait, name="postgres-exit", daemon=True).start()

    @classmethod
    async def spawn(cls, cluster: Cluster, binaries: Binaries) -> "Postmaster":
        """Start PostgreSQL on the cluster; returns before it answers."""
        return cls(await asyncio.to_thread(_spawn, cluster, binaries))

    @property
    def pid(self) -> int:
        return self._process.pid

    async def ended(self, seconds: float | None = None) -> bool:
        """Wait until it has ended, at most so long; says whether it has."""
        with contextlib.suppress(TimeoutError):
            await asyncio.wait_for(self._exited.wait(), seconds)
        return self._exited.is_set()

    async def end(self) -> None:
        """Stop it; clients still connected are disconnected."""
        for number, seconds in _WAYS_TO_END:
            if not self._exited.is_set():
                self._process.send_signal(number)
            if await self.ended(seconds):
                return

    def _wait(self) -> None:
        self._process.wait()
        with contextlib.suppress(RuntimeError):  # the loop is closed: nobody asks any more
            self._loop.call_soon_threadsafe(self._exited.set)


def _spawn(cluster: Cluster, binaries: Binaries) -> subprocess.Popen[str]:
    output = cluster.open_log()
    command = [str(binaries.postgres), "-D", str(cluster.folder)]
    command += ["-c", f"config_file={cluster.config}"]
    try:
        return cluster.account.spawn(
            command, stdin=subprocess.DEVNULL, stdout=output, stderr=output
        )
    finally:
        os.close(output)


def end_orphan(cluster: Cluster) -> None:
    """Stop a PostgreSQL whose server was killed; forget a pid file that means nobody.

    For the holder of the cluster's lock: then whoever runs on it has no server any more.
    """
    pid_file = cluster.folder / "postmaster.pid"
    try:
        pid = int(pid_file.read_text().split("\n", 1)[0])
    except (FileNotFoundError, ValueError):
        return
    if not _runs_cluster(pid, cluster):
        pid_file.unlink(missing_ok=True)  # else a stranger with this pid prevents the start
        return
    log.warning("postgres.orphan_stopped pid=%s", pid)
    for number, seconds in _WAYS_TO_END:
        with contextlib.suppress(ProcessLookupError):
            os.kill(pid, number)
        deadline = time.monotonic() + seconds
        while time.monotonic() < deadline:
            if not _runs_cluster(pid, cluster):
                return
            time.sleep(0.02)
    raise Unavailable(f"a PostgreSQL of an earlier run does not stop (process {pid})")


def _runs_cluster(pid: int, cluster: Cluster) -> bool:
    try:
        if Path("/proc/self").exists():
            # PostgreSQL works in its cluster's folder; a stranger with its old pid does not.
            return Path(f"/proc/{pid}/cwd").resolve(strict=True) == cluster.folder
        os.kill(pid, 0)
    except OSError:
        return False
    return True
