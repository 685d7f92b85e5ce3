"""A PostgreSQL for the whole run, an empty migrated database for each test, a clock to turn."""

import gc
import os
import sys
import tempfile
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import AbstractAsyncContextManager, contextmanager
from datetime import datetime
from pathlib import Path
from typing import Any

import pytest

from ringtest.control.db.launcher import Postgres
from ringtest.control.db.pool import Database
from ringtest.control.kernel.clock import SystemClock, VirtualClock
from tests.databases import Databases
from tests.described import look_at_every_answer
from tests.passwords import make_cheap
from tests.workers import Workers, turn

gc.set_threshold(50_000, 20, 20)  # a worker holds a million objects: looking at them all takes time
look_at_every_answer()
make_cheap()
# programs of the checkout are found as in a shell where it is active: ringtest, ansible-playbook …
os.environ["PATH"] = os.pathsep.join([str(Path(sys.executable).parent), os.environ["PATH"]])


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """The long ones first."""
    items.sort(key=lambda item: turn(item.nodeid))


@pytest.hookimpl(optionalhook=True)
def pytest_xdist_make_scheduler(config: pytest.Config, log: Any) -> Workers:
    """How `pytest -n` shares out the tests."""
    return Workers(config, log)


@pytest.fixture(scope="session")
async def databases() -> AsyncIterator[Databases]:
    """Those of the run's own PostgreSQL (one per xdist worker)."""
    with reachable_folder() as data:
        server = Postgres(data, source=os.environ.get("RINGTEST_POSTGRES", ""), fsync=False)
        await server.start()
        try:
            made = Databases(server)
            await made.prepare()
            yield made
            await made.close()
        finally:
            await server.stop()


@pytest.fixture(scope="session")
def postgres(databases: Databases) -> Postgres:
    """The run's own PostgreSQL."""
    return databases.server


@pytest.fixture(scope="session")
def fresh_database(databases: Databases) -> Callable[[], AbstractAsyncContextManager[str]]:
    """Gives empty, migrated databases: each by its owner's DSN, and as long as it is held."""
    return databases.fresh


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
