"""A PostgreSQL for a data folder: found, started, kept running, stopped.

One server process holds a data folder (a lock), and PostgreSQL is its child. A child
that dies is started again; one that outlived a killed server is stopped first, so that
a running PostgreSQL always has this version's programs and configuration.
"""

import asyncio
import logging
import os
import time
from pathlib import Path
from urllib.parse import quote

import asyncpg

from ringtest.control.db.binaries import SOURCES, Binaries, find_binaries, reachable_copy
from ringtest.control.db.cluster import OWNER, SUPERUSER, SYSTEM_STATE, Cluster, locate_cluster
from ringtest.control.db.postmaster import Postmaster, end_orphan
from ringtest.control.kernel.errors import BadRequest, Unavailable

log = logging.getLogger(__name__)

DATABASE = "ringtest"
_START_SECONDS = 300  # recovery after a crash replays at most max_wal_size
_RESTS = (0.1, 0.5, 1, 2, 5, 10, 30)  # seconds between restarts; the last one repeats
_STEADY_SECONDS = 60  # who ran so long did not fail at the start


class Postgres:
    """PostgreSQL for `data`, or the one that `dsn` names.

    `source` forces "dsn", "system" or "wheel"; after `start` it says which one it is.
    `fsync=False` is for tests: a crash of the machine may destroy the database.
    `state` is where root keeps what its database account cannot reach below `data`.
    """

    def __init__(
        self,
        data: Path,
        *,
        dsn: str = "",
        source: str = "",
        fsync: bool = True,
        state: Path = SYSTEM_STATE,
    ) -> None:
        if source not in ("", *SOURCES):
            raise BadRequest(f"postgres must be one of {', '.join(SOURCES)}, not {source!r}")
        if source == "dsn" and not dsn:
            raise BadRequest("postgres is forced to dsn, and RINGTEST_DATABASE_URL is empty")
        self.source = "dsn" if dsn and source in ("", "dsn") else source
        self._data = data
        self._dsn = dsn
        self._fsync = fsync
        self._state = state
        self._cluster: Cluster | None = None
        self._lock: int | None = None
        self._postmaster: Postmaster | None = None
        self._watcher: asyncio.Task[None] | None = None

    @property
    def pid(self) -> int | None:
        """Process id of our PostgreSQL while it runs."""
        return self._postmaster.pid if self._postmaster else None

    async def start(self) -> str:
        """Returns the owner's DSN once it answers. Unavailable or Conflict say what is wrong."""
        if self.source == "dsn":
            return self._dsn
        try:
            cluster, binaries = await asyncio.to_thread(self._prepare)
            postmaster = await self._launch(cluster, binaries)
            await self._create_database(cluster)
        except BaseException:
            await self.stop()
            raise
        self._watcher = asyncio.create_task(
            self._watch(postmaster, cluster, binaries), name="postgres"
        )
        return self.dsn(OWNER, DATABASE)

    async def stop(self) -> None:
        """End our PostgreSQL; clients still connected are disconnected."""
        if self._watcher:
            self._watcher.cancel()
            await asyncio.gather(self._watcher, return_exceptions=True)
            self._watcher = None
        if self._postmaster:
            await self._postmaster.end()
            self._postmaster = None
        if self._lock is not None:
            os.close(self._lock)
            self._lock = None

    def dsn(self, role: str, database: str) -> str:
        """Address of a database for the superuser or the owner: holds the role's password."""
        if self._cluster is None:
            raise Unavailable("PostgreSQL was not started by this process")
        sockets = quote(str(self._cluster.sockets), safe="")
        where = f"host={sockets}&port=5432"  # whatever PGPORT says of another server
        return f"postgresql://{role}:{self._cluster.password(role)}@/{database}?{where}"

    def _prepare(self) -> tuple[Cluster, Binaries]:
        cluster = locate_cluster(self._data, self._state)
        self._lock = cluster.lock()
        self._cluster = cluster
        end_orphan(cluster)
        found = find_binaries(self.source, cluster.major())
        binaries = reachable_copy(found, cluster.account, self._state)
        self.source = binaries.source
        cluster.prepare(binaries, fsync=self._fsync)
        return cluster, binaries

    async def _launch(self, cluster: Cluster, binaries: Binaries) -> Postmaster:
        """Start the process and wait for its first answer."""
        started = time.monotonic()
        for rest in (0.2, 0.5, 1.0, 0.0):  # children of a killed one need a moment to end
            postmaster = self._postmaster = await Postmaster.spawn(cluster, binaries)
            while not await postmaster.ended(0.02):
                if await _answers(self.dsn(SUPERUSER, "postgres")):
                    seconds = time.monotonic() - started
                    log.info("postgres.started source=%s seconds=%.2f", binaries.source, seconds)
                    return postmaster
                if time.monotonic() - started > _START_SECONDS:
                    await postmaster.end()
                    raise Unavailable(f"PostgreSQL does not answer; its log: {cluster.log}")
            await asyncio.sleep(rest)
        raise Unavailable(f"PostgreSQL does not start: {cluster.log_end()}")

    async def _create_database(self, cluster: Cluster) -> None:
        connection: asyncpg.Connection = await asyncpg.connect(self.dsn(SUPERUSER, "postgres"))
        try:
            if not await connection.fetchval("SELECT 1 FROM pg_roles WHERE rolname = $1", OWNER):
                password = cluster.password(OWNER)  # token_urlsafe: nothing to escape
                await connection.execute(
                    f"CREATE ROLE {OWNER} LOGIN CREATEROLE PASSWORD '{password}'"
                )
            if not await connection.fetchval(
                "SELECT 1 FROM pg_database WHERE datname = $1", DATABASE
            ):
                await connection.execute(f"CREATE DATABASE {DATABASE} OWNER {OWNER}")
        finally:
            await connection.close()

    async def _watch(self, postmaster: Postmaster, cluster: Cluster, binaries: Binaries) -> None:
        failures = 0
        while True:
            started = time.monotonic()
            await postmaster.ended()
            if time.monotonic() - started > _STEADY_SECONDS:
                failures = 0
            log.error("postgres.died log=%s", cluster.log)
            await asyncio.sleep(_RESTS[min(failures, len(_RESTS) - 1)])
            failures += 1
            try:
                postmaster = await self._launch(cluster, binaries)
            except (OSError, Unavailable) as error:
                log.error("postgres.restart_failed %s", error)


async def _answers(dsn: str) -> bool:
    try:
        connection: asyncpg.Connection = await asyncpg.connect(dsn, timeout=5)
    except (OSError, TimeoutError, asyncpg.CannotConnectNowError):
        return False
    await connection.close()
    return True
