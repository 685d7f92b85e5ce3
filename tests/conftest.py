"""A PostgreSQL for the whole run, a fresh migrated database for each test, a clock to turn."""

import gc
import itertools
import os
import tempfile
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import AbstractAsyncContextManager, asynccontextmanager, contextmanager
from datetime import datetime
from pathlib import Path
from typing import Any

import asyncpg
import pytest

from ringtest.control.db.cluster import OWNER, SUPERUSER
from ringtest.control.db.launcher import Postgres
from ringtest.control.db.migrate import migrate
from ringtest.control.db.pool import Database
from ringtest.control.kernel.clock import SystemClock, VirtualClock
from tests.described import look_at_every_answer
from tests.workers import Workers

_TEMPLATE = "template_migrated"
_numbers = itertools.count(1)
gc.set_threshold(50_000, 20, 20)  # a worker holds a million objects: looking at them all takes time
look_at_every_answer()


_LONG = ("tests/examples/", "tests/scenario/test_kill.py", "tests/scenario/test_rolling.py")
"""They wait more than they work: begun last, a worker would end with them alone."""


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """The long ones first."""
    items.sort(key=lambda item: not item.nodeid.startswith(_LONG))


@pytest.hookimpl(optionalhook=True)
def pytest_xdist_make_scheduler(config: pytest.Config, log: Any) -> Workers:
    """How `pytest -n` shares out the tests."""
    return Workers(config, log)


@pytest.fixture(scope="session")
async def postgres() -> AsyncIterator[Postgres]:
    """The run's own PostgreSQL (one per xdist worker), with a migrated template database."""
    with reachable_folder() as data:
        server = Postgres(data, source=os.environ.get("RINGTEST_POSTGRES", ""), fsync=False)
        await server.start()
        try:
            await _run_as_superuser(server, f"CREATE DATABASE {_TEMPLATE} OWNER {OWNER}")
            await migrate(server.dsn(OWNER, _TEMPLATE))
            yield server
        finally:
            await server.stop()


@pytest.fixture(scope="session")
def fresh_database(postgres: Postgres) -> Callable[[], AbstractAsyncContextManager[str]]:
    """Makes empty, migrated databases: each gives its owner's DSN, and is dropped at the end."""

    @asynccontextmanager
    async def fresh() -> AsyncIterator[str]:
        name = f"test_{next(_numbers)}"
        made = f"CREATE DATABASE {name} TEMPLATE {_TEMPLATE} OWNER {OWNER} STRATEGY file_copy"
        await _run_as_superuser(postgres, made)
        yield postgres.dsn(OWNER, name)
        await _run_as_superuser(postgres, f"DROP DATABASE {name} WITH (FORCE)")

    return fresh


@pytest.fixture
async def database_url(
    fresh_database: Callable[[], AbstractAsyncContextManager[str]],
) -> AsyncIterator[str]:
    """DSN of the owner of an empty, migrated database that only this test sees."""
    async with fresh_database() as url:
        yield url


@pytest.fixture
async def db(database_url: str) -> AsyncIterator[Database]:
    """Pool on a fresh database, on the machine's clock."""
    database = await Database.connect(database_url, clock=SystemClock(), connections=5)
    yield database
    await database.close()


@pytest.fixture
def clock() -> VirtualClock:
    """A clock that stands at noon until the test turns it."""
    return VirtualClock(datetime(2026, 1, 1, 12))


@pytest.fixture
async def clocked_db(database_url: str, clock: VirtualClock) -> AsyncIterator[Database]:
    """Pool on a fresh database whose time is `clock`."""
    database = await Database.connect(database_url, clock=clock, connections=5)
    yield database
    await database.close()


@pytest.fixture
def data_folder() -> Iterator[Path]:
    """A data folder for a PostgreSQL of the test's own."""
    with reachable_folder() as folder:
        yield folder


@contextmanager
def reachable_folder() -> Iterator[Path]:
    """A temporary folder that any account may pass through, as the database's must.

    pytest's own are closed to all but the user of the tests, who may be root.
    """
    with tempfile.TemporaryDirectory(prefix="ringtest-") as name:
        Path(name).chmod(0o711)
        yield Path(name)


async def _run_as_superuser(server: Postgres, sql: str) -> None:
    connection: asyncpg.Connection = await asyncpg.connect(server.dsn(SUPERUSER, "postgres"))
    try:
        await connection.execute(sql)
    finally:
        await connection.close()
